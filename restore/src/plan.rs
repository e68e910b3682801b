//! Planning a recovery, in the two steps that a file daemon needs: the chain is chosen from the links
//! alone, before the first byte; that the log reaches the target is proven with the log at hand.

use errors::{Error, Kind, Result};
use stream::{
    Chain, Engine, Link, LogView, Plan, RecoveryRequest, RecoveryTarget, TargetAction, exact_time,
};

/// The chains that can serve a request as far as the links tell, the best one first; never empty.
///
/// # Errors
/// As [`stream::Log::choose`]; `usage`: a point in time of an engine without a log.
pub fn choose<'a>(
    engine: &dyn Engine,
    links: &'a [Link],
    request: &RecoveryRequest,
) -> Result<Vec<Chain<'a>>> {
    match engine.log() {
        Some(log) => log.choose(links, request),
        None => Ok(vec![chain_of_a_backup(engine, links, request)?]),
    }
}

/// Proves of one of the chains that it leads to the target.
///
/// # Errors
/// As [`stream::Log::prove`].
pub fn prove(
    engine: &dyn Engine,
    chains: &[Chain<'_>],
    log: &dyn LogView,
    request: &RecoveryRequest,
) -> Result<Plan> {
    if let Some(of_engine) = engine.log() {
        return of_engine.prove(chains, log, request);
    }
    let chain = chains.first().ok_or_else(|| Error::new(Kind::Bug, "no chain was chosen"))?;
    let at = chain.newest().finished_at;
    Ok(Plan {
        chain: chain.ids(),
        target: RecoveryTarget::Immediate,
        inclusive: true,
        action: TargetAction::Promote,
        log: Vec::new(),
        settings: std::collections::BTreeMap::new(),
        notes: vec![format!(
            "the state is that of the backup itself, which ended at {}",
            exact_time(&at)
        )],
    })
}

/// Both steps at once, where the log is at hand.
///
/// # Errors
/// As [`choose`] and [`prove`].
pub fn plan(
    engine: &dyn Engine,
    links: &[Link],
    log: &dyn LogView,
    request: &RecoveryRequest,
) -> Result<Plan> {
    prove(engine, &choose(engine, links, request)?, log, request)
}

/// Without a log there are only the backups' own moments.
fn chain_of_a_backup<'a>(
    engine: &dyn Engine,
    links: &'a [Link],
    request: &RecoveryRequest,
) -> Result<Chain<'a>> {
    let newest = match (request.link, &request.target) {
        (Some(name), _) => links
            .iter()
            .find(|link| link.name() == name)
            .ok_or_else(|| Error::new(Kind::NotFound, format!("there is no backup {name}")))?,
        (None, RecoveryTarget::Latest | RecoveryTarget::Immediate) => {
            let newest = links.iter().max_by_key(|link| (link.finished_at, link.job));
            newest
                .ok_or_else(|| Error::new(Kind::NotFound, "there is no backup to restore from"))?
        }
        (None, RecoveryTarget::Time(time)) => {
            let before = links.iter().filter(|link| link.finished_at <= *time);
            before.max_by_key(|link| (link.finished_at, link.job)).ok_or_else(|| {
                let text = format!("no backup ended before {}", exact_time(time));
                Error::new(Kind::NotFound, text).hint("`seawall list` shows what is there.")
            })?
        }
        (None, _) => {
            let name = engine.descriptor().name;
            let text =
                format!("backups of {name} have no log: there is only each backup's own moment");
            return Err(Error::new(Kind::Usage, text).hint("Name a backup with --backup."));
        }
    };
    Chain::of(newest, links)
}
