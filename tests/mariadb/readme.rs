//! The README's commands for MariaDB, word for word; only places are put in.

use crate::lab::Lab;
use fixtures::mariadb::PASSWORD;
use fixtures::{as_server_user, run};
use std::path::Path;
use std::time::{Duration, Instant};

#[test]
fn the_commands_of_the_readme_are_true_word_for_word() {
    let lab = Lab::new();
    std::fs::remove_dir_all(lab.repo()).unwrap();
    lab.server.sql("CREATE DATABASE d; CREATE TABLE d.t (n INT PRIMARY KEY)");
    let blocks = blocks();
    let [begin, increment, restore] = blocks.as_slice() else { panic!("{} blocks", blocks.len()) };
    follow(&lab, begin);
    lab.server.sql("INSERT INTO d.t VALUES (42)");
    follow(&lab, increment);
    let sums = lab.server.checksums();
    // The server that it starts is to end with this test.
    follow(&lab, &restore.replace(" &\n", " 2>/srv/restored.log &\nserver=$!\nseawall_wait\n"));
    let marker = std::fs::read_to_string(lab.scratch.join("restored.seawall.json")).unwrap();
    assert!(marker.contains("binlog_position") && marker.contains("finished_at"));
    let server = lab.start(&lab.scratch.join("restored"));
    assert_eq!(server.checksums(), sums);
}

/// The section's blocks.
fn blocks() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = std::fs::read_to_string(page).unwrap();
    let section = page.split("\n## MariaDB and MySQL\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let block = |rest: &str| rest.split("```").next().unwrap().to_owned();
    section.split("```sh\n").skip(1).map(block).collect()
}

fn follow(lab: &Lab, block: &str) {
    let here = lab.scratch.path().display().to_string();
    let url = format!("mariadb://root@localhost?socket={}", lab.server.socket().display());
    let block = block
        .replace("mariadb://root@localhost", &format!("'{url}'"))
        .replace("/backup", &format!("{here}/repo"))
        .replace("/srv/", &format!("{here}/"))
        // It must come up, and go again.
        .replace("mariadbd --datadir", "mariadbd --no-defaults --datadir")
        .replace("seawall_wait", &wait(&here));
    let system = std::env::var("PATH").unwrap();
    let mut command = as_server_user(Path::new("/bin/bash"));
    command.args(["-euc", &block]).current_dir(lab.scratch.path());
    command.env("PATH", format!("{here}:{system}:/usr/sbin"));
    command.env("TMPDIR", &here).env("HOME", &here).env("MYSQL_PWD", PASSWORD);
    let began = Instant::now();
    run(&mut command).ok();
    assert!(began.elapsed() < Duration::from_secs(120));
}

/// Asks the restored server, and ends it.
fn wait(here: &str) -> String {
    format!(
        "for n in $(seq 300); do mariadb --no-defaults -uroot -S {here}/restored.sock -e 'SELECT n FROM d.t' && break; sleep 0.1; done\n\
         kill $server; wait $server || true"
    )
}
