//! Databases and tablespaces, made, copied, moved and dropped while backups run.

use crate::driver::Driver;
use crate::holdings::Content;
use crate::model::TABLESPACES;
use crate::oracle::{HASH, TEMPLATE};
use crate::random::Random;
use std::fs;
use std::path::PathBuf;

/// Where tablespaces lie that are made during the load, below the scratch directory.
pub(crate) const PLACES: &str = "places";
/// Where a database may lie.
const DATABASE_PLACES: &[&str] = &["pg_default", TABLESPACES[0], TABLESPACES[1]];

pub(crate) fn create_by_log(driver: &mut Driver<'_>, random: &mut Random) {
    create(driver, random, "wal_log");
}

pub(crate) fn create_by_copy(driver: &mut Driver<'_>, random: &mut Random) {
    create(driver, random, "file_copy");
}

/// Each session has one at a time.
fn create(driver: &mut Driver<'_>, random: &mut Random, strategy: &str) {
    if let Some(old) = first(driver) {
        drop_one(driver, random, &old);
    }
    let number = driver.model.fresh();
    let name = format!("s{}_db{number}", driver.model.session);
    set(driver, &name, Content::Perhaps);
    driver.model.database_place = random.index(DATABASE_PLACES.len());
    let tablespace = DATABASE_PLACES[driver.model.database_place];
    driver.run_sql(&format!(
        "CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY {strategy} TABLESPACE {tablespace}"
    ));
    fill(driver, random, &name);
}

fn first(driver: &Driver<'_>) -> Option<String> {
    driver.holdings.databases.keys().next().cloned()
}

/// The session's database; made where it has none.
fn some(driver: &mut Driver<'_>, random: &mut Random) -> String {
    if let Some(name) = first(driver) {
        return name;
    }
    create(driver, random, "file_copy");
    first(driver).unwrap()
}

/// Says in the oracle what is known of a database, before it is changed.
fn set(driver: &mut Driver<'_>, name: &str, content: Content) {
    driver.holdings.databases.insert(name.to_owned(), content);
    driver.note();
}

/// Writes rows; the next row of the oracle has the new hash.
fn fill(driver: &mut Driver<'_>, random: &mut Random, name: &str) {
    let salt = random.next() >> 1;
    let session = driver.common.server.session(name);
    let hash = session.try_text(&format!(
        "UPDATE content SET v = md5(v || {salt}) WHERE id % 7 = {}; \
         INSERT INTO content SELECT max(id) + 1, 'new' FROM content; \
         SELECT {HASH} FROM content t",
        salt % 7
    ));
    let hash = hash.unwrap_or_else(|error| driver.fail(&format!("{name}: {error}")));
    driver.holdings.databases.insert(name.to_owned(), Content::Hash(hash));
}

pub(crate) fn write(driver: &mut Driver<'_>, random: &mut Random) {
    let name = some(driver, random);
    set(driver, &name, Content::Unknown);
    fill(driver, random, &name);
}

/// The catalogs' files are named in `pg_filenode.map`, which is rewritten with them.
pub(crate) fn rewrite_catalogs(driver: &mut Driver<'_>, random: &mut Random) {
    let name = some(driver, random);
    let session = driver.common.server.session(&name);
    for statement in
        ["VACUUM FULL pg_class", "VACUUM FULL pg_attribute", "REINDEX TABLE pg_class", "VACUUM"]
    {
        if let Err(error) = session.try_text(statement) {
            driver.fail(&format!("{name}: {statement}: {error}"));
        }
    }
}

/// Never while a backup runs. The log says of a move only "copy the old directory"; the old one is
/// then removed. Recovery from a backup that began before and lists after it copies what is not in
/// the backup: the database is lost, with any tool that copies files, pg_basebackup included.
pub(crate) fn set_tablespace(driver: &mut Driver<'_>, random: &mut Random) {
    let name = some(driver, random);
    let step = 1 + random.index(DATABASE_PLACES.len() - 1);
    driver.model.database_place = (driver.model.database_place + step) % DATABASE_PLACES.len();
    let new = DATABASE_PLACES[driver.model.database_place];
    let _no_backup = driver.common.moves.read().unwrap();
    driver.run_sql(&format!("ALTER DATABASE {name} SET TABLESPACE {new}"));
}

pub(crate) fn drop_some(driver: &mut Driver<'_>, random: &mut Random) {
    let name = some(driver, random);
    drop_one(driver, random, &name);
}

fn drop_one(driver: &mut Driver<'_>, random: &mut Random, name: &str) {
    set(driver, name, Content::Perhaps);
    let force = if random.chance(50) { "" } else { " WITH (FORCE)" };
    driver.run_sql(&format!("DROP DATABASE {name}{force}"));
    driver.holdings.databases.remove(name);
}

fn place(driver: &Driver<'_>, name: &str) -> PathBuf {
    driver.common.scratch.join(PLACES).join(name)
}

/// Each session has one at a time; tables move in and out of it by chance.
pub(crate) fn create_tablespace(driver: &mut Driver<'_>, _: &mut Random) {
    if let Some(old) = driver.model.own_tablespace.clone() {
        drop_tablespace_of(driver, &old);
    }
    let number = driver.model.fresh();
    let name = format!("s{}_ts{number}", driver.model.session);
    let path = place(driver, &name);
    fs::create_dir(&path).unwrap();
    driver.common.scratch.give(&path);
    driver.holdings.tablespaces.insert(name.clone(), false);
    driver.note();
    driver.places.push(path.clone());
    driver.run_sql(&format!("CREATE TABLESPACE {name} LOCATION '{}'", path.display()));
    driver.holdings.tablespaces.insert(name.clone(), true);
    // A table in it at once.
    let table = format!("t{}", driver.model.fresh());
    driver.run_sql("BEGIN");
    driver.run_sql(&format!(
        "CREATE TABLE {table}_in TABLESPACE {name} AS SELECT g AS id, md5(g::text) FROM generate_series(1, 300) g"
    ));
    driver
        .run_sql(&format!("DROP TABLE IF EXISTS in_own; ALTER TABLE {table}_in RENAME TO in_own"));
    driver.commit();
    driver.model.own_tablespace = Some(name);
}

pub(crate) fn drop_tablespace(driver: &mut Driver<'_>, random: &mut Random) {
    if driver.model.own_tablespace.is_none() {
        create_tablespace(driver, random);
    }
    let name = driver.model.own_tablespace.clone().unwrap();
    drop_tablespace_of(driver, &name);
}

fn drop_tablespace_of(driver: &mut Driver<'_>, name: &str) {
    driver.run_sql("BEGIN");
    for kind in ["TABLE", "INDEX", "MATERIALIZED VIEW"] {
        driver.run_sql(&format!("ALTER {kind} ALL IN TABLESPACE {name} SET TABLESPACE pg_default"));
    }
    for table in &mut driver.model.tables {
        if table.tablespace == name {
            table.tablespace = "pg_default".to_owned();
        }
    }
    driver.model.own_tablespace = None;
    driver.holdings.tablespaces.insert(name.to_owned(), false);
    driver.commit();
    driver.run_sql(&format!("DROP TABLESPACE {name}"));
    driver.holdings.tablespaces.remove(name);
    // An administrator removes what he does not need any more; the server left it empty.
    let path = place(driver, name);
    if let Err(error) = fs::remove_dir(&path) {
        driver.fail(&format!("remove {}: {error}", path.display()));
    }
}
