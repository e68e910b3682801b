//! A session that makes, moves, rebuilds and drops tables. It has a database of its own: what the
//! writers need stays.

use super::{Common, tables};
use crate::random::{Deck, Random};
use fixtures::mariadb::Session;
use std::collections::VecDeque;
use std::sync::Mutex;

/// Names that the storm's tables may have, or begin with; the sessions share them and get in each
/// other's way.
const NAMES: &[&str] = &["s0", "s 1", "s#2", "š3", "s/4", "s-5", "S6", "@7"];

type Statement = fn(&mut Random, &Common) -> String;

/// What is done, by name, and how often.
const STATEMENTS: &[(&str, usize, Statement)] = &[
    ("create", 5, create),
    ("fill", 5, fill),
    ("rename", 3, rename),
    ("swap", 1, swap),
    ("drop", 2, |random, common| format!("DROP TABLE {}", common.names.some(random))),
    ("truncate", 1, |random, common| format!("TRUNCATE {}", common.names.some(random))),
    ("copy", 1, |random, common| {
        alter(random, common, "ADD COLUMN IF NOT EXISTS c INT, ALGORITHM=COPY")
    }),
    ("inplace", 1, |random, common| {
        alter(random, common, "ADD INDEX IF NOT EXISTS i (t(20)), ALGORITHM=INPLACE")
    }),
    ("unindex", 1, |random, common| alter(random, common, "DROP INDEX IF EXISTS i")),
    ("rebuild", 1, |random, common| alter(random, common, "FORCE, ALGORITHM=INPLACE")),
    ("engine", 1, |random, common| {
        let storage = *random.pick(common.storages);
        alter(random, common, storage)
    }),
    ("optimize", 1, |random, common| format!("OPTIMIZE TABLE {}", common.names.some(random))),
];

/// What the tables are called.
pub(super) struct Names {
    /// Whether a name is given to one table after another. mariadb-backup 10.11 itself cannot
    /// prepare some increments of such tables ("previously opened tablespace"; measured with the
    /// stock tools alone, on about one chain in ten).
    are_shared: bool,
    /// What sets the names of this run apart from those of another.
    seed: u64,
    /// Those given last.
    given: Mutex<VecDeque<String>>,
}

/// Tables that are remembered, so that most statements find theirs.
const REMEMBERED: usize = 10;

impl Names {
    pub(super) fn new(are_shared: bool, seed: u64) -> Self {
        Self { are_shared, seed, given: Mutex::default() }
    }

    /// One that was given, and perhaps is not there any more.
    fn some(&self, random: &mut Random) -> String {
        let given = self.given.lock().unwrap();
        if self.are_shared || given.is_empty() {
            return format!("storm.`{}`", random.pick(NAMES));
        }
        given[random.index(given.len())].clone()
    }

    /// One for a table that is new, or renamed.
    fn next(&self, random: &mut Random) -> String {
        let beginning = random.pick(NAMES);
        if self.are_shared {
            return format!("storm.`{beginning}`");
        }
        let number = random.between(0, u64::MAX - 1) ^ self.seed;
        let name = format!("storm.`{beginning} {number:x}`");
        let mut given = self.given.lock().unwrap();
        given.push_back(name.clone());
        if given.len() > REMEMBERED {
            given.pop_front();
        }
        name
    }
}

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

fn create(random: &mut Random, common: &Common) -> String {
    let (name, storage) = (common.names.next(random), random.pick(common.storages));
    format!("CREATE TABLE {name} {} {storage}; {}", tables::COLUMNS, filled(&name, random))
}

fn fill(random: &mut Random, common: &Common) -> String {
    let name = common.names.some(random);
    filled(&name, random)
}

fn filled(name: &str, random: &mut Random) -> String {
    let rows = random.between(1, 2000);
    format!("INSERT INTO {name} (n, t) SELECT seq, REPEAT(MD5(seq), 5) FROM app.seq_1_to_{rows}")
}

fn rename(random: &mut Random, common: &Common) -> String {
    let from = common.names.some(random);
    format!("RENAME TABLE {from} TO {}", common.names.next(random))
}

/// As an online schema change ends: old and new change names at once.
fn swap(random: &mut Random, common: &Common) -> String {
    if !common.names.are_shared {
        return rename(random, common);
    }
    let (one, other) = (common.names.some(random), common.names.some(random));
    format!("RENAME TABLE {one} TO storm.between, {other} TO {one}, storm.between TO {other}")
}

fn alter(random: &mut Random, common: &Common, how: &str) -> String {
    format!("ALTER TABLE {} {how}", common.names.some(random))
}
