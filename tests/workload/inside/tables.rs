//! Tables: made, dropped, emptied, rewritten, moved.

use super::{indexes, rows};
use crate::model::{Draft, K_TYPES, Table};

const TABLES_MAX: usize = 6;

pub(crate) fn create(draft: &mut Draft<'_>) {
    create_table(draft, false);
}

pub(crate) fn create_unlogged(draft: &mut Draft<'_>) {
    let table = create_table(draft, true);
    // Its index has an initialisation fork of its own.
    indexes::create_on(draft, table);
}

/// A new table with some rows; its place.
fn create_table(draft: &mut Draft<'_>, is_unlogged: bool) -> usize {
    make_room(draft);
    let name = format!("t{}", draft.model.fresh());
    create_named(draft, name, is_unlogged)
}

fn create_named(draft: &mut Draft<'_>, name: String, is_unlogged: bool) -> usize {
    let tablespace = draft.tablespace();
    let fillfactor = draft.random.between(30, 100);
    let kind = if is_unlogged { "UNLOGGED TABLE" } else { "TABLE" };
    draft.add(format!(
        "CREATE {kind} {name} (id bigint, k int DEFAULT 7, v text DEFAULT 'v') \
         WITH (fillfactor = {fillfactor}) TABLESPACE {tablespace}"
    ));
    draft.model.tables.push(Table {
        name,
        k_type: 0,
        columns: Vec::new(),
        indexes: Vec::new(),
        is_unlogged,
        tablespace,
        rows: 0,
    });
    let table = draft.model.tables.len() - 1;
    let count = draft.random.between(1, 300);
    rows::insert_into(draft, table, count);
    table
}

pub(crate) fn create_as(draft: &mut Draft<'_>) {
    make_room(draft);
    let name = format!("t{}", draft.model.fresh());
    let count = draft.random.between(1, 500);
    let (first, last) = draft.model.ids(count);
    draft.add(format!(
        "CREATE TABLE {name} AS SELECT g::bigint AS id, (g % 97)::int AS k, md5(g::text) AS v \
         FROM generate_series({first}, {last}) g"
    ));
    draft.model.tables.push(Table {
        name,
        k_type: 0,
        columns: Vec::new(),
        indexes: Vec::new(),
        is_unlogged: false,
        tablespace: "pg_default".to_owned(),
        rows: count,
    });
}

fn make_room(draft: &mut Draft<'_>) {
    if draft.model.tables.len() >= TABLES_MAX {
        drop(draft);
    }
}

/// The place of some table.
pub(crate) fn some(draft: &mut Draft<'_>) -> usize {
    if draft.model.tables.is_empty() {
        return create_table(draft, false);
    }
    draft.random.index(draft.model.tables.len())
}

/// The place of some table that is unlogged, or of one that is not.
pub(crate) fn some_with(draft: &mut Draft<'_>, is_unlogged: bool) -> usize {
    let all = draft.model.tables.iter().enumerate();
    let found: Vec<usize> =
        all.filter(|(_, table)| table.is_unlogged == is_unlogged).map(|(at, _)| at).collect();
    if found.is_empty() {
        return create_table(draft, is_unlogged);
    }
    *draft.random.pick(&found)
}

pub(crate) fn drop(draft: &mut Draft<'_>) {
    let at = some(draft);
    let table = draft.model.tables.remove(at);
    draft.add(format!("DROP TABLE {}", table.name));
}

/// The same name, and another file.
pub(crate) fn recreate(draft: &mut Draft<'_>) {
    let at = some(draft);
    let table = draft.model.tables.remove(at);
    draft.add(format!("DROP TABLE {}", table.name));
    create_named(draft, table.name, table.is_unlogged);
}

pub(crate) fn truncate(draft: &mut Draft<'_>) {
    let at = some(draft);
    let table = &mut draft.model.tables[at];
    table.rows = 0;
    let name = table.name.clone();
    draft.add(format!("TRUNCATE {name}"));
    if draft.random.chance(70) {
        let count = draft.random.between(1, 500);
        rows::insert_into(draft, at, count);
    }
}

pub(crate) fn alter_type(draft: &mut Draft<'_>) {
    let at = some(draft);
    let step = 1 + draft.random.index(K_TYPES.len() - 1);
    let table = &mut draft.model.tables[at];
    table.k_type = (table.k_type + step) % K_TYPES.len();
    let (name, k_type) = (table.name.clone(), K_TYPES[table.k_type]);
    draft.add(format!("ALTER TABLE {name} ALTER COLUMN k TYPE {k_type}"));
}

pub(crate) fn add_column(draft: &mut Draft<'_>) {
    let at = some(draft);
    add_column_to(draft, at, "int DEFAULT 5");
}

pub(crate) fn add_column_rewriting(draft: &mut Draft<'_>) {
    let at = some(draft);
    add_column_to(draft, at, "double precision DEFAULT random()");
}

fn add_column_to(draft: &mut Draft<'_>, at: usize, definition: &str) {
    let number = draft.model.fresh();
    let table = &mut draft.model.tables[at];
    table.columns.push(number);
    let name = table.name.clone();
    draft.add(format!("ALTER TABLE {name} ADD COLUMN c{number} {definition}"));
}

pub(crate) fn drop_column(draft: &mut Draft<'_>) {
    let at = some(draft);
    if draft.model.tables[at].columns.is_empty() {
        add_column_to(draft, at, "text DEFAULT 'gone soon'");
    }
    let table = &mut draft.model.tables[at];
    let number = table.columns.remove(0);
    let name = table.name.clone();
    draft.add(format!("ALTER TABLE {name} DROP COLUMN c{number}"));
}

pub(crate) fn set_unlogged(draft: &mut Draft<'_>) {
    set_logging(draft, true);
}

pub(crate) fn set_logged(draft: &mut Draft<'_>) {
    set_logging(draft, false);
}

fn set_logging(draft: &mut Draft<'_>, to_unlogged: bool) {
    let at = some_with(draft, !to_unlogged);
    let table = &mut draft.model.tables[at];
    table.is_unlogged = to_unlogged;
    let name = table.name.clone();
    let word = if to_unlogged { "UNLOGGED" } else { "LOGGED" };
    draft.add(format!("ALTER TABLE {name} SET {word}"));
}

pub(crate) fn set_tablespace(draft: &mut Draft<'_>) {
    let at = some(draft);
    let old = draft.model.tables[at].tablespace.clone();
    let new = draft.other_tablespace(&old);
    let table = &mut draft.model.tables[at];
    table.tablespace.clone_from(&new);
    let name = table.name.clone();
    draft.add(format!("ALTER TABLE {name} SET TABLESPACE {new}"));
}

pub(crate) fn cluster(draft: &mut Draft<'_>) {
    let at = some(draft);
    let index = indexes::some_btree(draft, at);
    let name = draft.model.tables[at].name.clone();
    draft.add(format!("CLUSTER {name} USING {index}"));
}

/// Lives until the session drops it, or ends: its files are there while backups run.
pub(crate) fn temporary(draft: &mut Draft<'_>) {
    if draft.model.temporaries.len() >= 2 {
        let name = draft.model.temporaries.remove(0);
        draft.add(format!("DROP TABLE {name}"));
    }
    let name = format!("temporary{}", draft.model.fresh());
    draft.add(format!(
        "CREATE TEMP TABLE {name} AS SELECT g AS n, repeat('x', 100) AS x FROM generate_series(1, 500) g"
    ));
    draft.add(format!("CREATE INDEX ON {name} (n)"));
    draft.model.temporaries.push(name);
}
