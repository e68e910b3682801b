//! Servers, the daemons with the plugin, and what becomes of a restore.

use crate::stage;
use fixtures::bacula::{JobResult, Programs, Setup};
use fixtures::mariadb;
use fixtures::{Bacula, MariaDb, Scratch, ScratchServer, run};
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Daemons and servers.
pub(super) struct Stage {
    // In this order: who works on the servers ends first, and their files go last.
    pub(super) bacula: Bacula,
    pub(super) servers: Vec<MariaDb>,
    pub(super) scratch: Scratch,
}

impl Stage {
    /// A running server of each name, and daemons with the jobs that are made of them.
    pub(super) fn new(
        programs: &Programs,
        names: &[&str],
        jobs: impl FnOnce(Setup, &[MariaDb]) -> Setup,
    ) -> Self {
        let scratch = Scratch::new();
        let mut servers: Vec<MariaDb> =
            names.iter().map(|name| MariaDb::init_with(&scratch, name, "")).collect();
        servers.iter_mut().for_each(ScratchServer::start);
        let bacula = jobs(stage::setup(programs, &scratch), &servers).start(&scratch);
        Self { bacula, servers, scratch }
    }

    /// The only server.
    pub(super) fn server(&self) -> &MariaDb {
        &self.servers[0]
    }

    /// A server on a prepared tree, which is put where the server's user may come.
    pub(super) fn start(&self, tree: &Path) -> MariaDb {
        let data = self.scratch.join(&format!("data-{}", job_of(tree)));
        run(Command::new("mv").arg("-T").arg(tree).arg(&data)).ok();
        mariadb::Programs::usual().start_on(&self.scratch, data)
    }
}

/// The plugin line of a server.
pub(super) fn line(server: &MariaDb, target: &str) -> String {
    let file = server.client_file();
    format!("seawall:engine=mariadb:target={target}:mycnf={}", file.display())
}

/// The same with the tool's words in a file.
pub(super) fn watched(server: &MariaDb) -> String {
    format!("{}:tool_log={}", line(server, "maria"), words(server).display())
}

/// Where the tool's words are.
pub(super) fn words(server: &MariaDb) -> PathBuf {
    server.data_dir().with_extension("tool")
}

/// A thousand rows more.
pub(super) fn fill(server: &MariaDb, from: u32) {
    server.sql(&format!(
        "CREATE DATABASE IF NOT EXISTS d; USE d; \
         CREATE TABLE IF NOT EXISTS t (n INT PRIMARY KEY, v TEXT) ENGINE=InnoDB; \
         CREATE TABLE IF NOT EXISTS a (n INT) ENGINE=Aria; \
         INSERT INTO t SELECT seq, REPEAT('x', 100) FROM seq_{from}_to_{}; \
         INSERT INTO a VALUES ({from})",
        from + 999
    ));
}

/// A path as an operator's choice. With SQLite, the director of 9.6 gives choices of some lengths
/// back as rubbish, and they are refused: slashes at the end make it another length.
pub(super) fn chosen(path: &Path) -> String {
    let mut text = path.to_str().unwrap().to_owned();
    while text.len() % 3 != 2 {
        text.push('/');
    }
    text
}

/// What a restore has made below a directory.
pub(super) struct Restored {
    /// Parents first, as far as their LSNs tell.
    pub(super) trees: Vec<PathBuf>,
    pub(super) links: Vec<Value>,
}

impl Restored {
    /// Looks into `<above>/<number of the restore>`.
    pub(super) fn of(restore: &JobResult, above: &Path) -> Self {
        Self::look(&above.join(format!("{:010}", restore.job_id)))
    }

    /// Looks into a directory of trees.
    pub(super) fn look(dir: &Path) -> Self {
        let (mut trees, mut links) = (entries(dir), Vec::new());
        trees.retain(|path| match path.extension() {
            Some(_) => {
                links.push(serde_json::from_slice(&fs::read(path).unwrap()).unwrap());
                false
            }
            None => true,
        });
        // What a job has made comes after what the jobs before it have.
        trees.sort_by_key(|path| job_of(path));
        links.sort_by_key(|link: &Value| link["job"].as_u64());
        Self { trees, links }
    }

    /// Numbers of the jobs that the trees are of.
    pub(super) fn jobs(&self) -> Vec<u32> {
        self.trees.iter().map(|tree| job_of(tree)).collect()
    }
}

/// `<from>_<to>_<job>`, each with its zeros.
pub(super) fn job_of(tree: &Path) -> u32 {
    let name = tree.file_name().unwrap().to_str().unwrap();
    let numbers: Vec<&str> = name.split('_').collect();
    let lengths: Vec<usize> = numbers.iter().map(|number| number.len()).collect();
    assert_eq!(lengths, [20, 20, 10], "{name}");
    numbers[2].parse().unwrap()
}

/// The entries of a directory, sorted.
pub(super) fn entries(dir: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut found: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// What the tool's own extractor makes of a stream.
pub(super) fn unpack(stream: &Path, into: &Path) {
    fs::create_dir(into).unwrap();
    let mut command = Command::new(mariadb::Programs::usual().find("mbstream"));
    command.arg("-x").arg("-C").arg(into).stdin(File::open(stream).unwrap());
    assert!(command.status().unwrap().success(), "{}", stream.display());
}

/// Two trees hold the same.
pub(super) fn assert_same(one: &Path, other: &Path) {
    run(Command::new("diff").arg("-r").arg(one).arg(other)).ok();
}
