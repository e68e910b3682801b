//! What a session knows about its own schema without asking the server: so that its decisions
//! follow from the seed alone.

use crate::random::Random;

/// Types of the column `k`, each with another width on disk: changing one rewrites the table.
pub(crate) const K_TYPES: &[&str] = &["int", "bigint", "numeric"];
/// Tablespaces that are there before the load begins.
pub(crate) const TABLESPACES: &[&str] = &["ts_a", "ts_b"];

#[derive(Clone)]
pub(crate) struct Index {
    pub(crate) name: String,
    /// A table can be clustered on it.
    pub(crate) is_btree: bool,
}

/// A table `(id bigint, k, v text, c<number>…)`.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) k_type: usize,
    pub(crate) columns: Vec<u64>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) is_unlogged: bool,
    pub(crate) tablespace: String,
    /// About how many rows it has.
    pub(crate) rows: u64,
}

/// The schema of one session, as its last transaction leaves it.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) session: u64,
    pub(crate) tables: Vec<Table>,
    pub(crate) temporaries: Vec<String>,
    /// Numbers of the partitions of `part`, and of tables that could be.
    pub(crate) attached: Vec<u64>,
    pub(crate) detached: Vec<u64>,
    pub(crate) large_objects: u64,
    /// A tablespace that was made during the load.
    pub(crate) own_tablespace: Option<String>,
    /// Where the session's database lies, among the places it may have.
    pub(crate) database_place: usize,
    next_name: u64,
    next_id: u64,
}

impl Model {
    pub(crate) fn new(session: u64) -> Self {
        Self {
            session,
            tables: Vec::new(),
            temporaries: Vec::new(),
            attached: Vec::new(),
            detached: Vec::new(),
            large_objects: 0,
            own_tablespace: None,
            database_place: 0,
            next_name: 0,
            next_id: 0,
        }
    }

    /// A number for a name that was never used.
    pub(crate) fn fresh(&mut self) -> u64 {
        self.next_name += 1;
        self.next_name
    }

    /// Values for so many `id`s, first and last: no two rows of a session share one, so that unique
    /// indexes can be built at any time.
    pub(crate) fn ids(&mut self, count: u64) -> (u64, u64) {
        let first = self.next_id + 1;
        self.next_id += count;
        (first, self.next_id)
    }
}

/// Statements in the making.
pub(crate) struct Draft<'a> {
    pub(crate) model: &'a mut Model,
    pub(crate) random: &'a mut Random,
    pub(crate) sql: Vec<String>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(model: &'a mut Model, random: &'a mut Random) -> Self {
        Self { model, random, sql: Vec::new() }
    }

    pub(crate) fn add(&mut self, statement: impl Into<String>) {
        self.sql.push(statement.into());
    }

    /// Some tablespace, perhaps the session's own.
    pub(crate) fn tablespace(&mut self) -> String {
        let mut all = vec!["pg_default".to_owned()];
        all.extend(TABLESPACES.iter().map(|name| (*name).to_owned()));
        all.extend(self.model.own_tablespace.clone());
        self.random.pick(&all).clone()
    }

    /// A tablespace that is not this one.
    pub(crate) fn other_tablespace(&mut self, than: &str) -> String {
        loop {
            let name = self.tablespace();
            if name != than {
                return name;
            }
        }
    }
}
