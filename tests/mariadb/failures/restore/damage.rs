//! Restores of a repository that is damaged.

use super::{backed_up, files_below, restore};
use crate::failures::misses;
use crate::lab::{Lab, TARGET};
use fixtures::{MariaDb, Outcome};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn volumes(lab: &Lab) -> Vec<PathBuf> {
    let mut files = files_below(&lab.repo().join("targets").join(TARGET).join("jobs"));
    files.retain(|path| path.ends_with("000001.tar.zst"));
    files
}

/// Nothing is there on which a server would start.
pub(crate) fn is_no_data_directory(lab: &Lab, dir: &Path) {
    let names: Vec<_> = fs::read_dir(dir).unwrap().flatten().map(|it| it.file_name()).collect();
    assert_eq!(names, [".seawall-restore"]);
    does_not_start(lab, dir);
}

/// A server gives up on a directory.
pub(crate) fn does_not_start(lab: &Lab, dir: &Path) {
    let mut server = MariaDb::at(&lab.scratch, dir);
    server.launch();
    let pid = server.pid().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let state = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    while !state().contains(") Z ") {
        assert!(Instant::now() < deadline, "it runs on {}\n{}", dir.display(), server.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(server.log().contains("Aborting"), "{}", server.log());
}

fn fails(lab: &Lab, name: &str, status: i32, words: &[&str]) -> Outcome {
    let to = lab.scratch.join(name);
    let outcome = restore(lab, &to, &[]);
    assert_eq!(misses(name, &outcome, status, words), None);
    is_no_data_directory(lab, &to);
    outcome
}

#[test]
fn damage_is_named_and_gives_no_data_directory() {
    let (lab, _) = backed_up();
    let volumes = volumes(&lab);
    assert_eq!(volumes.len(), 2);
    for (number, volume) in volumes.iter().enumerate() {
        let whole = fs::read(volume).unwrap();
        let name = volume.strip_prefix(lab.repo()).unwrap().display().to_string();

        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        fs::write(volume, flipped).unwrap();
        let verified = lab.run(&["verify"]);
        assert_eq!(verified.code(), 30, "{}", verified.stdout);
        let told = format!("{name} is damaged near byte");
        assert!(verified.stdout.contains(&told), "{}", verified.stdout);
        fails(&lab, &format!("flipped-{number}"), 30, &[&told, "hint: `seawall verify`"]);

        fs::remove_file(volume).unwrap();
        fails(&lab, &format!("missing-{number}"), 30, &[&name, " is missing"]);
        fs::write(volume, whole).unwrap();
        lab.scratch.give(volume);
    }
    lab.run(&["verify"]).ok();
}
