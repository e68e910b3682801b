//! One session: it draws operations, puts them into transactions, ends each with a row of the
//! oracle, and notes what the server acknowledged.

use crate::holdings::Holdings;
use crate::inside::OPERATIONS;
use crate::model::{Draft, Model};
use crate::oracle::{self, Ack};
use crate::outside;
use crate::random::{Deck, Random};
use crate::transaction;
use fixtures::Scratch;
use fixtures::postgresql::{PostgreSql, Session};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Statements that a failure shows.
const TAIL: usize = 25;
/// A statement that takes longer hangs.
const STATEMENT_LIMIT: &str = "90s";

/// What the sessions have in common.
pub(crate) struct Common<'a> {
    pub(crate) server: &'a PostgreSql,
    pub(crate) scratch: &'a Scratch,
    pub(crate) seed: u64,
    /// The load has been long enough.
    pub(crate) over: AtomicBool,
    /// Held while a database's directory is moved, and by whoever takes a backup: see
    /// `databases::set_tablespace`.
    pub(crate) moves: RwLock<()>,
    /// Commits of all sessions.
    pub(crate) commits: AtomicU64,
}

pub(crate) struct Driver<'a> {
    pub(crate) common: &'a Common<'a>,
    pub(crate) model: Model,
    pub(crate) holdings: Holdings,
    pub(crate) acks: Vec<Ack>,
    /// Directories of all tablespaces that it made.
    pub(crate) places: Vec<PathBuf>,
    /// How often each operation took effect.
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) inside: Deck,
    session: Session,
    step: u64,
    seq: u64,
    journal: VecDeque<String>,
}

impl<'a> Driver<'a> {
    pub(crate) fn new(common: &'a Common<'a>, number: u64) -> Self {
        let session = common.server.session("postgres");
        session.text(&format!(
            "SET search_path = s{number}, public; SET statement_timeout = '{STATEMENT_LIMIT}'; \
             SET client_min_messages = warning"
        ));
        let weights = OPERATIONS.iter().map(|operation| operation.weight).collect();
        Self {
            common,
            model: Model::new(number),
            holdings: Holdings::default(),
            acks: Vec::new(),
            places: Vec::new(),
            counts: BTreeMap::new(),
            inside: Deck::new(common.seed, number, 0, weights),
            session,
            step: 0,
            seq: 0,
            journal: VecDeque::new(),
        }
    }

    /// Works until the load is over.
    pub(crate) fn run(mut self) -> Self {
        let weights = outside::OPERATIONS.iter().map(|(_, weight, _)| *weight).collect();
        let mut deck = Deck::new(self.common.seed, self.model.session, 1, weights);
        while !self.common.over.load(Ordering::Relaxed) {
            self.step += 1;
            let place = [self.model.session, 2, self.step];
            let mut random = Random::of(self.common.seed, &place);
            transaction::random(&mut self, &mut random);
            if random.chance(30) {
                let (name, _, act) = &outside::OPERATIONS[deck.draw(|_| true)];
                act(&mut self, &mut random);
                self.count(name);
            }
        }
        // The last oracle row covers everything that was done outside a transaction.
        self.note();
        self
    }

    pub(crate) fn count(&mut self, name: &'static str) {
        *self.counts.entry(name).or_default() += 1;
    }

    /// Runs a statement that must succeed; the last row.
    pub(crate) fn run_sql(&mut self, sql: &str) -> Vec<String> {
        let result = self.try_sql(sql);
        result.unwrap_or_else(|error| self.fail(&format!("{error}\nin {sql}")))
    }

    /// Runs a statement.
    pub(crate) fn try_sql(&mut self, sql: &str) -> Result<Vec<String>, String> {
        self.journal.push_back(sql.to_owned());
        if self.journal.len() > TAIL {
            self.journal.pop_front();
        }
        Ok(self.session.try_rows(sql)?.pop().unwrap_or_default())
    }

    /// Writes statements and runs them outside a transaction, or in the one that is open.
    pub(crate) fn draft(&mut self, random: &mut Random, write: impl Fn(&mut Draft<'_>)) {
        let mut draft = Draft::new(&mut self.model, random);
        write(&mut draft);
        for statement in draft.sql {
            self.run_sql(&statement);
        }
    }

    /// A transaction of nothing but a row of the oracle.
    pub(crate) fn note(&mut self) {
        self.run_sql("BEGIN");
        self.commit();
    }

    /// Writes the row and commits.
    pub(crate) fn commit(&mut self) {
        let written = self.write_row();
        self.run_sql("COMMIT");
        self.acknowledged(written);
    }

    /// Writes the row of the open transaction.
    pub(crate) fn write_row(&mut self) -> Written {
        let sql = oracle::row(self.model.session, self.seq + 1, &self.holdings.print());
        let row = self.run_sql(&sql);
        let [xid, before, hash] = row.as_slice() else { self.fail(&format!("no row: {row:?}")) };
        Written { xid: xid.clone(), before: before.clone(), row: hash.clone(), is_prepared: false }
    }

    /// Notes a commit that the server just acknowledged.
    pub(crate) fn acknowledged(&mut self, written: Written) {
        let answer = self.run_sql(&oracle::about_commit(&written.xid));
        let [after, time, text] = answer.as_slice() else { self.fail("no time of the commit") };
        self.seq += 1;
        self.acks.push(Ack {
            session: self.model.session,
            seq: self.seq,
            before: written.before.parse().unwrap(),
            after: after.parse().unwrap(),
            time: time.parse().unwrap(),
            time_text: text.clone(),
            row: written.row,
            was_prepared: written.is_prepared,
        });
        self.common.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// The name of a prepared transaction with the next row.
    pub(crate) fn prepared_name(&self) -> String {
        oracle::prepared_name(self.model.session, self.seq + 1)
    }

    /// Ends the test, and says where it was.
    pub(crate) fn fail(&self, what: &str) -> ! {
        let journal: Vec<&str> = self.journal.iter().map(String::as_str).collect();
        panic!(
            "seed {}: session {}, step {}: {what}\nits last statements:\n{}",
            self.common.seed,
            self.model.session,
            self.step,
            journal.join(";\n")
        );
    }
}

/// A transaction's row, before its commit.
pub(crate) struct Written {
    pub(crate) xid: String,
    /// A position before the commit.
    pub(crate) before: String,
    pub(crate) row: String,
    pub(crate) is_prepared: bool,
}
