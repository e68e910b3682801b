//! What a restored server holds, compared with the newest row of each session.

use crate::holdings::{Content, Holdings};
use crate::oracle::HASH;
use fixtures::postgresql::{PostgreSql, Session};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How an index of a method is asked for the row `x` of a table `y`, for methods that amcheck cannot
/// look into.
const LOOKUPS: &[(&str, &str)] = &[
    ("hash", "y.id = x.id"),
    ("brin", "y.id = x.id"),
    ("gin", "ARRAY[y.id] @> ARRAY[x.id]"),
    ("gist", "int8range(y.id, y.id, '[]') && int8range(x.id, x.id, '[]')"),
    ("spgist", "int8range(y.id, y.id, '[]') && int8range(x.id, x.id, '[]')"),
];

/// What is wrong.
pub(crate) fn check(server: &PostgreSql) -> Vec<String> {
    let session = server.session("postgres");
    let mut wrong = Vec::new();
    let mut all = Holdings::default();
    for row in session.rows(
        "SELECT session, seq, state, positions ->> 'seq', holdings FROM oracle o \
         WHERE seq = (SELECT max(seq) FROM oracle WHERE session = o.session)",
    ) {
        let [number, seq, state, position, holdings] = row.as_slice() else { unreachable!() };
        let schema = format!("s{number}");
        let told = |what: String| format!("{schema}, row {seq}: {what}");
        let recorded = object(state);
        wrong.extend(tables(&session, &schema, &recorded).into_iter().map(told));
        wrong.extend(unlogged(&session, &schema, &recorded).into_iter().map(told));
        let now = session.text(&format!("SELECT last_value FROM {schema}.seq"));
        if now.parse::<i64>().unwrap() < position.parse().unwrap() {
            wrong.push(told(format!("the sequence is at {now} and would repeat {position}")));
        }
        let holdings = Holdings::read(holdings);
        all.databases.extend(holdings.databases);
        all.tablespaces.extend(holdings.tablespaces);
    }
    wrong.extend(tablespaces(&session, &all));
    wrong.extend(other_indexes(&session));
    wrong.extend(databases(server, &all));
    wrong
}

fn object(text: &str) -> Map<String, Value> {
    let value: Value = serde_json::from_str(text).unwrap();
    value.as_object().unwrap().clone()
}

/// Exactly the tables of the row, with the same hashes.
fn tables(session: &Session, schema: &str, recorded: &Map<String, Value>) -> Vec<String> {
    let now = match session.try_text(&format!("SELECT state_of('{schema}')")) {
        Ok(text) => object(&text),
        Err(error) => return vec![format!("its tables cannot be read: {error}")],
    };
    let mut names: Vec<&String> = recorded.keys().chain(now.keys()).collect();
    names.sort();
    names.dedup();
    let differing = names.into_iter().filter(|name| recorded.get(*name) != now.get(*name));
    let tell = |name: &String| {
        let show = |of: &Map<String, Value>| of.get(name).map_or("absent".into(), Value::to_string);
        format!("{name} is {} and was {} at the commit", show(&now), show(recorded))
    };
    differing.map(tell).collect()
}

/// Unlogged tables are empty, and can be used; amcheck looks at what is written here.
fn unlogged(session: &Session, schema: &str, recorded: &Map<String, Value>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, _) in recorded.iter().filter(|(_, state)| *state == "unlogged") {
        let before = session.try_text(&format!("SELECT count(*) FROM {schema}.{name}"));
        if before.as_deref() != Ok("0") {
            wrong.push(format!("the unlogged table {name} is not empty: {before:?}"));
        }
        let after = session.try_text(&format!(
            "INSERT INTO {schema}.{name} (id, k, v) SELECT g, g, md5(g::text) FROM generate_series(1, 300) g; \
             SELECT count(*) FROM {schema}.{name}"
        ));
        if after.as_deref() != Ok("300") {
            wrong.push(format!("the unlogged table {name} cannot be used: {after:?}"));
        }
    }
    wrong
}

fn tablespaces(session: &Session, all: &Holdings) -> Vec<String> {
    let rows = session.rows("SELECT spcname FROM pg_tablespace WHERE spcname ~ '^s[0-9]+_ts'");
    let there: Vec<&String> = rows.iter().map(|row| &row[0]).collect();
    let missing = all.tablespaces.iter().filter(|(name, must)| **must && !there.contains(name));
    let missing = missing.map(|(name, _)| format!("the tablespace {name} is missing"));
    let strange = there.iter().filter(|name| !all.tablespaces.contains_key(**name));
    missing.chain(strange.map(|name| format!("the tablespace {name} was dropped"))).collect()
}

/// Looks some rows up through each index that is no B-tree, with all others out of the way.
fn other_indexes(session: &Session) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in session.rows(
        "SELECT indexrelid::regclass, indrelid::regclass, indrelid, indexrelid, amname FROM pg_index \
         JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam \
         WHERE amname <> 'btree' AND relnamespace::regnamespace::text ~ '^s[0-9]+$' AND indisvalid",
    ) {
        let [index, table, table_oid, index_oid, method] = row.as_slice() else { unreachable!() };
        let (_, lookup) = LOOKUPS.iter().find(|(name, _)| name == method).unwrap();
        let answer = session.try_text(&format!(
            "BEGIN; SET LOCAL enable_seqscan = off;
             DO $$ DECLARE other regclass; BEGIN
                 FOR other IN SELECT indexrelid FROM pg_index
                     WHERE indrelid = {table_oid} AND indexrelid <> {index_oid}
                 LOOP EXECUTE 'DROP INDEX ' || other; END LOOP;
             END $$;
             SELECT count(*) FROM (SELECT id FROM {table} ORDER BY id * 7919 % 1009 LIMIT 60) x,
                 LATERAL (SELECT count(*) AS n FROM {table} y WHERE {lookup}) found WHERE n <> 1"
        ));
        session.text("ROLLBACK");
        if answer.as_deref() != Ok("0") {
            wrong.push(format!("{index} ({method}) does not find rows of {table}: {answer:?}"));
        }
    }
    wrong
}

fn databases(server: &PostgreSql, all: &Holdings) -> Vec<String> {
    let mut wrong = Vec::new();
    // The server marks a database before it drops its files, and wants it dropped again.
    let rows = server
        .session("postgres")
        .rows("SELECT datname, datconnlimit = -2 FROM pg_database WHERE datname ~ '^s[0-9]+_db'");
    let there: BTreeMap<&str, bool> =
        rows.iter().map(|row| (row[0].as_str(), row[1] == "t")).collect();
    for (name, content) in &all.databases {
        match (content, there.get(name.as_str())) {
            (Content::Perhaps, Some(true)) => drop(server.sql(&format!("DROP DATABASE {name}"))),
            (Content::Perhaps, _) => {}
            (_, Some(true) | None) => wrong.push(format!("the database {name} is missing")),
            (content, Some(false)) => {
                let opened = Session::try_open(server, name);
                let hash =
                    opened.and_then(|s| s.try_text(&format!("SELECT {HASH} FROM content t")));
                let is_right = match (content, &hash) {
                    (Content::Hash(recorded), Ok(now)) => recorded == now,
                    (_, now) => now.is_ok(),
                };
                if !is_right {
                    wrong.push(format!("the database {name} has {hash:?} and had {content:?}"));
                }
            }
        }
    }
    let strange = there.keys().filter(|name| !all.databases.contains_key(**name));
    wrong
        .extend(strange.map(|name| format!("the database {name} was dropped, or is not made yet")));
    wrong
}
