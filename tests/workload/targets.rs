//! Which commits are restored.

use crate::load::Load;
use crate::oracle::Ack;
use crate::random::Random;
use formats::Lsn;

/// Where a recovery ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    Lsn { at: Lsn, inclusive: bool },
    Time { micros: i64, text: String },
    Latest,
}

/// One restore.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) why: &'static str,
    pub(crate) end: End,
    /// The backup to start from; the program's choice otherwise.
    pub(crate) backup: Option<String>,
    /// A transaction that must be prepared, and not ended, at that point.
    pub(crate) pending: Option<String>,
    /// What becomes of prepared transactions then.
    pub(crate) commits_prepared: bool,
}

impl Target {
    /// The words of the command line.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = match &self.end {
            End::Lsn { at, inclusive } => {
                let how = if *inclusive { "--inclusive" } else { "--exclusive" };
                vec!["--target-lsn".into(), at.to_string(), how.into()]
            }
            End::Time { text, .. } => vec!["--target-time".into(), text.clone()],
            End::Latest => Vec::new(),
        };
        if self.end != End::Latest {
            words.extend(["--target-action".into(), "promote".into()]);
        }
        if let Some(backup) = &self.backup {
            words.extend(["--backup".into(), backup.clone()]);
        }
        words
    }
}

/// Where a backup is consistent.
pub(crate) fn stop_of(backup: &serde_json::Value) -> Lsn {
    let digits = backup["link"]["to"].to_string();
    Lsn(digits.trim_matches('"').parse().unwrap())
}

fn until(ack: &Ack) -> End {
    End::Lsn { at: ack.after, inclusive: true }
}

fn until_before_the_next(ack: &Ack) -> End {
    End::Lsn { at: ack.after, inclusive: false }
}

fn at_the_time_of(ack: &Ack) -> End {
    End::Time { micros: ack.time, text: ack.time_text.clone() }
}

/// All of them lie after the end of the first backup.
pub(crate) fn choose(load: &Load, seed: u64) -> Vec<Target> {
    let mut random = Random::of(seed, &[0]);
    // What was committed after each backup, and before the next one's end.
    let stops: Vec<Lsn> = load.backups.iter().map(stop_of).chain([Lsn(u64::MAX)]).collect();
    let spans: Vec<Vec<&Ack>> = stops
        .windows(2)
        .map(|ends| {
            load.acks.iter().filter(|ack| ack.before > ends[0] && ack.after < ends[1]).collect()
        })
        .collect();
    let [first, second, third] = spans.as_slice() else { unreachable!("three backups") };
    assert!(
        spans.iter().all(|span| span.len() > 8),
        "seed {seed}: commits after each backup: {:?}; the load was too short",
        spans.iter().map(Vec::len).collect::<Vec<_>>()
    );
    // The last ones have nothing behind them that would end a recovery to their time.
    let third_but_last = &third[..third.len() - 4];
    let last = load.acks.last().unwrap();
    let prepared: Vec<&Ack> =
        spans.iter().flatten().copied().filter(|ack| ack.was_prepared).collect();
    assert!(!prepared.is_empty(), "seed {seed}: no transaction was prepared");
    let mut some = |of: &[&'_ Ack]| of[random.index(of.len())].clone();
    let pending = some(&prepared);
    let rows = vec![
        ("just after the first backup", until(first[0])),
        ("just after the second backup", until(second[0])),
        ("just after the third backup", at_the_time_of(third[0])),
        ("after the first backup, by time", at_the_time_of(&some(first))),
        ("after the second backup, by LSN", until_before_the_next(&some(second))),
        ("after the third backup, by time", at_the_time_of(&some(third_but_last))),
        ("while a transaction is prepared", End::Lsn { at: pending.before, inclusive: false }),
        ("the last commit", until_before_the_next(last)),
        ("the last commit, through the whole log", until(last)),
        ("the end of the log", End::Latest),
    ];
    let target = |(why, end)| Target {
        why,
        end,
        backup: None,
        pending: None,
        commits_prepared: random.chance(50),
    };
    let mut targets: Vec<Target> = rows.into_iter().map(target).collect();
    targets[6].pending = Some(pending.prepared_name());
    targets[6].commits_prepared = true;
    targets[8].backup = load.backups[0]["backup"].as_str().map(str::to_owned);
    targets
}
