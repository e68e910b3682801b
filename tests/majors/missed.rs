//! A time after the last commit: a server before 13 opens there as if nothing were missing, a later
//! one fails when its log ends. So it is refused before a byte is written, and what is offered
//! instead is true.

use crate::house::{House, rows};
use fixtures::ScratchServer;
use fixtures::postgresql::Programs;

pub(crate) fn run(major: u16, programs: Programs) {
    let mut house = House::new(major, programs);
    let _ = house.lab.backup();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    house.lab.server.sql("INSERT INTO kept (text) VALUES ('before')");
    let kept = rows(&house.lab.server, "kept");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    house.lab.server.sql("INSERT INTO kept (text) VALUES ('the last commit')");
    let time = house.lab.server.sql("SELECT clock_timestamp()");
    house.lab.archive();
    house.lab.server.stop();

    let to = house.lab.scratch.join("missed");
    let mapping = house.mapping("missed");
    let words = ["restore", "--to", to.to_str().unwrap(), "--tablespace", &mapping];
    let refused = house.lab.run(&[&words[..], &["--target-time", &time]].concat());
    assert_eq!(refused.code(), 24, "{major}: {}", refused.stderr);
    assert!(!to.exists(), "{major}");
    let offered = refused.stderr.split("the latest second that can be recovered is ").nth(1);
    let offered = offered.unwrap_or_else(|| panic!("{major}: {}", refused.stderr));
    let second = offered.split_inclusive('Z').next().unwrap();

    let words = ["--target-time", second, "--target-action", "promote"];
    let mut server = house.start(house.restore("offered", &words));
    house.check_promoted(&mut server);
    assert!(server.log().contains("recovery stopping"), "{major}: {}", server.log());
    assert_eq!(rows(&server, "kept"), kept, "{major}");
}
