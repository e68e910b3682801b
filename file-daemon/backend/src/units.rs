//! The units of a plugin line's target: one after the other, each on its own account.

use crate::names::Subject;
use crate::target::Chosen;
use crate::{Talk, explain};
use errors::{Error, Result};
use protocol::Severity;
use stream::{Job, Unit};

/// Does something with every unit. One that fails costs no other its link, and is named in the job
/// log; but then the whole fails at its end, for a daemon's job is good or bad as a whole.
///
/// # Errors
/// A unit failed, the units cannot be found out, or the job was cancelled.
pub(crate) fn each<T>(
    talk: &Talk,
    chosen: &Chosen,
    job: &Job,
    mut act: impl FnMut(&Unit, &Subject) -> Result<T>,
) -> Result<Vec<T>> {
    let units = chosen.target.engine.units(job)?;
    let count = units.len();
    let mut done = Vec::new();
    let mut failed: Vec<(String, Error)> = Vec::new();
    for unit in units {
        let subject = Subject::new(&chosen.target.name, unit.name.as_ref());
        match act(&unit, &subject) {
            Ok(result) => done.push(result),
            Err(error) if count == 1 || talk.cancel.is_cancelled() => return Err(error),
            Err(error) => {
                let name = stream::unit_label(&job.target, unit.name.as_ref());
                let text = format!("{name} failed: {}", explain(&error));
                talk.outbox.report(Severity::Error, text);
                failed.push((name, error));
            }
        }
    }
    let Some((_, first)) = failed.first() else { return Ok(done) };
    let names: Vec<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
    let text = format!("{} of {count} units failed: {}", failed.len(), names.join(", "));
    Err(Error::new(first.kind(), text).hint("The reasons stand in the job log above."))
}

#[cfg(test)]
mod tests {
    use crate::double::{Command, Conversation, Fault, Job, Shelf};
    use protocol::{Purpose, Severity};
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    fn start(engine: Shelf, purpose: Purpose, working_dir: &Path) -> Conversation {
        let host = Command { engine: engine.leak(), labels: BTreeMap::new() };
        let line = "seawall:engine=shelf:target=books";
        let (prefix, objects, options) = (Path::new(""), &[][..], "");
        Conversation::start(host, &Job { purpose, working_dir, line, prefix, objects, options })
    }

    #[test]
    fn each_unit_has_a_link_and_an_identity_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let engine = Shelf { units: vec!["a", "b"], ..Shelf::default() };
        let mut talk = start(engine, Purpose::Backup, dir.path());
        talk.take_files(true);
        assert!(talk.finish(), "{:?}", talk.failure);
        let names: Vec<&str> = talk.files.iter().map(|file| file.name.as_str()).collect();
        let below = |name: &str| format!("/@seawall/books@{name}/0000000007/");
        assert_eq!(names.len(), 6, "{names:?}");
        for (number, unit) in [(0, "a"), (3, "b")] {
            assert!(names[number..number + 3].iter().all(|name| name.starts_with(&below(unit))));
            assert!(names[number + 2].ends_with(".json"));
        }
        let links = talk.files.iter().filter(|file| file.name.ends_with(".json"));
        let ids: BTreeSet<String> = links
            .map(|file| serde_json::from_slice::<serde_json::Value>(&file.body).unwrap())
            .map(|link| link["link"]["id"].to_string())
            .collect();
        assert_eq!(ids.len(), 2);
        talk.end().unwrap();
    }

    #[test]
    fn a_unit_that_fails_costs_no_other_its_link_and_fails_the_job() {
        for fault in [Fault::AtOnce, Fault::InABody, Fault::BesideABody] {
            let dir = tempfile::tempdir().unwrap();
            let engine = Shelf {
                units: vec!["a", "b", "c"],
                faults: vec![("b", fault)],
                ..Shelf::default()
            };
            let mut talk = start(engine, Purpose::Backup, dir.path());
            talk.take_files(true);
            let failure = talk.failure.clone().unwrap();
            assert!(failure.starts_with("1 of 3 units failed: books/@b"), "{fault:?}: {failure}");
            assert!(talk.said(Severity::Error).starts_with("books/@b failed: "), "{fault:?}");
            let links: Vec<&str> = talk
                .files
                .iter()
                .filter(|file| file.name.ends_with(".json"))
                .filter_map(|file| file.name.split('/').nth(2))
                .collect();
            assert_eq!(links, ["books@a", "books@c"], "{fault:?}");
            let last = talk.files.iter().find(|file| file.name.contains("@c/")).unwrap();
            assert_eq!(last.body, b"c 1\n");
            talk.end().unwrap_err();
            assert!(!dir.path().join("seawall").exists(), "nothing of it is continued");
        }
    }

    #[test]
    fn an_estimate_goes_on_after_a_unit_that_fails() {
        let dir = tempfile::tempdir().unwrap();
        let engine =
            Shelf { units: vec!["a", "b"], faults: vec![("a", Fault::AtOnce)], ..Shelf::default() };
        let mut talk = start(engine, Purpose::Estimate, dir.path());
        talk.take_files(false);
        assert!(talk.failure.clone().unwrap().starts_with("1 of 2 units failed: books/@a"));
        assert_eq!(talk.files.len(), 2);
        talk.end().unwrap_err();
    }

    #[test]
    fn the_only_unit_fails_with_its_own_error() {
        let dir = tempfile::tempdir().unwrap();
        let engine = Shelf { faults: vec![("all", Fault::AtOnce)], ..Shelf::default() };
        let mut talk = start(engine, Purpose::Backup, dir.path());
        talk.take_files(true);
        assert_eq!(talk.failure.as_deref(), Some("all is damaged"));
        talk.end().unwrap_err();
    }
}
