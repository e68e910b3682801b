//! A session that makes, moves, rebuilds and drops tables. It has a database of its own: what the
//! writers need stays.

use super::{Common, tables};
use crate::random::{Deck, Random};
use fixtures::mariadb::Session;

/// Names that the storm's tables may have; the sessions share them and get in each other's way.
const NAMES: &[&str] = &["s0", "s 1", "s#2", "š3", "s/4", "s-5", "S6", "@7"];

type Statement = fn(&mut Random, &Common) -> String;

/// What is done, by name, and how often.
const STATEMENTS: &[(&str, usize, Statement)] = &[
    ("create", 5, create),
    ("fill", 5, fill),
    ("rename", 3, rename),
    ("swap", 1, swap),
    ("drop", 2, |random, _| format!("DROP TABLE {}", name(random))),
    ("truncate", 1, |random, _| format!("TRUNCATE {}", name(random))),
    ("copy", 1, |random, _| alter(random, "ADD COLUMN IF NOT EXISTS c INT, ALGORITHM=COPY")),
    ("inplace", 1, |random, _| {
        alter(random, "ADD INDEX IF NOT EXISTS i (t(20)), ALGORITHM=INPLACE")
    }),
    ("unindex", 1, |random, _| alter(random, "DROP INDEX IF EXISTS i")),
    ("rebuild", 1, |random, _| alter(random, "FORCE, ALGORITHM=INPLACE")),
    ("engine", 1, |random, common| {
        let storage = *random.pick(common.storages);
        alter(random, storage)
    }),
    ("optimize", 1, |random, _| format!("OPTIMIZE TABLE {}", name(random))),
];

/// Runs until it is told to stop, or the server is gone.
pub(super) fn run(mut session: Session, common: &Common, number: u64) {
    let weights = STATEMENTS.iter().map(|(_, weight, _)| *weight).collect();
    let mut deck = Deck::new(common.seed, number, 0, weights);
    for round in 0.. {
        let (what, _, statement) = STATEMENTS[deck.draw(|_| true)];
        let sql = statement(&mut Random::of(common.seed, &[number, round]), common);
        let done = session.try_rows(&sql);
        if done.is_ok() {
            *common.counts.lock().unwrap().entry(what).or_default() += 1;
        }
        if common.is_over(&done.map(drop)) {
            return;
        }
    }
}

fn name(random: &mut Random) -> String {
    format!("storm.`{}`", random.pick(NAMES))
}

fn create(random: &mut Random, common: &Common) -> String {
    let (name, storage) = (name(random), random.pick(common.storages));
    format!("CREATE TABLE {name} {} {storage}; {}", tables::COLUMNS, filled(&name, random))
}

fn fill(random: &mut Random, _: &Common) -> String {
    let name = name(random);
    filled(&name, random)
}

fn filled(name: &str, random: &mut Random) -> String {
    let rows = random.between(1, 2000);
    format!("INSERT INTO {name} (n, t) SELECT seq, REPEAT(MD5(seq), 5) FROM app.seq_1_to_{rows}")
}

fn rename(random: &mut Random, _: &Common) -> String {
    format!("RENAME TABLE {} TO {}", name(random), name(random))
}

/// As an online schema change ends: old and new change names at once.
fn swap(random: &mut Random, _: &Common) -> String {
    let (one, other) = (name(random), name(random));
    format!("RENAME TABLE {one} TO storm.between, {other} TO {one}, storm.between TO {other}")
}

fn alter(random: &mut Random, how: &str) -> String {
    format!("ALTER TABLE {} {how}", name(random))
}
