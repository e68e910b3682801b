//! Indexes of every method that the server has.

use super::tables;
use crate::model::{Draft, Index};

const INDEXES_MAX: usize = 3;
const BTREES: &[&str] = &["(k)", "(id)", "(k, id)", "(left(v, 20))"];
/// Methods that amcheck cannot look into; the checks look rows up by `id` in each of them.
pub(crate) const OTHERS: &[&str] = &[
    "USING hash (id)",
    "USING brin (id)",
    "USING gin ((ARRAY[id]))",
    "USING gist (int8range(id, id, '[]'))",
    "USING spgist (int8range(id, id, '[]'))",
];

pub(crate) fn create(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    create_on(draft, at);
}

/// A B-tree on a table; its name.
pub(crate) fn create_on(draft: &mut Draft<'_>, at: usize) -> String {
    let columns = draft.random.pick(BTREES);
    let unique = if *columns == "(id)" { "UNIQUE " } else { "" };
    create_with(draft, at, unique, columns, true)
}

pub(crate) fn create_other(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let definition = draft.random.pick(OTHERS);
    create_with(draft, at, "", definition, false);
}

fn create_with(
    draft: &mut Draft<'_>,
    at: usize,
    unique: &str,
    definition: &str,
    is_btree: bool,
) -> String {
    make_room(draft, at);
    let name = format!("i{}", draft.model.fresh());
    let tablespace = draft.tablespace();
    let table = &mut draft.model.tables[at];
    table.indexes.push(Index { name: name.clone(), is_btree });
    let on = table.name.clone();
    draft.add(format!("CREATE {unique}INDEX {name} ON {on} {definition} TABLESPACE {tablespace}"));
    name
}

/// A B-tree without an expression, built while others write. An expression would make two such
/// builds wait for one another.
pub(crate) fn create_concurrently(draft: &mut Draft<'_>, at: usize) {
    make_room(draft, at);
    let name = format!("i{}", draft.model.fresh());
    let columns = draft.random.pick(&BTREES[..3]);
    let tablespace = draft.tablespace();
    let table = &mut draft.model.tables[at];
    table.indexes.push(Index { name: name.clone(), is_btree: true });
    let on = table.name.clone();
    draft
        .add(format!("CREATE INDEX CONCURRENTLY {name} ON {on} {columns} TABLESPACE {tablespace}"));
}

fn make_room(draft: &mut Draft<'_>, at: usize) {
    if draft.model.tables[at].indexes.len() >= INDEXES_MAX {
        drop_first(draft, at, "");
    }
}

pub(crate) fn drop_first(draft: &mut Draft<'_>, at: usize, how: &str) {
    let index = draft.model.tables[at].indexes.remove(0);
    draft.add(format!("DROP INDEX {how}{}", index.name));
}

/// The name of some index of a table.
pub(crate) fn some(draft: &mut Draft<'_>, at: usize) -> String {
    if draft.model.tables[at].indexes.is_empty() {
        return create_on(draft, at);
    }
    draft.random.pick(&draft.model.tables[at].indexes).name.clone()
}

pub(crate) fn some_btree(draft: &mut Draft<'_>, at: usize) -> String {
    let found = draft.model.tables[at].indexes.iter().find(|index| index.is_btree);
    match found {
        Some(index) => index.name.clone(),
        None => create_on(draft, at),
    }
}

pub(crate) fn drop(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    some(draft, at);
    drop_first(draft, at, "");
}

pub(crate) fn reindex_table(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    some(draft, at);
    let name = draft.model.tables[at].name.clone();
    draft.add(format!("REINDEX TABLE {name}"));
}

pub(crate) fn reindex_index(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let name = some(draft, at);
    draft.add(format!("REINDEX INDEX {name}"));
}

pub(crate) fn set_tablespace(draft: &mut Draft<'_>) {
    let at = tables::some(draft);
    let name = some(draft, at);
    let tablespace = draft.tablespace();
    draft.add(format!("ALTER INDEX {name} SET TABLESPACE {tablespace}"));
}
