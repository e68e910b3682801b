//! Operations inside a transaction. Each writes statements from what the model knows, and makes
//! what it needs when it is not there: so that every one of them can always run.

pub(crate) mod indexes;
mod objects;
pub(crate) mod partitions;
pub(crate) mod rows;
pub(crate) mod tables;

use crate::model::Draft;

pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) weight: usize,
    /// It touches temporary objects: such a transaction cannot be prepared.
    pub(crate) is_temporary: bool,
    /// Nothing may come after it in its transaction. A table's move copies the table and leaves its
    /// indexes alone: where rows are written behind it, or the table is emptied, and the
    /// transaction is then rolled back, the server (15.18, by hand) takes back the table's file but
    /// not what its indexes were told, and answers wrongly ever after.
    pub(crate) is_last: bool,
    pub(crate) write: fn(&mut Draft<'_>),
}

const fn op(name: &'static str, weight: usize, write: fn(&mut Draft<'_>)) -> Operation {
    Operation { name, weight, is_temporary: false, is_last: false, write }
}

const fn temporary(name: &'static str, weight: usize, write: fn(&mut Draft<'_>)) -> Operation {
    Operation { is_temporary: true, ..op(name, weight, write) }
}

const fn last(name: &'static str, weight: usize, write: fn(&mut Draft<'_>)) -> Operation {
    Operation { is_last: true, ..op(name, weight, write) }
}

pub(crate) const OPERATIONS: &[Operation] = &[
    op("create table", 2, tables::create),
    op("create table as", 1, tables::create_as),
    op("create unlogged table", 1, tables::create_unlogged),
    op("drop table", 2, tables::drop),
    op("drop and create again", 1, tables::recreate),
    op("truncate", 2, tables::truncate),
    op("alter column type", 2, tables::alter_type),
    op("add column", 1, tables::add_column),
    op("add column, rewriting", 1, tables::add_column_rewriting),
    op("drop column", 1, tables::drop_column),
    op("set unlogged", 2, tables::set_unlogged),
    op("set logged", 2, tables::set_logged),
    last("table set tablespace", 3, tables::set_tablespace),
    op("cluster", 2, tables::cluster),
    temporary("temporary table", 1, tables::temporary),
    op("create index", 2, indexes::create),
    op("create index, other method", 2, indexes::create_other),
    op("drop index", 1, indexes::drop),
    op("reindex table", 1, indexes::reindex_table),
    op("reindex index", 1, indexes::reindex_index),
    op("index set tablespace", 2, indexes::set_tablespace),
    op("insert", 6, rows::insert),
    op("insert, bulk", 2, rows::insert_bulk),
    op("update", 5, rows::update),
    op("delete", 3, rows::delete),
    op("copy", 2, rows::copy),
    op("copy freeze", 1, rows::copy_freeze),
    op("insert toasted", 2, rows::insert_toasted),
    op("update toasted", 2, rows::update_toasted),
    op("multixact", 1, rows::multixact),
    op("many subtransactions", 1, rows::subtransactions),
    op("create partition", 1, partitions::create),
    op("attach partition", 2, partitions::attach),
    op("detach partition", 2, partitions::detach),
    op("drop partition", 1, partitions::drop),
    op("insert into partitions", 2, partitions::insert),
    op("sequence nextval", 2, objects::nextval),
    op("sequence restart", 1, objects::restart),
    op("large object write", 1, objects::write_large),
    op("large object unlink", 1, objects::unlink_large),
    op("refresh matview", 1, objects::refresh),
    temporary("refresh matview concurrently", 1, objects::refresh_concurrently),
];
