//! Links of an administrator in the data directory.

use crate::PROGRAM;
use crate::recovery::verify_with_stock_tool;
use fixtures::{Lab, Outcome, ScratchServer, run};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn back_up(lab: &Lab, words: &[&str]) -> Outcome {
    let url = lab.server.url();
    let first = ["backup", url.as_str(), "--target", "pg-main"];
    let outcome = lab.run(&[&first[..], words].concat());
    assert!(outcome.code() <= 1, "{}", outcome.stderr);
    outcome
}

fn write(lab: &Lab, path: &Path) {
    fs::write(path, "x").unwrap();
    lab.scratch.give(path);
}

#[test]
fn linked_directories_are_restored_in_place_when_asked_for() {
    let lab = Lab::new(PROGRAM);
    let data = lab.server.data().to_owned();
    let (outside, deeper) = (lab.scratch.make_dir("out"), lab.scratch.make_dir("deeper"));
    write(&lab, &outside.join("file"));
    write(&lab, &deeper.join("more"));
    symlink(&outside, data.join("out")).unwrap();
    symlink(&deeper, outside.join("deeper")).unwrap();
    // Circles: up, to itself, into the data directory, and a second way to the same.
    symlink(&deeper, deeper.join("up")).unwrap();
    symlink(&data, outside.join("all")).unwrap();
    symlink("self", data.join("self")).unwrap();
    symlink(&deeper, data.join("twice")).unwrap();
    symlink("base", data.join("inside")).unwrap();
    let outcome = back_up(&lab, &["--set", "follow_links=true"]);
    assert_eq!(outcome.code(), 1, "{}", outcome.stdout);
    for told in [
        "/up is a link to",
        "out/all is a link to",
        "which it lies in: it is not followed",
        "/self is a link to self: where nothing is",
        "is in the backup in another place",
    ] {
        assert!(outcome.stdout.contains(told), "{told}\n{}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains("inside is a link"), "{}", outcome.stdout);

    let restored = lab.restore("r", &[]);
    assert!(!restored.join("out").is_symlink() && restored.join("out/file").exists());
    assert_eq!(fs::read_link(restored.join("inside")).unwrap(), Path::new("base"));
    assert!(restored.join("out/all").is_symlink());
    // One of the two ways holds the content, whichever was found first.
    let ways = [restored.join("twice"), restored.join("out/deeper")];
    let copied: Vec<_> = ways.iter().filter(|way| !way.is_symlink()).collect();
    assert_eq!(copied.len(), 1);
    assert!(copied[0].join("more").exists());
    // The stock tool follows links, and would find what no manifest names.
    for kept in ["inside", "self", "out/all", "twice", "out/deeper"].map(|name| restored.join(name))
    {
        if kept.is_symlink() {
            fs::remove_file(kept).unwrap();
        }
    }
    for up in ["twice/up", "out/deeper/up"] {
        let _ = fs::remove_file(restored.join(up));
    }
    verify_with_stock_tool(&restored);
    let mut server = lab.start(restored);
    server.wait_until("NOT pg_is_in_recovery()");
}

#[test]
fn links_to_nothing_and_to_special_files_are_told() {
    let lab = Lab::new(PROGRAM);
    let data = lab.server.data().to_owned();
    let fifo = lab.scratch.join("fifo");
    run(std::process::Command::new("mkfifo").arg(&fifo)).ok();
    let socket = lab.scratch.join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    symlink(lab.scratch.join("gone"), data.join("dangling")).unwrap();
    symlink(&fifo, data.join("to_fifo")).unwrap();
    symlink(&socket, data.join("to_socket")).unwrap();
    for follow in ["follow_links=true", "follow_links=false"] {
        let outcome = back_up(&lab, &["--set", follow]);
        assert_eq!(outcome.code(), 1, "{}", outcome.stdout);
        for told in ["gone: where nothing is", "to_fifo is neither", "to_socket is neither"] {
            assert!(outcome.stdout.contains(told), "{told}\n{}", outcome.stdout);
        }
    }
    let restored = lab.restore("r", &[]);
    assert!(restored.join("dangling").is_symlink());
    for name in ["to_fifo", "to_socket"] {
        assert!(restored.join(name).symlink_metadata().is_err(), "{name}");
    }
}

#[test]
fn a_circle_in_the_servers_own_directories_ends() {
    let lab = Lab::new(PROGRAM);
    symlink("..", lab.server.data().join("base/up")).unwrap();
    symlink(lab.server.data().join("base"), lab.server.data().join("base/again")).unwrap();
    let outcome = back_up(&lab, &[]);
    assert!(outcome.stdout.contains("base/again is a link to"), "{}", outcome.stdout);
    let restored = lab.restore("r", &[]);
    assert_eq!(fs::read_link(restored.join("base/up")).unwrap(), Path::new(".."));
}
