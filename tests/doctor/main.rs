//! The doctor: every finding of `check`, provoked on a real server.
//!
//! A ward is a server that several cases share. Each case makes the server ill in one way, looks
//! at what `check` says, and heals it again; what is provoked is printed.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod archiving;
mod content;
mod files;
mod patient;
mod repository;
mod server;
mod slots;
mod versions;

use patient::{Patient, Report, Severity};
use std::collections::BTreeSet;
use std::io::Write;
use stream::Engine;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");

/// One way to be ill: the finding, how bad it is, words of its text or hints, and how it is
/// brought about.
type Case = (&'static str, Severity, &'static [&'static str], fn(&mut Patient) -> Report);

/// Cases by the servers that they share, in the order in which they run.
const WARDS: &[&[Case]] = &[
    archiving::CASES,
    content::CASES,
    files::CASES,
    repository::CASES,
    server::CASES,
    slots::CASES,
    versions::CASES,
];

/// Past the test harness: what was provoked is part of the result.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "doctor: {text}");
}

fn visit(cases: &[Case], patient: &mut Patient) {
    let mut wrong = Vec::new();
    for (id, severity, words, provoke) in cases {
        let report = provoke(patient);
        match report.find(id, *severity, words) {
            Ok(text) => say(&format!("{id}: {text}")),
            Err(error) => wrong.push(error),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn archiving() {
    visit(archiving::CASES, &mut Patient::healthy());
}

#[test]
fn contents_and_versions() {
    let mut patient = Patient::healthy();
    visit(content::CASES, &mut patient);
    visit(versions::CASES, &mut patient);
}

#[test]
fn files() {
    visit(files::CASES, &mut Patient::healthy());
}

#[test]
fn repositories() {
    visit(repository::CASES, &mut Patient::healthy());
}

#[test]
fn servers_and_slots() {
    let mut patient = Patient::healthy();
    visit(slots::CASES, &mut patient);
    visit(server::CASES, &mut patient);
}

/// The oldest, one with the older functions, the newest; all of them when there is time.
#[test]
fn majors() {
    let all = fixtures::is_long();
    for major in 10..=18 {
        if all || [10, 14, 18].contains(&major) {
            versions::of_major(major);
        }
    }
}

#[test]
fn every_finding_is_provoked() {
    let of_engine = engine_postgresql::PostgreSql.descriptor().check_rules.iter();
    let rules = ::repository::check::catalogue::RULES.iter().chain(of_engine);
    let known: BTreeSet<&str> = rules.map(|rule| rule.id()).collect();
    let provoked: BTreeSet<&str> =
        WARDS.iter().flat_map(|cases| cases.iter()).map(|case| case.0).collect();
    assert_eq!(known.difference(&provoked).collect::<Vec<_>>(), [&""; 0], "not provoked");
    assert_eq!(provoked.difference(&known).collect::<Vec<_>>(), [&""; 0], "in no catalogue");
}
