//! MariaDB through a daemon.

use crate::PROGRAM;
use fixtures::file_daemon::{Ask, Conversation, StoredJob};
use fixtures::mariadb::{PASSWORD, Programs};
use fixtures::{MariaDb, Scratch, ScratchServer, as_server_user, run};
use protocol::{Daemon, Purpose, Severity};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Stage {
    server: MariaDb,
    scratch: Scratch,
    programs: Programs,
}

impl Stage {
    fn new() -> Self {
        let scratch = Scratch::new();
        let programs = Programs::usual();
        let mut server = programs.init(&scratch, "m", "");
        server.start();
        run(Command::new("cp").arg(PROGRAM).arg(scratch.join("seawall"))).ok();
        let _ = scratch.make_dir("working");
        Self { server, scratch, programs }
    }

    fn line(&self) -> String {
        let socket = self.server.socket();
        format!("seawall:engine=mariadb:target=maria:user=root:socket={}", socket.display())
    }

    fn backend(&self) -> Command {
        let mut command = as_server_user(&self.scratch.join("seawall"));
        command.env("PATH", self.programs.search_path()).env("TMPDIR", self.scratch.path());
        command.env("SEAWALL_PASSWORD", PASSWORD).current_dir(self.scratch.path());
        command
    }

    fn backup(&self, ask: &Ask<'_>) -> StoredJob {
        let dir = self.scratch.join("working");
        let mut talk = Conversation::start(self.backend(), &dir, Purpose::Backup, ask);
        talk.take_files();
        let job = talk.finish(true);
        assert!(job.failure.is_none() && job.is_done, "{:?} {:?}", job.failure, job.messages);
        job
    }

    fn restore(&self, ask: &Ask<'_>, jobs: &[&StoredJob]) -> StoredJob {
        let objects: Vec<Vec<u8>> = jobs.iter().flat_map(|job| job.objects.clone()).collect();
        let ask = Ask { objects: &objects, level: b' ', ..ask.clone() };
        let dir = self.scratch.join("working");
        let mut talk = Conversation::start(self.backend(), &dir, Purpose::Restore, &ask);
        talk.give_back(jobs);
        talk.finish(true)
    }

    fn fill(&self, from: u32) {
        self.server.sql(&format!(
            "CREATE DATABASE IF NOT EXISTS d; USE d; CREATE TABLE IF NOT EXISTS d.t (n INT PRIMARY KEY) \
             ENGINE=InnoDB; INSERT INTO d.t SELECT seq FROM seq_{from}_to_{}",
            from + 999
        ));
    }
}

/// The only entry of a directory whose name ends so.
fn entries(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_chain_comes_back_as_trees_and_prepared_on_request() {
    let stage = Stage::new();
    let line = stage.line();
    stage.fill(1);
    let full = stage.backup(&Ask::new(1, &line));
    stage.fill(1001);
    // Bacula gives nothing back to a backup: this host knows.
    let first = stage.backup(&Ask { level: b'I', previous: &full.name, ..Ask::new(2, &line) });
    stage.fill(2001);
    // Bareos gives back what the job before has kept: this host need not know.
    let second = Ask {
        daemon: Daemon::Bareos,
        level: b'I',
        previous: "another.job",
        objects: &first.objects,
        ..Ask::new(3, &line)
    };
    let second = stage.backup(&second);
    let sums = stage.server.checksums();
    for job in [&first, &second] {
        assert!(job.said(Severity::Info).contains("incremental backup"), "{:?}", job.messages);
    }

    let jobs = [&full, &first, &second];
    for (number, prepare) in [(4, false), (5, true)] {
        let place = stage.scratch.make_dir(&format!("r{number}"));
        let options = if prepare { "prepare=yes\n" } else { "" };
        let prefix = place.to_str();
        let restored = stage.restore(&Ask { prefix, options, ..Ask::new(number, &line) }, &jobs);
        assert!(restored.failure.is_none() && restored.is_done, "{restored:?}");
        let dir: PathBuf = place.join("_mariadb-backup").join(format!("{number:010}"));
        let names = entries(&dir);
        let trees: Vec<&String> = names.iter().filter(|name| !name.ends_with(".json")).collect();
        assert_eq!(trees.len(), if prepare { 1 } else { 3 }, "{names:?}");
        assert_eq!(names.len() - trees.len(), 3, "a link beside each: {names:?}");
        if prepare {
            // Its socket lies beside it, and a socket's path ends at 107 bytes.
            let data = stage.scratch.join("prepared");
            fs::rename(dir.join(trees[0]), &data).unwrap();
            let server = stage.programs.start_on(&stage.scratch, &data);
            assert_eq!(server.checksums(), sums);
        } else {
            assert!(dir.join(trees[2]).join("xtrabackup_checkpoints").exists());
        }
    }
}

#[test]
fn without_its_parent_an_incremental_is_a_full_and_says_so() {
    let stage = Stage::new();
    let line = stage.line();
    stage.fill(1);
    let alone = stage.backup(&Ask { level: b'I', previous: "unknown", ..Ask::new(2, &line) });
    let said = alone.said(Severity::Warning);
    assert!(said.contains("a full was taken and no incremental"), "{said}");
    assert_eq!(alone.superseded, ["/@seawall/maria/"]);
}
