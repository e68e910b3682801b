//! PostgreSQL through a daemon.

use crate::{PROGRAM, backup, restore};
use fixtures::file_daemon::Ask;
use fixtures::{Lab, ScratchServer as _};
use protocol::Severity;
use std::path::PathBuf;

fn line(lab: &Lab) -> String {
    format!("seawall:url={}:target=pg-main", lab.server.url())
}

fn lab() -> Lab {
    let lab = Lab::new(PROGRAM);
    std::fs::write(lab.scratch.join("seawall.toml"), "").unwrap();
    lab
}

#[test]
fn a_full_and_two_logs_come_back_as_one_directory() {
    let lab = lab();
    lab.server.sql("CREATE TABLE t AS SELECT g FROM generate_series(1, 1000) g");
    let line = line(&lab);
    let full = backup(&lab, &Ask::new(1, &line));
    assert_eq!((full.failure.as_deref(), full.is_done), (None, true), "{:?}", full.messages);
    lab.server.sql("INSERT INTO t SELECT g FROM generate_series(1001, 2000) g");
    let first = backup(&lab, &Ask { level: b'I', previous: &full.name, ..Ask::new(2, &line) });
    assert_eq!((first.failure.as_deref(), first.is_done), (None, true), "{:?}", first.messages);
    assert_eq!(first.named("/pg_wal/").count() + 1, first.files.len(), "log only");
    lab.server.sql("INSERT INTO t SELECT g FROM generate_series(2001, 3000) g");
    let second = backup(&lab, &Ask { level: b'I', previous: &first.name, ..Ask::new(3, &line) });
    assert!(second.failure.is_none(), "{:?}", second.failure);

    let place = lab.scratch.make_dir("where");
    let ask = Ask { prefix: Some(place.to_str().unwrap()), ..Ask::new(4, &line) };
    let restored = restore(&lab, &ask, &[&full, &first, &second]);
    assert_eq!((restored.failure.as_deref(), restored.is_done), (None, true), "{restored:?}");
    assert_eq!(restored.said(Severity::Warning), "");
    let data = PathBuf::from(format!("{}{}", place.display(), lab.server.data().display()));
    let server = lab.start(data);
    assert_eq!(server.sql("SELECT count(*) || '|' || sum(g) FROM t"), "3000|4501500");
}
