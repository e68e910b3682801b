//! Which commits a restored server must have, and which it must not have.

use crate::oracle::Ack;
use crate::targets::{End, Target};
use formats::Lsn;
use std::collections::BTreeMap;

/// What is wrong with the commits that are there. `newest` has the last row of each session;
/// `stop` is where recovery ended, as the server itself wrote into its new timeline's history.
pub(crate) fn judge(
    target: &Target,
    acks: &[Ack],
    newest: &BTreeMap<u64, u64>,
    stop: Lsn,
) -> Vec<String> {
    let is_there = |ack: &Ack| newest.get(&ack.session).is_some_and(|seq| ack.seq <= *seq);
    let mut wrong = Vec::new();
    let mut beyond = 0;
    for ack in acks {
        let in_flight = ack.before <= stop && stop < ack.after;
        if !is_there(ack) {
            if ack.after <= stop || must_be_there(target, ack, in_flight) {
                wrong.push(format!("it lacks a commit from before the target: {ack:?}"));
            }
        } else if ack.before >= stop {
            wrong.push(format!("it has a commit from behind its own end {stop}: {ack:?}"));
        } else if !may_be_there(target, ack) {
            beyond += 1;
            // An inclusive position takes in the one record that begins there.
            let takes_one = matches!(target.end, End::Lsn { inclusive: true, .. });
            if !takes_one || beyond > 1 {
                wrong.push(format!("it has a commit from behind the target: {ack:?}"));
            }
        }
    }
    wrong
}

fn must_be_there(target: &Target, ack: &Ack, in_flight: bool) -> bool {
    match &target.end {
        End::Latest => true,
        End::Lsn { at, .. } => ack.after <= *at,
        // A transaction takes its time before it writes its record: another one with a later time
        // may have ended recovery in between.
        End::Time { micros, .. } => ack.time <= *micros && !in_flight,
    }
}

fn may_be_there(target: &Target, ack: &Ack) -> bool {
    match &target.end {
        End::Latest => true,
        End::Lsn { at, .. } => ack.before < *at,
        End::Time { micros, .. } => ack.time <= *micros,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(session: u64, seq: u64, before: u64, after: u64, time: i64) -> Ack {
        let (before, after, was_prepared) = (Lsn(before), Lsn(after), false);
        let (time_text, row) = (String::new(), String::new());
        Ack { session, seq, before, after, time, time_text, row, was_prepared }
    }

    fn wrong(end: &End, newest: &[(u64, u64)], stop: u64) -> usize {
        let acks = [
            ack(1, 1, 10, 20, 1),
            ack(2, 1, 15, 30, 2),
            ack(1, 2, 30, 40, 3),
            ack(2, 2, 45, 50, 5),
        ];
        let (end, backup, pending) = (end.clone(), None, None);
        let target = Target { why: "", end, backup, pending, commits_prepared: false };
        judge(&target, &acks, &newest.iter().copied().collect(), Lsn(stop)).len()
    }

    #[test]
    fn too_little_and_too_much_are_both_seen() {
        let inclusive = End::Lsn { at: Lsn(40), inclusive: true };
        let exclusive = End::Lsn { at: Lsn(40), inclusive: false };
        let time = End::Time { micros: 3, text: String::new() };
        for (end, newest, stop, count) in [
            (&exclusive, [(1, 2), (2, 1)], 40, 0),
            (&exclusive, [(1, 1), (2, 1)], 40, 1),
            (&exclusive, [(1, 2), (2, 2)], 50, 1),
            (&inclusive, [(1, 2), (2, 2)], 50, 0),
            // Behind the end that the server itself names.
            (&inclusive, [(1, 2), (2, 2)], 44, 1),
            (&time, [(1, 2), (2, 1)], 42, 0),
            (&time, [(1, 2), (2, 2)], 50, 1),
            // In flight when recovery ended, and not: the same commit.
            (&time, [(1, 1), (2, 1)], 35, 0),
            (&time, [(1, 1), (2, 1)], 25, 1),
            (&End::Latest, [(1, 2), (2, 2)], 50, 0),
            (&End::Latest, [(1, 2), (2, 1)], 50, 1),
        ] {
            assert_eq!(wrong(end, &newest, stop), count, "{end:?} {newest:?} {stop}");
        }
    }
}
