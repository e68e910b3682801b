//! The format's page is true: its own commands, run word for word, give a server that starts.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod partial;
mod units;

use fixtures::postgresql::{PostgreSql, programs};
use fixtures::{Lab, ScratchServer, run};
use std::fs;
use std::path::Path;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");

/// The shell commands of a section of the page, in order.
fn commands(section: &str) -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/format.md"));
    let page = page.unwrap();
    let begin = page.find(&format!("\n## {section}\n")).unwrap();
    let mut script = String::new();
    let mut inside = false;
    for line in page[begin + 1..].lines().skip(1).take_while(|line| !line.starts_with("## ")) {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => script.push_str(&format!("{line}\n")),
            _ => {}
        }
    }
    script
}

/// A server with files of every kind that the page speaks of.
fn lab() -> Lab {
    let mut lab = Lab::new(PROGRAM);
    let tablespace = lab.scratch.make_dir("ts 1");
    lab.server.sql(&format!("CREATE TABLESPACE ts LOCATION '{}'", tablespace.display()));
    lab.server.sql("CREATE TABLE small AS SELECT generate_series(1, 1000) n");
    lab.server.sql("CREATE TABLE apart TABLESPACE ts AS SELECT generate_series(1, 1000) n");
    // More than the 64 MiB from which on a body is cut.
    lab.server.sql(
        "CREATE TABLE large AS SELECT g, repeat(md5(g::text), 20) t FROM generate_series(1, 120000) g",
    );
    let _ = lab.backup();
    lab.server.sql("INSERT INTO small SELECT generate_series(1001, 1500)");
    lab.archive();
    lab
}

#[test]
fn the_commands_of_the_page_recover_a_server() {
    let mut lab = lab();
    let before = hashes(&lab.server);
    lab.server.stop();
    let work = lab.scratch.make_dir("work");

    let script = lab.scratch.join("recover.sh");
    fs::write(&script, format!("set -eu -o pipefail\n{}", commands("Recovery by hand"))).unwrap();
    let path = format!("{}:{}", programs().display(), std::env::var("PATH").unwrap());
    let mut shell = lab.scratch.command("bash");
    shell.arg(&script).env("PATH", path).current_dir(&work);
    shell.env("REPO", lab.repo()).env("TARGET", "pg-main").env("WORK", &work);
    let outcome = run(&mut shell);
    assert!(outcome.status.success(), "{}{}", outcome.stdout, outcome.stderr);

    let tree = work.join("tree");
    assert!(!tree.join(".parts").exists());
    let mut server = PostgreSql::at(&lab.scratch, tree.join("data"));
    server.start();
    server.wait_until("NOT pg_is_in_recovery()");
    assert_eq!(hashes(&server), before);
}

#[test]
fn one_file_is_found_by_its_row() {
    let lab = lab();
    let job = lab.objects("targets/pg-main/jobs")[0].parent().unwrap().to_owned();
    let script = commands("One file by hand");
    for file in ["PG_VERSION", "postgresql.conf", "global/pg_filenode.map"] {
        let mut shell = std::process::Command::new("bash");
        let found = run(shell.args(["-c", &script]).env("job", &job).env("FILE", file));
        let wanted = fs::read(lab.server.data().join(file)).unwrap();
        assert!(found.stdout == String::from_utf8_lossy(&wanted), "{file}: {}", found.stderr);
    }
}

#[test]
fn the_page_cuts_at_the_size_that_the_program_cuts_at() {
    let lab = lab();
    let volumes = lab.objects("targets/pg-main/jobs");
    let names: String = volumes
        .iter()
        .filter(|path| path.to_str().unwrap().ends_with(".tar.zst"))
        .map(|path| {
            let mut list = std::process::Command::new("bash");
            run(list.arg("-c").arg("zstd -dqc \"$0\" | tar -tf -").arg(path)).out()
        })
        .collect();
    let parts: Vec<_> =
        names.lines().filter(|name| name.starts_with(".parts/data/base/")).collect();
    assert!(parts.len() >= 2, "{parts:?}");
    assert!(parts.iter().any(|part| part.ends_with("/00000000000067108864")), "{parts:?}");
}

fn hashes(server: &PostgreSql) -> Vec<String> {
    let sum = |table: &str| {
        server.sql(&format!(
            "SELECT count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM {table} t"
        ))
    };
    ["small", "apart", "large"].map(sum).to_vec()
}

#[test]
fn the_commands_of_the_page_recover_a_server_with_configuration_elsewhere() {
    let mut lab = Lab::new(PROGRAM);
    lab.server.stop();
    let (data, etc) = (lab.server.data().to_owned(), lab.scratch.make_dir("etc"));
    for name in ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"] {
        fs::rename(data.join(name), etc.join(name)).unwrap();
    }
    lab.server = PostgreSql::at(&lab.scratch, etc);
    lab.server.configure(&format!("data_directory = '{}'\n", data.display()));
    lab.server.start();
    lab.server.sql("CREATE TABLE t AS SELECT 7 AS n");
    let _ = lab.backup();
    lab.server.stop();
    let work = lab.scratch.make_dir("work");
    // The last command stands on the page for people; it keeps this script's output open.
    let start = "pg_ctl -D data -o \"$(sed 's/^/-c /' \"$WORK/places\" | tr '\\n' ' ')\" start";
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/format.md"));
    assert!(page.unwrap().contains(start), "the page has another command");
    let script = lab.scratch.join("recover.sh");
    let text =
        format!("set -eu -o pipefail\n{}{start} > start.log 2>&1\n", commands("Recovery by hand"));
    fs::write(&script, text).unwrap();
    let path = format!("{}:{}", programs().display(), std::env::var("PATH").unwrap());
    let mut shell = lab.scratch.command("bash");
    shell.arg(&script).env("PATH", path).current_dir(&work);
    shell.env("REPO", lab.repo()).env("TARGET", "pg-main").env("WORK", &work);
    let outcome = run(&mut shell);
    let tree = work.join("tree");
    assert!(outcome.status.success(), "{}{}", outcome.stdout, outcome.stderr);
    let (rows, directory) =
        (lab.server.sql("SELECT n FROM t"), lab.server.sql("SHOW data_directory"));
    let mut stop = lab.server.programs().command("pg_ctl");
    run(stop.args(["stop", "-m", "immediate", "-D"]).arg(tree.join("data"))).ok();
    assert_eq!((rows.as_str(), directory.as_str()), ("7", tree.join("data").to_str().unwrap()));
}
