//! Files written by real servers, for tests: see `fixtures/postgresql/ORIGIN.md`.

pub(crate) mod mysql;

use std::path::{Path, PathBuf};

/// The majors that have a folder of their own.
pub(crate) const MAJORS: [u16; 9] = [10, 11, 12, 13, 14, 15, 16, 17, 18];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/postgresql")
}

/// The bytes of one file, by its path below `fixtures/postgresql`.
pub(crate) fn read(path: &str) -> Vec<u8> {
    let path = root().join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn text(path: &str) -> String {
    String::from_utf8(read(path)).unwrap()
}

/// The plain bytes of an archived WAL file.
pub(crate) fn wal(folder: &str, name: &str) -> Vec<u8> {
    zstd::decode_all(read(&format!("{folder}/wal-{name}.zst")).as_slice()).unwrap()
}

/// Every archived WAL file: its folder and its name.
pub(crate) fn wal_files() -> Vec<(String, String)> {
    let folders = MAJORS.iter().map(ToString::to_string);
    let folders = folders.chain(["15/segsize1".to_owned(), "15/timeline".to_owned()]);
    let mut found = Vec::new();
    for folder in folders {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name = name.strip_prefix("wal-").and_then(|name| name.strip_suffix(".zst"));
            found.extend(name.map(|name| (folder.clone(), name.to_owned())));
        }
    }
    found
}

/// A cell of `oracle.tsv`: the column of the first row whose kind is `kind`.
pub(crate) fn oracle(folder: &str, kind: &str, column: &str) -> String {
    let table = text(&format!("{folder}/oracle.tsv"));
    let mut rows = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let column = header.iter().position(|name| *name == column).unwrap();
    let row = rows.find(|row| row[0] == kind).unwrap_or_else(|| panic!("{folder}: no {kind}"));
    row[column].to_owned()
}
