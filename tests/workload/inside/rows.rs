//! Rows: one by one, in bulk, out of line, locked, in subtransactions.

use super::tables;
use crate::model::Draft;

/// Hashing all tables at every commit must stay quick.
const ROWS_MAX: u64 = 4000;

/// A value of about `count` × 32 bytes that does not compress much.
fn long_value(count: u64, salt: &str) -> String {
    format!("(SELECT string_agg(md5((x + {salt})::text), '') FROM generate_series(1, {count}) x)")
}

pub(crate) fn insert(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let count = draft.random.between(1, 60);
    insert_into(draft, at, count);
}

pub(crate) fn insert_bulk(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let count = draft.random.between(800, 2500);
    insert_into(draft, at, count);
}

pub(crate) fn insert_into(draft: &mut Draft<'_>, at: usize, count: u64) {
    let (name, first, last) = grow(draft, at, count);
    draft.add(format!(
        "INSERT INTO {name} (id, k, v) SELECT g, g % 97, md5(g::text) FROM generate_series({first}, {last}) g"
    ));
}

/// Makes room for rows; the table's name, and the first and last `id`.
fn grow(draft: &mut Draft<'_>, at: usize, count: u64) -> (String, u64, u64) {
    if draft.model.tables[at].rows + count > ROWS_MAX {
        let name = draft.model.tables[at].name.clone();
        draft.model.tables[at].rows /= 8;
        draft.add(format!("DELETE FROM {name} WHERE id % 8 <> 0"));
    }
    let (first, last) = draft.model.ids(count);
    let table = &mut draft.model.tables[at];
    table.rows += count;
    (table.name.clone(), first, last)
}

pub(crate) fn update(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let name = draft.model.tables[at].name.clone();
    let every = draft.random.between(2, 40);
    let rest = draft.random.below(every);
    draft.add(format!("UPDATE {name} SET k = k + 1 WHERE id % {every} = {rest}"));
}

pub(crate) fn delete(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let rest = draft.random.below(3);
    let table = &mut draft.model.tables[at];
    table.rows = table.rows * 2 / 3;
    let name = table.name.clone();
    draft.add(format!("DELETE FROM {name} WHERE id % 3 = {rest}"));
}

pub(crate) fn copy(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let count = draft.random.between(500, 2000);
    copy_into(draft, at, count);
}

pub(crate) fn copy_into(draft: &mut Draft<'_>, at: usize, count: u64) {
    let (name, first, last) = grow(draft, at, count);
    draft.add(format!("COPY {name} (id) FROM PROGRAM 'seq {first} {last}'"));
}

/// Pages that are all-visible and frozen from their first moment.
pub(crate) fn copy_freeze(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let count = draft.random.between(500, 2000);
    draft.model.tables[at].rows = 0;
    let (name, first, last) = grow(draft, at, count);
    draft.add(format!("TRUNCATE {name}"));
    draft.add(format!("COPY {name} (id) FROM PROGRAM 'seq {first} {last}' WITH (FREEZE)"));
}

pub(crate) fn insert_toasted(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let count = draft.random.between(1, 4);
    let (name, first, last) = grow(draft, at, count);
    let storage = draft.random.pick(&["EXTERNAL", "EXTENDED", "MAIN"]);
    draft.add(format!("ALTER TABLE {name} ALTER COLUMN v SET STORAGE {storage}"));
    // MAIN keeps what fits in the page, so this one stays small enough to fit there.
    let size = draft.random.between(80, if *storage == "MAIN" { 150 } else { 600 });
    let value = long_value(size, "g");
    draft.add(format!(
        "INSERT INTO {name} (id, k, v) SELECT g, 1, {value} FROM generate_series({first}, {last}) g"
    ));
}

pub(crate) fn update_toasted(draft: &mut Draft<'_>) {
    insert_toasted(draft);
    let at = tables::some(draft);
    let name = draft.model.tables[at].name.clone();
    let every = draft.random.between(50, 200);
    let value = long_value(120, "id");
    draft.add(format!("UPDATE {name} SET v = {value} WHERE id % {every} = 1"));
}

/// A row that two transactions hold: the one that locked it, and its child that changed it.
pub(crate) fn multixact(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let name = draft.model.tables[at].name.clone();
    let every = draft.random.between(5, 20);
    draft.add(format!(
        "DO $$ BEGIN PERFORM 1 FROM {name} WHERE id % {every} = 0 FOR KEY SHARE; END $$"
    ));
    draft.add("SAVEPOINT child");
    draft.add(format!("UPDATE {name} SET k = k + 2 WHERE id % {every} = 0"));
    draft.add("RELEASE child");
}

/// More children than a transaction remembers in memory.
pub(crate) fn subtransactions(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let (name, first, _) = grow(draft, at, 80);
    draft.add(format!(
        "DO $$ BEGIN FOR n IN 0..79 LOOP BEGIN \
         INSERT INTO {name} (id) VALUES ({first} + n); \
         IF n % 3 = 0 THEN RAISE division_by_zero; END IF; \
         EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END $$"
    ));
}
