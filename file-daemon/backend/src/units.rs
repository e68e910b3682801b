//! The units of a plugin line's target: one after the other, each on its own account.

use crate::names::Subject;
use crate::target::Chosen;
use crate::{Talk, explain};
use errors::{Error, Kind, Result};
use protocol::Severity;
use stream::{Job, Unit, choose_units};

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
    if units.is_empty() {
        return Err(Error::new(Kind::NotFound, "the target has nothing to back up"));
    }
    let units = choose_units(units, &chosen.units, |unit| unit.name.as_ref())?;
    let count = units.len();
    let mut done = Vec::new();
    let mut failed = Vec::new();
    for unit in units {
        let subject = Subject::new(&chosen.target.name, unit.name.as_ref());
        match act(&unit, &subject) {
            Ok(result) => done.push(result),
            Err(error) if count == 1 || talk.cancel.is_cancelled() => return Err(error),
            Err(error) => {
                let name = unit.name.map_or_else(String::new, |name| name.to_string());
                let text = format!("the unit {name} failed: {}", explain(&error));
                talk.outbox.report(Severity::Error, text);
                failed.push(name);
            }
        }
    }
    if failed.is_empty() {
        return Ok(done);
    }
    let text = format!("{} of {count} units failed: {}", failed.len(), failed.join(", "));
    Err(Error::new(Kind::Incomplete, text).hint("The reasons stand in the job log above."))
}

#[cfg(test)]
mod tests {
    use crate::double::{Command, Conversation, Fault, Job, Shelf};
    use protocol::{Purpose, Severity};
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    const LINE: &str = "seawall:engine=shelf:target=books";

    fn start(engine: Shelf, purpose: Purpose, working_dir: &Path) -> Conversation {
        start_line(engine, purpose, working_dir, LINE)
    }

    fn start_line(engine: Shelf, purpose: Purpose, working_dir: &Path, line: &str) -> Conversation {
        let host = Command { engine: engine.leak(), labels: BTreeMap::new() };
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
    fn the_line_chooses_units_whatever_they_are_called() {
        for purpose in [Purpose::Backup, Purpose::Estimate] {
            let dir = tempfile::tempdir().unwrap();
            let units = vec!["a", "b,ü", "c1", "c2"];
            let engine = || Shelf { units: units.clone(), ..Shelf::default() };
            let line = format!(r"{LINE}:unit='b\,?,c*'");
            let mut talk = start_line(engine(), purpose, dir.path(), &line);
            talk.take_files(purpose == Purpose::Backup);
            let of = |file: &crate::double::Files| file.name.split('/').nth(2).map(str::to_owned);
            let chosen: BTreeSet<String> = talk.files.iter().filter_map(of).collect();
            let wanted = ["books@b%2C%C3%BC", "books@c1", "books@c2"].map(str::to_owned);
            assert_eq!(chosen, BTreeSet::from(wanted), "{:?}", talk.failure);
            let mut none = start_line(engine(), purpose, dir.path(), &format!("{LINE}:unit=d"));
            none.take_files(purpose == Purpose::Backup);
            assert!(none.failure.unwrap().starts_with("no unit is called d\nhint: Its units: a, "));
        }
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
            assert!(failure.starts_with("1 of 3 units failed: b"), "{fault:?}: {failure}");
            assert!(talk.said(Severity::Error).starts_with("the unit b failed: "), "{fault:?}");
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
        assert!(talk.failure.clone().unwrap().starts_with("1 of 2 units failed: a"));
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
