//! What every storage driver must do; its tests call [`run`]. Compiled for tests, and with the feature
//! `conformance` for drivers that live elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a suite of tests ends where something is wrong"
)]

use super::{Created, Key, Listed, Storage};
use std::io::{Read, Write};
use std::thread;
use system::failpoint::LOG;

/// Runs the whole suite on an empty store, and panics where it does not hold.
pub fn run(store: &dyn Storage) {
    store.prepare().unwrap();
    what_was_written_is_read(store);
    the_first_writer_wins(store);
    a_dropped_writer_leaves_nothing(store);
    listing_is_one_level_and_sorted(store);
    deleting_says_whether_there_was_something(store);
    if store.capabilities().create_if_absent {
        of_many_writers_one_succeeds(store);
    }
}

fn put(store: &dyn Storage, key: &Key, bytes: &[u8]) -> Created {
    let mut writer = store.create(key, LOG).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn get(store: &dyn Storage, key: &Key) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    store.open(key).unwrap()?.read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

fn what_was_written_is_read(store: &dyn Storage) {
    let key = Key::new("read").join("object");
    assert_eq!(get(store, &key), None);
    assert_eq!(store.size(&key).unwrap(), None);
    let bytes: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    assert_eq!(put(store, &key, &bytes), Created::New);
    assert_eq!(store.size(&key).unwrap(), Some(4_000_000));
    assert_eq!(get(store, &key).as_ref(), Some(&bytes));
    for offset in [0, 1, 3_999_999, 4_000_000, 5_000_000] {
        let mut read = Vec::new();
        let object = store.open_at(&key, offset).unwrap();
        object.unwrap().read_to_end(&mut read).unwrap();
        let offset = usize::try_from(offset).unwrap().min(bytes.len());
        assert!(read == bytes[offset..], "from {offset}");
    }
    assert!(store.open_at(&Key::new("read").join("none"), 1).unwrap().is_none());
    store.make_durable(&key, LOG).unwrap();
}

fn the_first_writer_wins(store: &dyn Storage) {
    let key = Key::new("once").join("object");
    assert_eq!(put(store, &key, b"first"), Created::New);
    assert_eq!(put(store, &key, b"second"), Created::Exists);
    assert_eq!(get(store, &key).unwrap(), b"first");
}

fn a_dropped_writer_leaves_nothing(store: &dyn Storage) {
    let key = Key::new("dropped").join("object");
    let mut writer = store.create(&key, LOG).unwrap();
    writer.write_all(b"half").unwrap();
    assert_eq!(get(store, &key), None, "visible before it is finished");
    assert_eq!(store.list(&Key::new("dropped")).unwrap(), []);
    drop(writer);
    assert_eq!(get(store, &key), None);
}

fn listing_is_one_level_and_sorted(store: &dyn Storage) {
    let top = Key::new("list");
    assert_eq!(store.list(&top).unwrap(), []);
    for name in ["b", "a", "c"] {
        put(store, &top.join(name), b"12");
    }
    put(store, &top.join("dir").join("deep"), b"");
    let object = |name: &str| Listed { name: name.into(), bytes: Some(2) };
    let dir = Listed { name: "dir".into(), bytes: None };
    assert_eq!(store.list(&top).unwrap(), [object("a"), object("b"), object("c"), dir]);
}

fn deleting_says_whether_there_was_something(store: &dyn Storage) {
    let key = Key::new("delete").join("object");
    assert!(!store.delete(&key).unwrap());
    put(store, &key, b"x");
    assert!(store.delete(&key).unwrap());
    assert_eq!(store.list(&Key::new("delete")).unwrap(), []);
    assert_eq!(put(store, &key, b"again"), Created::New);
}

fn of_many_writers_one_succeeds(store: &dyn Storage) {
    for round in 0..20 {
        let key = Key::new("race").join(&round.to_string());
        let won: Vec<bool> = thread::scope(|scope| {
            let write = |number: u8| put(store, &key, &[number; 100]) == Created::New;
            let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || write(n))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(won.iter().filter(|&&won| won).count(), 1);
        let winner = won.iter().position(|&won| won).unwrap();
        assert_eq!(get(store, &key).unwrap(), [u8::try_from(winner).unwrap(); 100]);
    }
}
