//! A session that writes rows: transactions over two tables, with one that counts them, and
//! statements to tables of every kind.

use super::{Common, tables};
use crate::random::Random;
use fixtures::mariadb::Session;

/// Runs until it is told to stop, or the server is gone.
pub(super) fn run(mut session: Session, common: &Common, number: u64) {
    let mut commits = 0;
    for round in 0.. {
        let mut random = Random::of(common.seed, &[number, round]);
        let done = match random.chance(50) {
            true => transfer(&mut session, &mut random, number, &mut commits),
            false => write(&mut session, &mut random),
        };
        if common.is_over(&done) {
            return;
        }
    }
}

/// Moves something from one account to another; now and then it thinks better of it.
fn transfer(
    session: &mut Session,
    random: &mut Random,
    writer: u64,
    commits: &mut u64,
) -> Result<(), String> {
    let sum = random.between(1, 50);
    let mut account = || random.between(1, tables::ACCOUNTS.into());
    let (from, to, next) = (account(), account(), *commits + 1);
    let is_rolled_back = random.chance(20);
    let steps = format!(
        "START TRANSACTION; \
         UPDATE ledger.giving SET balance = balance - {sum} WHERE id = {from}; \
         UPDATE ledger.taking SET balance = balance + {sum} WHERE id = {to}; \
         INSERT INTO ledger.commits VALUES ({writer}, {next})"
    );
    let mut done = session.try_rows(&steps);
    if done.is_ok() && !is_rolled_back {
        done = session.try_rows("COMMIT");
        *commits = next;
    } else {
        let _ = session.try_rows("ROLLBACK");
    }
    done.map(drop)
}

/// A statement to one of the tables.
fn write(session: &mut Session, random: &mut Random) -> Result<(), String> {
    let table = *random.pick(&tables::names());
    let (n, some) = (random.below(1000), random.between(1, 40));
    let sql = match random.below(10) {
        0..=4 => format!(
            "INSERT INTO {table} (n, t) SELECT {n}, REPEAT(MD5({n} + seq), 10) FROM app.seq_1_to_{some}"
        ),
        5..=6 => format!("UPDATE {table} SET t = MD5(CONCAT(t, id)) WHERE n = {n} LIMIT {some}"),
        7 => format!("UPDATE {table} SET n = {n} ORDER BY id LIMIT {some}"),
        8 => format!("DELETE FROM {table} WHERE n = {n} LIMIT {some}"),
        _ => "SELECT NEXT VALUE FOR app.numbers".to_owned(),
    };
    match session.try_rows(&sql) {
        // The server itself now and then counts up from a number that a table has already.
        Err(error) if error.contains("ERROR 1062") => Ok(()),
        other => other.map(drop),
    }
}
