//! The oracle: a table into which every transaction writes what all tables of its session hold at
//! that commit. Sessions own their schemas, so the hashes are exact whatever the others do.

use fixtures::postgresql::PostgreSql;
use formats::Lsn;

pub(crate) const SESSIONS: u64 = 4;
/// The database that others are copies of. Nobody ever connects to it.
pub(crate) const TEMPLATE: &str = "template_of_copies";

/// Count and sum of row hashes: the order does not matter, a doubled row does.
pub(crate) const HASH: &str =
    "count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)";

/// A commit that the server acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Ack {
    pub(crate) session: u64,
    pub(crate) seq: u64,
    /// The commit record lies between these two: read just before the commit, and just after it.
    pub(crate) before: Lsn,
    pub(crate) after: Lsn,
    /// The commit's own time, in microseconds of the epoch and as text.
    pub(crate) time: i64,
    pub(crate) time_text: String,
    /// A hash of the row that the transaction wrote into the oracle.
    pub(crate) row: String,
    pub(crate) was_prepared: bool,
}

impl Ack {
    /// The name under which it was prepared, if it was.
    pub(crate) fn prepared_name(&self) -> String {
        prepared_name(self.session, self.seq)
    }
}

pub(crate) fn prepared_name(session: u64, seq: u64) -> String {
    format!("s{session}-{seq}")
}

/// Functions, the oracle, the sessions' schemas, and the database to copy.
pub(crate) fn set_up(server: &PostgreSql) {
    let session = server.session("postgres");
    session.text(&format!(
        "CREATE TABLE oracle (
             session int, seq int, xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
             state jsonb NOT NULL, positions jsonb NOT NULL, holdings jsonb NOT NULL,
             PRIMARY KEY (session, seq));
         CREATE FUNCTION state_of(schema text) RETURNS jsonb LANGUAGE plpgsql AS $$
         DECLARE
             r record;
             hash text;
             result jsonb := '{{}}';
         BEGIN
             FOR r IN SELECT relname, relkind, relpersistence FROM pg_class
                 WHERE relnamespace = schema::regnamespace AND relkind IN ('r', 'p', 'm', 'S')
             LOOP
                 IF r.relpersistence = 'u' THEN
                     hash := 'unlogged';
                 ELSIF r.relkind = 'S' THEN
                     hash := 'sequence';
                 ELSE
                     EXECUTE format($sql$SELECT {HASH} FROM %I.%I t$sql$, schema, r.relname) INTO hash;
                 END IF;
                 result := result || jsonb_build_object(r.relname, hash);
             END LOOP;
             EXECUTE format($sql$SELECT {HASH} FROM (SELECT id, lo_get(id) FROM %I.lo) t$sql$, schema) INTO hash;
             RETURN result || jsonb_build_object('large objects', hash);
         END $$;
         CREATE FUNCTION row_hash(state jsonb, positions jsonb, holdings jsonb) RETURNS text LANGUAGE sql AS
             'SELECT md5(state::text || positions::text || holdings::text)';"
    ));
    for number in 1..=SESSIONS {
        session.text(&schema(number));
    }
    session.text(&format!("CREATE DATABASE {TEMPLATE}"));
    server.session(TEMPLATE).text(
        "CREATE TABLE content AS SELECT g AS id, md5(g::text) AS v FROM generate_series(1, 2000) g;
         CREATE UNIQUE INDEX ON content (id)",
    );
}

fn schema(number: u64) -> String {
    format!(
        "CREATE SCHEMA s{number};
         SET search_path = s{number};
         CREATE SEQUENCE seq;
         CREATE TABLE lo (id oid);
         CREATE TABLE part (id bigint, k int, v text) PARTITION BY RANGE (k);
         CREATE INDEX ON part (k);
         CREATE TABLE base (id bigint, k int);
         CREATE MATERIALIZED VIEW mv AS SELECT k AS g, count(*) AS n, sum(id) AS ids FROM base GROUP BY k;
         CREATE UNIQUE INDEX ON mv (g);
         RESET search_path;"
    )
}

/// The statement that ends a transaction of a session. Answers the transaction's number, a position
/// before its commit, and the row's hash.
pub(crate) fn row(session: u64, seq: u64, holdings: &str) -> String {
    let sequence = format!("(SELECT jsonb_build_object('seq', last_value) FROM s{session}.seq)");
    format!(
        "INSERT INTO public.oracle (session, seq, state, positions, holdings) \
         VALUES ({session}, {seq}, public.state_of('s{session}'), {sequence}, '{holdings}') \
         RETURNING xid, pg_current_wal_insert_lsn(), public.row_hash(state, positions, holdings)"
    )
}

/// The statement that asks about a commit just after it.
pub(crate) fn about_commit(xid: &str) -> String {
    format!(
        "SELECT pg_current_wal_insert_lsn(), (extract(epoch FROM t) * 1000000)::bigint, t \
         FROM pg_xact_commit_timestamp('{xid}'::xid8::xid) t"
    )
}
