//! Transactions: one to five operations, some of them in savepoints, and one of five ends.

use crate::driver::Driver;
use crate::inside::OPERATIONS;
use crate::model::Draft;
use crate::random::Random;

#[derive(Clone, Copy, PartialEq)]
enum End {
    Commit,
    Rollback,
    Error,
    CommitPrepared,
    RollbackPrepared,
}

/// Ends and their names, each as often as it is to be drawn.
const ENDS: &[(u64, End, &str)] = &[
    (78, End::Commit, "commit"),
    (7, End::Rollback, "rollback"),
    (3, End::Error, "abort by an error"),
    (8, End::CommitPrepared, "commit prepared"),
    (4, End::RollbackPrepared, "rollback prepared"),
];
pub(crate) const KEPT_SAVEPOINT: &str = "savepoint released";
pub(crate) const LOST_SAVEPOINT: &str = "savepoint rolled back";

/// The names of everything that is counted here.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let ends = ENDS.iter().map(|(_, _, name)| *name);
    ends.chain([KEPT_SAVEPOINT, LOST_SAVEPOINT])
}

fn draw_end(random: &mut Random) -> (End, &'static str) {
    let mut left = random.below(ENDS.iter().map(|(weight, ..)| weight).sum());
    for (weight, end, name) in ENDS {
        if left < *weight {
            return (*end, name);
        }
        left -= weight;
    }
    unreachable!("the weights were summed")
}

/// One transaction.
pub(crate) fn random(driver: &mut Driver<'_>, random: &mut Random) {
    let (end, name) = draw_end(random);
    let is_prepared = matches!(end, End::CommitPrepared | End::RollbackPrepared);
    let before = driver.model.clone();
    driver.run_sql("BEGIN");
    let mut done = Vec::new();
    for number in 0..random.between(1, 5) {
        let card = driver.inside.draw(|card| !(is_prepared && OPERATIONS[card].is_temporary));
        if !random.chance(20) {
            perform(driver, random, card);
            done.push(OPERATIONS[card].name);
        } else if in_savepoint(driver, random, card, number) {
            done.extend([OPERATIONS[card].name, KEPT_SAVEPOINT]);
        } else {
            done.push(LOST_SAVEPOINT);
            continue;
        }
        if OPERATIONS[card].is_last {
            break;
        }
    }
    let has_happened = finish(driver, random, end);
    if has_happened {
        // What was rolled back proves nothing about the operation.
        done.into_iter().for_each(|name| driver.count(name));
    } else {
        driver.model = before;
    }
    driver.count(name);
}

fn perform(driver: &mut Driver<'_>, random: &mut Random, card: usize) {
    driver.draft(random, |draft: &mut Draft<'_>| (OPERATIONS[card].write)(draft));
}

/// Whether it was kept.
fn in_savepoint(driver: &mut Driver<'_>, random: &mut Random, card: usize, number: u64) -> bool {
    let before = driver.model.clone();
    driver.run_sql(&format!("SAVEPOINT sp{number}"));
    perform(driver, random, card);
    if random.chance(50) {
        driver.run_sql(&format!("RELEASE sp{number}"));
        return true;
    }
    driver.run_sql(&format!("ROLLBACK TO sp{number}"));
    driver.model = before;
    false
}

/// Ends the transaction; whether it was committed.
fn finish(driver: &mut Driver<'_>, random: &mut Random, end: End) -> bool {
    match end {
        End::Commit => driver.commit(),
        End::Rollback => {
            driver.write_row();
            driver.run_sql("ROLLBACK");
        }
        End::Error => {
            driver.write_row();
            if driver.try_sql("SELECT 1 / 0").is_ok() {
                driver.fail("a division by zero succeeded");
            }
            driver.run_sql("ROLLBACK");
        }
        End::CommitPrepared | End::RollbackPrepared => return finish_prepared(driver, random, end),
    }
    end == End::Commit
}

fn finish_prepared(driver: &mut Driver<'_>, random: &mut Random, end: End) -> bool {
    let name = driver.prepared_name();
    let mut written = driver.write_row();
    driver.run_sql(&format!("PREPARE TRANSACTION '{name}'"));
    // A checkpoint moves it from the log into a file.
    match random.below(3) {
        0 => drop(driver.run_sql("CHECKPOINT")),
        1 => drop(driver.run_sql("SELECT pg_switch_wal()")),
        _ => {}
    }
    if end == End::RollbackPrepared {
        driver.run_sql(&format!("ROLLBACK PREPARED '{name}'"));
        return false;
    }
    written.is_prepared = true;
    written.before = driver.run_sql("SELECT pg_current_wal_insert_lsn()").remove(0);
    driver.run_sql(&format!("COMMIT PREPARED '{name}'"));
    driver.acknowledged(written);
    true
}
