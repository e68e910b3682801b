//! Whole jobs, as every version of the daemon runs them.

use crate::drive::{LINE, create, restore, save};
use crate::job::{CHECK, Job, Packet};
use crate::object::Object;
use crate::version::VERSIONS;
use std::ffi::CString;
use std::ptr::null_mut;

/// An object, as the director sends it back.
fn send_object(job: &Job<'_>, kind: i32, line: &str, name: &str, bytes: &[u8]) {
    let (name, line) = (CString::new(name).unwrap(), CString::new(line).unwrap());
    let mut packet = Packet::new(64, 60);
    packet.put_u64(8, name.as_ptr() as u64);
    packet.put_u64(16, bytes.as_ptr() as u64);
    packet.put_u64(24, line.as_ptr() as u64);
    packet.put_i32(32, kind);
    packet.put_i32(36, i32::try_from(bytes.len()).unwrap());
    packet.put_i32(56, 6);
    assert_eq!(job.event(18, packet.pointer()), 0);
}

#[test]
fn every_version_saves_and_brings_back() {
    for version in &VERSIONS {
        let object = Object::new();
        let job = Job::new(&object, version);
        let saved = save(&job, LINE, true);
        job.event(2, null_mut());
        let names: Vec<&str> = saved.iter().map(|file| file.name.as_str()).collect();
        let root = "/@seawall/stand-in/0000000007/data/";
        assert_eq!(names[0], root);
        assert_eq!(names[1..4], ["empty", "large.bin", "link"].map(|name| format!("{root}{name}")));
        let kinds: Vec<i32> = saved.iter().map(|file| file.file_type).collect();
        assert_eq!(kinds, [5, 3, 3, 4, 25, 25, 27], "{version:?}");
        assert_eq!((saved[0].link.as_str(), saved[3].link.as_str()), (root, "large.bin"));
        let modes: Vec<u32> = saved[..4].iter().map(|file| file.mode).collect();
        assert_eq!(modes, [0o040_640, 0o100_640, 0o100_640, 0o120_640]);
        assert_eq!((saved[2].bytes.len(), saved[2].size), (1_000_000, 1_000_000));
        assert_eq!((saved[4].bytes.len(), saved[4].index), (996, 100));
        assert_eq!(saved[6].name, "RestoreOptions");
        assert_eq!(job.messages(0), [""; 0]);
        let told = object.backend.noted("job ").unwrap();
        for wanted in [
            "number: 7",
            "job.2026_05",
            "level: 70",
            "since: 1700000001",
            "accurate: false",
            "the-client",
            "job.2026_04",
            "replace: 97",
            LINE,
        ] {
            assert!(told.contains(wanted), "{wanted}: {told}");
        }
        assert_eq!(object.backend.noted("hello "), Some("1 Bacula 9.9.9".into()));
        assert_eq!(object.backend.noted("working dir "), Some("/working".into()));
        assert_eq!(object.backend.noted("finish "), Some("true".into()));
        drop(job);

        let again = Object::new();
        let job = Job::new(&again, version);
        send_object(&job, 25, LINE, "state/0", &saved[4].bytes);
        send_object(&job, 25, "bpipe:other", "other", b"other");
        send_object(&job, 28, LINE, "RestoreOptions", b"target=\"yes\"\n\0");
        job.event(18, null_mut());
        restore(&job, &saved);
        assert_eq!(job.messages(0), [""; 0]);
        assert_eq!(again.backend.noted("object "), Some("state/0 6 996".into()));
        assert_eq!(again.backend.noted("options "), Some("target=\"yes\"\\n".into()));
        assert_eq!(again.backend.noted("prefix "), Some("/where".into()));
        let sum = again.backend.noted(&format!("closed {root}large.bin ")).unwrap();
        assert!(sum.starts_with("1000000 "), "{sum}");
        assert_eq!(again.backend.noted("finish "), Some("true".into()));
    }
}

#[test]
fn an_estimate_names_files_and_nothing_else() {
    for version in &VERSIONS {
        let object = Object::new();
        object.backend.instruct(&[("UNKNOWN_SIZE", "yes")]);
        let job = Job::new(&object, version);
        let saved = save(&job, "seawall:x listing=/", false);
        job.event(2, null_mut());
        assert_eq!(saved.iter().map(|file| file.file_type).collect::<Vec<_>>(), [5, 3, 3, 4]);
        assert_eq!(saved.iter().map(|file| file.size).collect::<Vec<_>>(), [0, -1, -1, 0]);
        assert_eq!(job.messages(0), [""; 0]);
    }
}

#[test]
fn what_the_daemon_writes_itself_gets_its_attributes_too() {
    for version in &VERSIONS {
        for (reply, wanted) in [("core", (5, 5)), ("skip", (1, 2)), ("failed", (2, 2))] {
            let object = Object::new();
            object.backend.instruct(&[("REPLY", reply)]);
            let job = Job::new(&object, version);
            let name = "/where/@seawall/stand-in/0000000007/data/a";
            assert_eq!(create(&job, name, 3, 5), wanted, "{reply}");
            job.event(6, null_mut());
            assert_eq!(job.messages(0).len(), usize::from(reply == "failed"));
        }
    }
}

#[test]
fn a_rule_for_names_leaves_files_to_the_daemon() {
    let version = &VERSIONS[3];
    let object = Object::new();
    let job = Job::new(&object, version);
    job.host.set_text(version.variables[1], Some("!@seawall!x!"));
    job.host.set_text(version.variables[0], None);
    assert_eq!(create(&job, "/x/stand-in/a", 3, 5), (5, 5));
    assert_eq!(create(&job, "/x/stand-in/b", 3, 5), (5, 5));
    assert_eq!(job.messages(2).len(), 1);
    assert_eq!(object.backend.noted("begin"), None);
    // One that the rule did not touch is found still.
    assert_eq!(create(&job, "/a/@seawall/t/1/r/c", 5, 0), (4, 2));
    assert_eq!(object.backend.noted("prefix "), Some("a rule".into()));
}

#[test]
fn an_accurate_job_keeps_what_was_not_superseded() {
    let object = Object::new();
    let job = Job::new(&object, &VERSIONS[0]);
    let check = |name: &str| {
        let name = CString::new(name).unwrap();
        job.call(CHECK, name.as_ptr().cast_mut().cast())
    };
    assert_eq!(check("/@seawall/stand-in/0000000003/data/a"), 5);
    save(&job, LINE, true);
    assert_eq!(check("/@seawall/stand-in/0000000003/data/a"), 0);
    assert_eq!(check("/@seawall/stand-in/0000000007/data/a"), 5);
    assert_eq!(check("/@seawall/other/0000000003/data/a"), 5);
    assert_eq!(check("/etc/passwd"), 0);
}
