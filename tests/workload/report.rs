//! What the load did: a proof needs that it did something.

use crate::inside;
use crate::load::Load;
use crate::outside;
use crate::say;
use crate::transaction;
use fixtures::Lab;
use formats::Lsn;

fn names() -> Vec<&'static str> {
    let inside = inside::OPERATIONS.iter().map(|operation| operation.name);
    let outside = outside::OPERATIONS.iter().map(|(name, ..)| *name);
    inside.chain(outside).chain(transaction::names()).collect()
}

/// Operations that never took effect.
pub(crate) fn missing(load: &Load) -> Vec<&'static str> {
    names().into_iter().filter(|name| !load.counts.contains_key(name)).collect()
}

/// Prints how often each operation took effect, and how much log that made.
pub(crate) fn print(lab: &Lab, load: &Load) {
    let cells: Vec<String> = names()
        .into_iter()
        .map(|name| format!("{:>5}  {name:<32}", load.counts.get(name).copied().unwrap_or(0)))
        .collect();
    for row in cells.chunks(3) {
        say(row.concat().trim_end());
    }
    let (Some(first), Some(last)) = (load.acks.first(), load.acks.last()) else { return };
    let Lsn(bytes) = last.after;
    let segments = lab.objects("targets/pg-main/log").len();
    say(&format!(
        "{} commits of {} sessions, {:.1} MiB of log up to {}, {segments} pieces archived",
        load.acks.len(),
        crate::oracle::SESSIONS,
        bytes.saturating_sub(first.before.0) as f64 / f64::from(1 << 20),
        last.after,
    ));
    let session = lab.server.session("postgres");
    session.text("CHECKPOINT");
    let multixacts = session.text("SELECT next_multixact_id FROM pg_control_checkpoint()");
    say(&format!("next multixact {multixacts}"));
    assert_ne!(multixacts, "1", "no row was ever held by two transactions");
    let archiver = lab.server.session("postgres").rows(
        "SELECT archived_count, failed_count, coalesce(last_failed_wal, '-') FROM pg_stat_archiver",
    );
    say(&format!(
        "archiver: {} archived, {} failed ({})",
        archiver[0][0], archiver[0][1], archiver[0][2]
    ));
    assert_eq!(archiver[0][1], "0", "the server's archiver failed:\n{}", lab.server.log());
}
