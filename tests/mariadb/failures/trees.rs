//! `--layout-only`: the same trees as the makers' own unpacker makes.

use super::restore::{backed_up, command, files_below};
use crate::lab::{Lab, TARGET};
use fixtures::{mariadb, run};
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

#[test]
fn trees_are_those_of_mbstream() {
    let (lab, links) = backed_up();
    let dir = lab.scratch.join("trees");
    run(&mut command(&lab, &dir, &["--layout-only"])).ok();
    let below: Vec<_> = fs::read_dir(&dir).unwrap().flatten().map(|it| it.path()).collect();
    assert_eq!(below.len(), 1, "a directory for this restore");
    for link in &links {
        let name = link["backup"].as_str().unwrap();
        let theirs = lab.scratch.make_dir(name);
        unpack(&lab, link, &theirs);
        same(&below[0].join(name), &theirs);
        let beside = fs::read_to_string(below[0].join(format!("{name}.json"))).unwrap();
        let beside: Value = serde_json::from_str(&beside).unwrap();
        assert_eq!(beside["id"], link["link"]["id"]);
    }
}

/// A link's stream by docs/format.md, and what mbstream makes of it.
fn unpack(lab: &Lab, link: &Value, into: &Path) {
    let work = lab.scratch.make_dir("by-hand");
    let job = format!("{:010}", link["link"]["job"].as_u64().unwrap());
    let job = lab.repo().join("targets").join(TARGET).join("jobs").join(job);
    let script = "for volume in \"$0\"/*.tar.zst; do zstd -dqc \"$volume\" | tar -xpf -; done; \
         if [ -d .parts ]; then cat $(find .parts -path '*backup.xbstream/*' | sort) > data/backup.xbstream; fi";
    run(Command::new("bash").args(["-ec", script]).arg(&job).current_dir(&work)).ok();
    let stream = work.join("data/backup.xbstream");
    let mut mbstream = mariadb::program("mbstream");
    mbstream.args(["-x", "-C"]).arg(into).stdin(File::open(stream).unwrap());
    let ended = mbstream.status().unwrap();
    assert!(ended.success(), "{ended}");
    fs::remove_dir_all(work).unwrap();
}

fn same(ours: &Path, theirs: &Path) {
    let names = |dir: &Path| {
        let files = files_below(dir);
        files.iter().map(|path| path.strip_prefix(dir).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = names(theirs);
    assert!(all.len() > 100, "{} files", all.len());
    assert_eq!(names(ours), all);
    for name in all {
        let read = |dir: &Path| fs::read(dir.join(&name)).unwrap();
        assert!(read(ours) == read(theirs), "{} differs", name.display());
    }
}
