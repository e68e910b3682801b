//! `scripts/install-plugin`: what it puts where, and what it refuses.

use crate::object::built;
use fixtures::Scratch;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn install(words: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/install-plugin");
    Command::new(script).args(words).output().unwrap()
}

fn text(path: &PathBuf) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_regular_file_takes_the_place_of_whatever_was_there() {
    let scratch = Scratch::new();
    let dir = scratch.path().to_str().unwrap();
    let (object, file) = (scratch.join("seawall-fd.so"), scratch.join("elsewhere"));
    let configuration = scratch.join("seawall-fd.conf");
    fs::write(&file, "untouched").unwrap();
    symlink(&file, &object).unwrap();
    let from = built().to_str().unwrap();
    let output = install(&["bacula", dir, "--from", from, "--backend", "/bin/true"]);
    assert!(output.status.success(), "{output:?}");
    let metadata = fs::symlink_metadata(&object).unwrap();
    assert!(metadata.is_file() && metadata.permissions().mode() & 0o7777 == 0o644);
    assert_eq!(fs::read(&object).unwrap(), fs::read(built()).unwrap());
    assert_eq!(text(&file), "untouched");
    assert!(text(&configuration).ends_with("\nbackend = /bin/true\n"));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(&format!("Plugin Directory = \"{dir}\"")) && said.contains("restart"));
    // Without a word about it, the backend stays.
    assert!(install(&["bacula", dir, "--from", from]).status.success());
    assert!(text(&configuration).contains("/bin/true"));
    assert_eq!(fs::read_dir(dir).unwrap().count(), 3, "something was left");
}

#[test]
fn what_is_no_plugin_is_refused() {
    let scratch = Scratch::new();
    let dir = scratch.path().to_str().unwrap();
    let other = "/proc/self/exe";
    let from = built().to_str().unwrap();
    for words in [
        &["bacula", dir, "--from", other][..],
        &["bacula", dir, "--from", "/nowhere"],
        &["bacula", "/nowhere", "--from", from],
        &["bacula", dir, "--from", from, "--backend", "seawall"],
        &["bacula", dir, "--from", from, "--backend", "/nowhere"],
        &["amanda", dir],
        &["bacula", dir, "--force"],
    ] {
        let output = install(words);
        assert!(!output.status.success() && !output.stderr.is_empty(), "{words:?}: {output:?}");
    }
    assert_eq!(fs::read_dir(dir).unwrap().count(), 0);
    let help = install(&["--help"]);
    assert!(help.status.success() && help.stdout.starts_with(b"Puts the plugin"));
}
