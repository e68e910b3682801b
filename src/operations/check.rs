//! The repository's side of `check`: whether it can be used, and what it holds of the target.

use crate::config::Settings;
use crate::human;
use chrono::{TimeDelta, Utc};
use errors::{Kind, Result, Rule};
use repository::check::catalogue as rule;
use repository::{LinkDocument, LogStore, Repository, UnitStore};
use std::time::Duration;
use stream::{Diagnosis, Link, LogScope, TargetName};

/// Longest wait for the repository: a network file system may hang.
const LIMIT: Duration = Duration::from_secs(60);

/// What was seen.
#[derive(Default)]
pub(crate) struct Looked {
    pub(crate) found: Vec<Diagnosis>,
    pub(crate) links: Vec<Link>,
    pub(crate) accepted: Vec<String>,
    /// Bytes that can still be written, where the storage knows.
    pub(crate) free: Option<u64>,
    /// The log, and where the repository is.
    pub(crate) log: Option<(LogStore, String)>,
}

pub(crate) fn look(settings: &Settings, target: &TargetName) -> Looked {
    let mut looked = Looked::default();
    let opened = settings
        .storage()
        .and_then(|storage| limited("open the repository", move || Repository::open(storage)));
    let repository = match opened {
        Ok(repository) => repository,
        Err(error) => {
            looked.found.push(Diagnosis::failure(&rule::REPOSITORY, &error));
            return looked;
        }
    };
    let store = repository.unit(target, None, LogScope::Target);
    let written = write(&repository);
    let hangs = written.as_ref().is_err_and(|error| error.kind() == Kind::Timeout);
    looked.note(&rule::WRITE, written);
    if hangs {
        return looked;
    }
    match backups(&store) {
        Ok(Kept { documents, damaged, accepted }) => {
            let (place, count) = (repository.describe(), documents.len());
            let text = format!("the repository {place} holds {count} backup(s) of {target}");
            looked.found.push(Diagnosis::ok(&rule::REPOSITORY, text));
            looked.found.push(damage(&damaged));
            let free = free(&repository);
            looked.free = free.as_ref().ok().copied().flatten();
            // A log backup takes next to nothing, and restores nothing alone.
            let newest = documents.iter().rfind(|document| document.link.earliest.is_some());
            looked.note(&rule::SPACE, free.map(|free| space(free, newest)));
            let limit = settings.general.seconds("max_backup_age");
            looked.found.extend(limit.map(|limit| age(newest, limit)));
            looked.accepted = accepted;
            looked.links = documents.into_iter().map(|document| document.link).collect();
        }
        Err(error) => looked.found.push(Diagnosis::failure(&rule::REPOSITORY, &error)),
    }
    looked.log = Some((store.log(), repository.describe()));
    looked
}

impl Looked {
    fn note(&mut self, rule: &'static Rule, looked: Result<Diagnosis>) {
        self.found.push(looked.unwrap_or_else(|error| Diagnosis::failure(rule, &error)));
    }
}

fn limited<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    system::within(LIMIT, what, work)
}

fn write(repository: &Repository) -> Result<Diagnosis> {
    let probed = repository.clone();
    limited("write to the repository", move || probed.probe())?;
    let text = "an object was written, synced, linked, read and removed";
    Ok(Diagnosis::ok(&rule::WRITE, text))
}

/// What the repository holds of a target.
struct Kept {
    /// The backups that can be read, oldest first.
    documents: Vec<LinkDocument>,
    /// What is wrong with the others.
    damaged: Vec<String>,
    accepted: Vec<String>,
}

fn backups(store: &UnitStore) -> Result<Kept> {
    let store = store.clone();
    limited("read the repository", move || {
        let (mut documents, mut damaged) = (Vec::new(), Vec::new());
        for name in store.link_names()? {
            match store.link(&name) {
                Ok(document) => documents.push(document),
                Err(error) => damaged.push(format!("{name}: {}", error.line())),
            }
        }
        Ok(Kept { documents, damaged, accepted: store.accepted_lineages()? })
    })
}

fn damage(damaged: &[String]) -> Diagnosis {
    let Some(first) = damaged.first() else {
        return Diagnosis::ok(&rule::DAMAGED, "each backup describes itself");
    };
    let text = format!("{} backup(s) cannot be restored; {first}", damaged.len());
    Diagnosis::warning(&rule::DAMAGED, text)
        .hint("Run `seawall verify` to see what else is damaged, and look at the disk.")
        .hint("Take a new backup.")
}

fn free(repository: &Repository) -> Result<Option<u64>> {
    let asked = repository.clone();
    limited("ask for free space", move || asked.free_bytes())
}

fn space(free: Option<u64>, last: Option<&LinkDocument>) -> Diagnosis {
    let Some(free) = free else {
        return Diagnosis::ok(&rule::SPACE, "the storage does not tell its free space");
    };
    let needed = last.map_or(0, LinkDocument::stored_bytes);
    let text = format!(
        "{} are free, the newest backup takes {}",
        human::bytes(free),
        human::bytes(needed)
    );
    if free >= needed {
        return Diagnosis::ok(&rule::SPACE, text);
    }
    let missing = human::bytes(needed - free);
    Diagnosis::warning(&rule::SPACE, format!("{text}: another one does not fit"))
        .hint(format!("Make room for at least {missing} more, and for the log that comes."))
}

fn age(last: Option<&LinkDocument>, limit: u64) -> Diagnosis {
    let Some(last) = last else {
        return Diagnosis::warning(&rule::AGE, "there is no backup yet")
            .hint("Take one: seawall backup.");
    };
    let time = human::time(last.link.finished_at);
    let age = Utc::now() - last.link.finished_at;
    let limit = TimeDelta::seconds(i64::try_from(limit).unwrap_or(i64::MAX / 1000));
    if age <= limit {
        return Diagnosis::ok(&rule::AGE, format!("the newest backup is of {time}"));
    }
    Diagnosis::warning(
        &rule::AGE,
        format!("the newest backup is of {time}, {} minutes ago", age.num_minutes()),
    )
    .hint("Take one, and see why the scheduled backup did not run.")
}
