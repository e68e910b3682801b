//! What a file daemon's jobs do durably on the host.

use crate::{PROGRAM, SIGKILL, points};
use fixtures::file_daemon::{Ask, Conversation, StoredJob};
use fixtures::{Lab, ScratchServer};
use protocol::Purpose;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

pub(crate) const OBJECTS: &[&str] = &["host-state", "set-aside"];

fn start(lab: &Lab, purpose: Purpose, ask: &Ask<'_>, point: Option<&str>) -> Conversation {
    let mut command = lab.command(&[]);
    command.env("SEAWALL_STATE_DIR", lab.scratch.join("state"));
    if let Some(point) = point {
        command.env("SEAWALL_FAILPOINT", format!("{point}=kill"));
    }
    Conversation::start(command, lab.scratch.path(), purpose, ask)
}

fn backup(lab: &Lab, ask: &Ask<'_>, point: Option<&str>) -> StoredJob {
    let mut talk = start(lab, Purpose::Backup, ask, point);
    talk.take_files();
    talk.finish(true)
}

#[test]
fn a_state_that_is_not_kept_costs_no_more_than_a_full() {
    let lab = Lab::new(PROGRAM);
    let line = format!("seawall:url={}:target=pg", lab.server.url());
    for (number, point) in (1..).zip(points(&["host-state"])) {
        let killed = backup(&lab, &Ask::new(2 * number, &line), Some(&point));
        assert_eq!(killed.ended_by, Some(SIGKILL), "{point} was not reached");
        lab.server.sql("CREATE TABLE IF NOT EXISTS t (n int); INSERT INTO t VALUES (1)");
        // Whether the state is there or not: what comes of it is whole.
        let ask = Ask { level: b'I', previous: &killed.name, ..Ask::new(2 * number + 1, &line) };
        let next = backup(&lab, &ask, None);
        assert!(next.failure.is_none() && next.is_done, "{point}: {:?}", next.messages);
        let is_full = next.named("/global/pg_control").count() == 1;
        let is_there = point.contains("rename.after") || point.contains("sync-dir");
        assert_eq!(is_full, !is_there, "{point}");
    }
}

#[test]
fn what_is_set_aside_is_here_or_there_and_whole() {
    let mut lab = Lab::new(PROGRAM);
    let line = format!("seawall:url={}:target=pg", lab.server.url());
    let full = backup(&lab, &Ask::new(1, &line), None);
    lab.server.stop();
    let data = lab.server.data().to_owned();
    let is_whole = |dir: &Path| dir.join("global/pg_control").exists();
    for (number, point) in (2..).zip(points(&["set-aside"])) {
        let ask = Ask {
            prefix: Some(""),
            objects: &full.objects,
            level: b' ',
            ..Ask::new(number, &line)
        };
        let mut talk = start(&lab, Purpose::Restore, &ask, Some(&point));
        talk.give_back(&[&full]);
        let killed = talk.child.wait().unwrap();
        assert_eq!(killed.signal(), Some(SIGKILL), "{point} was not reached");
        let aside = lab.scratch.join(&format!("pg.before-{number:010}"));
        assert_ne!(is_whole(&data), is_whole(&aside), "{point}");
        if is_whole(&aside) {
            fs::rename(aside, &data).unwrap();
        }
    }
    lab.server.start();
}
