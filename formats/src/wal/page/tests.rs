use super::*;
use crate::fixture;
use crate::{ControlFile, WalFile};

/// Every whole segment among the fixtures, with the folder it lies in.
fn segments() -> Vec<(String, SegmentName, Vec<u8>)> {
    let mut segments = Vec::new();
    for (folder, name) in fixture::wal_files() {
        let bytes = fixture::wal(&folder, &name);
        let size = SegmentSize::new(bytes.len() as u64).unwrap();
        if let Some(name) = SegmentName::parse(&name, size) {
            segments.push((folder, name, bytes));
        }
    }
    segments
}

#[test]
fn every_real_segment_is_what_its_name_says() {
    let segments = segments();
    assert_eq!(segments.len(), 2 * 9 + 2 + 1);
    for (folder, name, bytes) in segments {
        let page = FirstPage::parse(&bytes[..HEADER_BYTES]).unwrap();
        let control = ControlFile::parse(&fixture::read(&format!("{folder}/pg_control.bin")));
        let control = control.unwrap();
        assert_eq!(page.check(&name, Some(control.system_identifier)), Ok(()), "{folder}");
        assert_eq!(Some(page.major), control.major, "{folder}");
        assert_eq!(page.segment_size, control.segment_size, "{folder}");
        assert_eq!(page.block_size, control.wal_block_size, "{folder}");
    }
}

#[test]
fn the_first_segment_after_a_switch_begins_on_the_old_timeline() {
    let bytes = fixture::wal("15/timeline", "000000020000000000000003");
    let page = FirstPage::parse(&bytes).unwrap();
    assert_eq!(page.timeline.get(), 1);
    let name = |name| SegmentName::parse(name, page.segment_size).unwrap();
    assert_eq!(page.check(&name("000000020000000000000003"), None), Ok(()));
    assert_eq!(page.check(&name("000000010000000000000003"), None), Ok(()));
}

#[test]
fn a_mismatch_says_what_differs() {
    let bytes = fixture::wal("15", "000000010000000000000002");
    let mut page = FirstPage::parse(&bytes).unwrap();
    let name = |name| SegmentName::parse(name, page.segment_size).unwrap();
    let right = name("000000010000000000000002");
    let (found, named) = (Lsn(2 << 24), Lsn(3 << 24));
    let other = page.check(&name("000000010000000000000003"), None);
    assert_eq!(other, Err(FirstPageMismatch::Address { found, named }));

    let (found, expected) = (page.system_identifier, SystemIdentifier::new(1));
    let other = page.check(&right, Some(expected));
    assert_eq!(other, Err(FirstPageMismatch::System { found, expected }));

    page.timeline = TimelineId::new(2).unwrap();
    let (found, named) = (page.timeline, right.timeline);
    assert_eq!(page.check(&right, None), Err(FirstPageMismatch::Timeline { found, named }));
}

#[test]
fn a_partial_segment_has_the_same_header() {
    let bytes = fixture::wal("15/timeline", "000000010000000000000003.partial");
    assert!(matches!(
        WalFile::parse("000000010000000000000003.partial"),
        Some(WalFile::Partial(_))
    ));
    assert_eq!(FirstPage::parse(&bytes).unwrap().page_address, Lsn(3 << 24));
}

/// After a crash that lost the rest of a record, the next segment says so in its first page.
#[test]
fn a_segment_may_begin_by_giving_a_record_up() {
    let mut bytes = fixture::wal("18", "000000010000000000000002");
    bytes[2] = 0x0A;
    assert_eq!(FirstPage::parse(&bytes).unwrap().info, 0x0A);
}

#[test]
fn refuses_what_no_server_writes() {
    let bytes = fixture::wal("18", "000000010000000000000002");
    let good: [u8; HEADER_BYTES] = *bytes.first_chunk().unwrap();
    let with = |offset: usize, value: &[u8]| {
        let mut header = good;
        header[offset..offset + value.len()].copy_from_slice(value);
        FirstPage::parse(&header).unwrap_err()
    };
    let field = |field, value| FirstPageError::Field { field, value };
    assert_eq!(with(0, &[0x18, 0xD2]), FirstPageError::UnknownMagic { magic: 0xD218 });
    assert_eq!(with(2, &[0x05, 0]), FirstPageError::Flags { info: 5 });
    assert_eq!(with(2, &[0x12, 0]), FirstPageError::Flags { info: 18 });
    assert_eq!(with(4, &[0; 4]), field("timeline", 0));
    assert_eq!(with(8, &[0, 0x20, 0, 0x02]), field("page address", 0x0200_2000));
    assert_eq!(with(32, &[1, 0, 0, 1]), field("segment size", (1 << 24) + 1));
    assert_eq!(with(36, &[0; 4]), field("block size", 0));
    assert_eq!(with(36, &[0, 2, 0, 0]), field("block size", 512));
    assert_eq!(with(36, &[0, 0, 2, 0]), field("block size", 1 << 17));
    assert_eq!(FirstPage::parse(&good[..39]), Err(FirstPageError::TooShort { bytes: 39 }));

    // The second page of the same segment has a short header.
    let later = FirstPage::parse(&bytes[8192..]);
    assert!(matches!(later, Err(FirstPageError::Flags { .. })), "{later:?}");
}
