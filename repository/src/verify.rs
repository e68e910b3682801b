//! Verifying: every byte of a target is read again and compared with what was written.

use crate::claim_info::{self, ClaimInfo};
use crate::document;
use crate::extract::{ExtractOptions, discard, for_each_volume};
use crate::lease;
use crate::repository::units_below;
use crate::unit::{LinkDocument, UnitStore};
use crate::volume::read_volume;
use errors::{Error, Kind, Result};
use std::sync::Mutex;
use stream::{JobId, LinkName, LogScope, LogSink};

/// What verifying a target found.
#[derive(Debug, Default)]
pub struct VerifyReport {
    /// Links that were read.
    pub links: u64,
    /// Volumes that were read.
    pub volumes: u64,
    /// Pieces of log that were read.
    pub pieces: u64,
    /// Plain bytes that were compared.
    pub bytes: u64,
    /// What is not as it was written.
    pub damages: Vec<Damage>,
}

/// One object that is not as it was written.
#[derive(Debug)]
pub struct Damage {
    /// The link that needs it; `None`: the log as a whole, or no link.
    pub link: Option<LinkName>,
    /// What is wrong, naming object and offset.
    pub error: Error,
}

/// Reads links (all of them, or those of `only`), their volumes, and the log. With `is_first`, also what
/// the units of a target share: a log that is the target's, and leases.
///
/// # Errors
/// The storage cannot be read at all, or the work was cancelled. Damage is no error here.
pub fn verify(
    store: &UnitStore,
    only: Option<LinkName>,
    is_first: bool,
    options: ExtractOptions<'_>,
) -> Result<VerifyReport> {
    let mut report = VerifyReport::default();
    let names = store.link_names()?;
    for name in names.iter().filter(|name| only.is_none_or(|only| only == **name)) {
        verify_link(store, name, options, &mut report)?;
    }
    if only.is_none() {
        verify_unfinished(store, &names, &mut report)?;
        if is_first {
            verify_target(store, options, &mut report)?;
        }
        if store.has_own_log() {
            verify_lineages(store, options, &mut report)?;
        }
    }
    Ok(report)
}

impl VerifyReport {
    /// Adds what verifying another target found.
    pub fn add(&mut self, other: Self) {
        self.links += other.links;
        self.volumes += other.volumes;
        self.pieces += other.pieces;
        self.bytes += other.bytes;
        self.damages.extend(other.damages);
    }

    fn note(&mut self, link: Option<LinkName>, error: Error) -> Result<()> {
        // A cancel is no damage.
        if error.kind() == Kind::Interrupted {
            return Err(error);
        }
        self.damages.push(Damage { link, error });
        Ok(())
    }
}

/// What the units of a target share, and what of it belongs to no unit.
fn verify_target(
    store: &UnitStore,
    options: ExtractOptions<'_>,
    report: &mut VerifyReport,
) -> Result<()> {
    let (storage, target) = (store.storage.as_ref(), &store.target);
    // Nothing below such a directory is read: nobody knows whose it is.
    let lost = units_below(storage, target)?.into_iter().filter_map(Result::err);
    for error in lost.chain(lease::damaged(storage, target)?) {
        report.note(None, error)?;
    }
    verify_lineages(&store.clone().with_log(LogScope::Target), options, report)
}

fn verify_link(
    store: &UnitStore,
    name: &LinkName,
    options: ExtractOptions<'_>,
    report: &mut VerifyReport,
) -> Result<()> {
    let document = match store.link(name) {
        Ok(document) => document,
        Err(error) => return report.note(Some(*name), error),
    };
    report.links += 1;
    verify_claim(store, &document, report)?;
    let damages = Mutex::new(Vec::new());
    for_each_volume(&document.volumes, options, |volume| {
        if options.cancel.is_cancelled() {
            return Err(Error::new(Kind::Interrupted, "the verification was cancelled"));
        }
        let read = read_volume(store.storage.as_ref(), volume, &mut discard);
        options.progress.advance(volume.plain_bytes);
        if let (Err(error), Ok(mut damages)) = (read, damages.lock()) {
            damages.push(error);
        }
        Ok(())
    })?;
    report.volumes += document.volumes.len() as u64;
    report.bytes += document.volumes.iter().map(|volume| volume.plain_bytes).sum::<u64>();
    for error in damages.into_inner().unwrap_or_default() {
        report.note(Some(*name), error)?;
    }
    verify_reach(store, &document, report)
}

fn verify_claim(
    store: &UnitStore,
    document: &LinkDocument,
    report: &mut VerifyReport,
) -> Result<()> {
    let link = &document.link;
    let key = store.keys.claim(link.job);
    let damage = match document::read::<ClaimInfo>(store.storage.as_ref(), &key, claim_info::KIND) {
        Ok(Some(claim)) if claim.id == link.id && claim.job == link.job => return Ok(()),
        Ok(Some(_)) => Error::new(Kind::Manifest, format!("{key} belongs to another job")),
        Ok(None) => Error::new(Kind::Checksum, format!("{key} is missing")),
        Err(error) => error,
    };
    report.note(Some(link.name()), damage)
}

/// Claims of jobs that have no link: nothing is restored from them, but a damaged disk shows in them
/// too.
fn verify_unfinished(
    store: &UnitStore,
    linked: &[LinkName],
    report: &mut VerifyReport,
) -> Result<()> {
    for entry in store.storage.list(&store.keys.jobs())? {
        let Some(job) = JobId::parse(&entry.name) else { continue };
        if linked.iter().any(|name| name.job == job) {
            continue;
        }
        let key = store.keys.claim(job);
        if let Err(error) =
            document::read::<ClaimInfo>(store.storage.as_ref(), &key, claim_info::KIND)
        {
            report.note(None, error)?;
        }
    }
    Ok(())
}

/// The log that the link proved present when it was made must still be there.
fn verify_reach(
    store: &UnitStore,
    document: &LinkDocument,
    report: &mut VerifyReport,
) -> Result<()> {
    let log = store.log();
    for reach in &document.link.log {
        for key in reach.keys() {
            let Some(key) = key else {
                let error = Error::new(Kind::Manifest, "a piece of log has no proper name");
                report.note(Some(document.link.name()), error)?;
                continue;
            };
            if !log.have(&key)? {
                let error = Error::new(Kind::LogGap, format!("the piece of log {key} is missing"));
                report.note(Some(document.link.name()), error)?;
            }
        }
    }
    Ok(())
}

/// A log, and the lineages that were accepted for it.
fn verify_lineages(
    store: &UnitStore,
    options: ExtractOptions<'_>,
    report: &mut VerifyReport,
) -> Result<()> {
    if let Err(error) = store.accepted_lineages() {
        report.note(None, error)?;
    }
    let log = store.log();
    for lineage in log.lineages()? {
        log.for_each_piece(&lineage, &mut |key| {
            if options.cancel.is_cancelled() {
                return Err(Error::new(Kind::Interrupted, "the verification was cancelled"));
            }
            match log.verify_piece(key) {
                Ok(Some(bytes)) => {
                    report.pieces += 1;
                    report.bytes += bytes;
                    options.progress.advance(bytes);
                    Ok(())
                }
                // Expired while we looked.
                Ok(None) => Ok(()),
                Err(error) => report.note(None, error),
            }
        })?;
    }
    Ok(())
}
