//! Pages that are sound, torn, old, misplaced.

use super::*;
use std::fs;

fn tap(path: &Path, now: Option<Lsn>, start: u64) -> Box<PageTap> {
    let checks = PageChecks {
        block_size: 8192,
        blocks_per_segment: 131_072,
        start: Lsn(start),
        insert_lsn: Box::new(move || now),
    };
    let file = RelationFile::parse("16387").unwrap();
    Box::new(PageTap::new(&Arc::new(checks), path, file))
}

fn page() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/postgresql/15/page.bin");
    fs::read(path).unwrap()
}

fn findings(damage: impl Fn(&mut Vec<u8>), now: Option<Lsn>, start: u64) -> Vec<Finding> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("16387");
    let mut bytes = page();
    damage(&mut bytes);
    fs::write(&path, &bytes).unwrap();
    let mut tap = tap(&path, now, start);
    tap.bytes(0, &bytes);
    tap.findings()
}

#[test]
fn a_sound_page_and_a_partial_one_are_fine() {
    assert_eq!(findings(|_| {}, None, 0), []);
    assert_eq!(findings(|bytes| bytes.truncate(5000), None, 0), []);
    assert_eq!(findings(|bytes| bytes.fill(0), None, 0), []);
}

#[test]
fn old_damage_is_found_with_its_block() {
    let found = findings(|bytes| bytes[8000] ^= 1, Some(Lsn(0x9000_0000)), 0x3000_0000);
    assert_eq!(found.len(), 1);
    assert!(found[0].text.starts_with("page 0 of /"), "{}", found[0].text);
}

#[test]
fn a_page_newer_than_the_start_comes_from_the_log_unless_its_position_is_impossible() {
    // The page's LSN is 0/2035038.
    let torn = |bytes: &mut Vec<u8>| bytes[8000] ^= 1;
    assert_eq!(findings(torn, Some(Lsn(0x2040000)), 0x2000028), []);
    assert_eq!(findings(torn, Some(Lsn(0x2030000)), 0x2000028).len(), 1);
    assert_eq!(findings(torn, None, 0x2000028).len(), 1);
}

#[test]
fn a_page_that_changes_is_being_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("16387");
    fs::write(&path, page()).unwrap();
    let mut torn = page();
    torn[100] ^= 1;
    let mut tap = tap(&path, None, u64::MAX);
    tap.bytes(0, &torn);
    assert_eq!(tap.findings(), []);
}

#[test]
fn a_page_in_another_place_does_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("16387");
    let two = [page(), page()].concat();
    fs::write(&path, &two).unwrap();
    let mut tap = tap(&path, None, u64::MAX);
    tap.bytes(0, &two);
    assert_eq!(tap.findings()[0].offset, 8192);
}

#[test]
fn blocks_count_from_the_relations_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("16387.2");
    fs::write(&path, page()).unwrap();
    let mut tap = tap(&path, None, u64::MAX);
    tap.file = RelationFile::parse("16387.2").unwrap();
    assert_eq!(tap.block_number(3 * 8192), 2 * 131_072 + 3);
    // The page is right for block 0 only.
    tap.bytes(0, &page());
    let text = &tap.findings()[0].text;
    assert!(text.starts_with("page 262144 of "), "{text}");
}

#[test]
fn a_free_space_map_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("16387_fsm");
    let mut bytes = page();
    bytes[9] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let mut tap = tap(&path, None, u64::MAX);
    tap.file = RelationFile::parse("16387_fsm").unwrap();
    tap.bytes(0, &bytes);
    assert_eq!(tap.findings()[0].id, "page-checksum-fsm");
}

#[test]
fn a_file_of_damage_is_told_in_few_words() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("16387");
    let mut bytes = page().repeat(60);
    for page in bytes.chunks_exact_mut(8192) {
        page[5000] ^= 1;
    }
    fs::write(&path, &bytes).unwrap();
    let mut tap = tap(&path, None, u64::MAX);
    tap.bytes(0, &bytes);
    let findings = tap.findings();
    assert_eq!(findings.len(), FINDINGS_MAX + 1);
    assert!(findings.last().unwrap().text.starts_with("44 more pages of"));
}
