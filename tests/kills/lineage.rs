//! A lineage that is accepted: killed or failing at every step.

use crate::{PROGRAM, points, run_failed, run_killed};
use fixtures::{Lab, ScratchServer, run};
use std::process::Command;

pub(crate) const OBJECTS: &[&str] = &["lineage"];

fn accept(lab: &Lab, number: usize) -> Command {
    lab.command(&[
        "accept",
        &lab.server.url(),
        "--target",
        "pg-main",
        "--lineage",
        &number.to_string(),
    ])
}

#[test]
fn accepting_killed_and_failing_at_every_step() {
    let lab = Lab::new(PROGRAM);
    for (number, point) in points(OBJECTS).iter().enumerate() {
        run_killed(accept(&lab, number), point);
        // Whether it was done is seen by who asks again; it can be asked as often as one likes.
        run(&mut accept(&lab, number)).ok();
        let again = run(&mut accept(&lab, number)).out();
        assert!(again.contains("before"), "{point}: {again}");
        for how in ["io", "full"] {
            let number = 1000 + number * 2 + usize::from(how == "io");
            let failed = run_failed(accept(&lab, number), point, how);
            assert_ne!(failed.code(), 0, "{point} {how}");
            run(&mut accept(&lab, number)).ok();
        }
    }
    let _ = lab.backup();
    lab.run(&["verify"]).ok();
}
