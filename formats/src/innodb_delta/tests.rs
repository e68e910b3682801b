//! Deltas of real incrementals, and ones that no tool would write.

use super::*;
use crate::bytes::u32_at;
use crate::fixture::mysql;

type Pages = Vec<(u32, Vec<u8>)>;

/// The pages of a delta that comes in chunks of that size, and how it ended.
fn read(delta: &[u8], size: PageSize, chunk: usize) -> (Pages, Result<DeltaSummary, DeltaError>) {
    let mut parser = DeltaParser::new(size);
    let mut pages = Pages::new();
    for mut chunk in delta.chunks(chunk) {
        loop {
            match parser.next(&mut chunk) {
                Ok(None) => break,
                Ok(Some(found)) => {
                    if found.within == 0 {
                        pages.push((found.page, Vec::new()));
                    }
                    let (page, bytes) = pages.last_mut().unwrap();
                    assert_eq!((*page, bytes.len()), (found.page, found.within as usize));
                    let offset = u64::from(*page) * u64::from(size.bytes()) + bytes.len() as u64;
                    assert_eq!(found.offset, offset);
                    bytes.extend_from_slice(found.bytes);
                }
                Err(error) => {
                    assert_eq!(parser.finish(), Err(error));
                    return (pages, Err(error));
                }
            }
        }
    }
    (pages, parser.finish())
}

fn size(bytes: u32) -> PageSize {
    PageSize::new(bytes).unwrap()
}

/// A list of pages, filled up with zeros as if they were left from before.
fn list(magic: &[u8; 4], size: PageSize, numbers: &[u32]) -> Vec<u8> {
    let mut list = magic.to_vec();
    list.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    if list.len() < usize::from(size) {
        list.extend(END_OF_LIST.to_be_bytes());
    }
    list.resize(usize::from(size), 0);
    list
}

/// Every page of every recorded incremental says its own number, but for what the doublewrite area
/// holds and for pages that were never used.
#[test]
fn pages_are_where_they_say() {
    let streams = ["mariadb-10.11/inc", "xtrabackup-2.4/inc1", "xtrabackup-2.4/inc2"];
    for stream in streams {
        let is_delta = |path: &str| path.ends_with(".meta") || path.ends_with(".delta");
        let (members, _) = mysql::members(stream, is_delta);
        let mut changed = 0;
        let mut compressed = 0;
        for (path, delta) in members.iter().filter(|(path, _)| path.ends_with(".delta")) {
            let meta = &members[&path.replace(".delta", ".meta")];
            let meta = DeltaMeta::parse(meta).unwrap();
            assert_eq!(meta.space_flags.is_some(), stream.starts_with("xtrabackup"));
            compressed += usize::from(meta.zip_size.is_some());
            let (pages, summary) = read(delta, meta.page_size, 1 << 20);
            let summary = summary.unwrap();
            assert_eq!(summary.pages, pages.len() as u64);
            let bytes = (summary.pages + summary.clusters) * u64::from(meta.page_size.bytes());
            assert_eq!(bytes, delta.len() as u64);
            changed += usize::from(!pages.is_empty());
            assert_eq!(summary.file_pages.is_some(), pages.iter().any(|(number, _)| *number == 0));
            for (number, page) in &pages {
                let said = u32_at(page, 4).unwrap().swap_bytes();
                let space = u32_at(page, 34).unwrap().swap_bytes();
                let is_doublewrite = meta.space_id == 0 && (64..192).contains(number);
                let is_unused = said == 0 && space == 0;
                assert!(is_unused || is_doublewrite || said == *number, "{path}: page {number}");
                assert!(is_unused || is_doublewrite || space == meta.space_id, "{path}: {space}");
                assert!(summary.file_pages.is_none_or(|pages| *number < pages), "{path}");
            }
            assert_eq!(read(delta, meta.page_size, 4099), (pages, Ok(summary)));
        }
        assert!(changed > 1, "{stream}");
        assert_eq!(compressed > 0, stream.starts_with("xtrabackup"), "{stream}");
    }
}

#[test]
fn the_delta_of_the_failed_copy_is_refused() {
    let (members, _) = mysql::members(mysql::FAILED, |path| path.ends_with(".delta"));
    for (path, delta) in members {
        let summary = read(&delta, size(16_384), 1 << 20).1;
        let is_failed = path == "app/pc.ibd.delta";
        assert_eq!(summary.is_err(), is_failed, "{path}");
        assert_eq!(summary == Err(DeltaError::Empty), is_failed);
    }
}

#[test]
fn clusters_follow_one_another() {
    let page_size = size(1024);
    let numbers: Vec<u32> = (0..255).map(|number| number * 3).collect();
    let mut delta = list(b"xtra", page_size, &numbers);
    for number in &numbers {
        delta.extend([number.to_be_bytes(); 256].concat());
    }
    let last = delta.len();
    delta.extend(list(b"XTRA", page_size, &[u32::MAX - 1]));
    delta.extend([0xEE; 1024]);
    for chunk in [1, 1023, 1 << 20] {
        let (pages, summary) = read(&delta, page_size, chunk);
        let expected = DeltaSummary { pages: 256, clusters: 2, file_pages: Some(0) };
        assert_eq!(summary, Ok(expected));
        assert_eq!(pages[254].1, 762_u32.to_be_bytes().repeat(256));
        assert_eq!(pages[255], (u32::MAX - 1, vec![0xEE; 1024]));
    }
    for cut in [1, 1023, 1024, last - 1, last, last + 1024, delta.len() - 1] {
        let cut_off = read(&delta[..cut], page_size, 700).1;
        assert_eq!(cut_off, Err(DeltaError::Cut { at: cut as u64 }));
    }
    let at = delta.len() as u64;
    delta.push(0);
    assert_eq!(read(&delta, page_size, 700).1, Err(DeltaError::Trailing { at }));
}

#[test]
fn what_is_no_delta_is_refused() {
    let page_size = size(1024);
    assert_eq!(read(b"", page_size, 1).1, Err(DeltaError::Empty));
    assert_eq!(read(b"Xtra", page_size, 1).1, Err(DeltaError::Magic { at: 0 }));
    let short = list(b"xtra", page_size, &[1, 2]);
    assert_eq!(read(&short, page_size, 9).1, Err(DeltaError::ShortList { at: 0 }));
    let empty = list(b"XTRA", page_size, &[]);
    let expected = DeltaSummary { pages: 0, clusters: 1, file_pages: None };
    assert_eq!(read(&empty, page_size, 9).1, Ok(expected));
    // A size of the wrong table.
    assert_eq!(read(&empty, size(2048), 9).1, Err(DeltaError::Cut { at: 1024 }));
}

#[test]
fn shapes_that_no_server_has_are_refused() {
    let meta = DeltaMeta::parse(b"page_size = 16384\nzip_size = 0 \nspace_id = 5\n").unwrap();
    let expected =
        DeltaMeta { page_size: size(16_384), zip_size: None, space_id: 5, space_flags: None };
    assert_eq!(meta, expected);
    let text =
        |page, zip, space| format!("page_size = {page}\nzip_size = {zip}\nspace_id = {space}\n");
    let parse = |page, zip, space| DeltaMeta::parse(text(page, zip, space).as_bytes());
    let compressed = parse("8192", "8192", "4294967295").unwrap();
    assert_eq!(compressed.zip_size, Some(size(8192)));
    for (page, zip, space, key, value) in [
        ("512", "0", "1", "page_size", "512"),
        ("131072", "0", "1", "page_size", "131072"),
        ("16385", "0", "1", "page_size", "16385"),
        ("0", "0", "1", "page_size", "0"),
        ("16384", "8192", "1", "zip_size", "8192"),
        ("16384", "0", "4294967296", "space_id", "4294967296"),
        ("16384", "0", "-1", "space_id", "-1"),
    ] {
        let value = value.to_owned();
        assert_eq!(parse(page, zip, space), Err(MetaError::Value { key, value }));
    }
    let missing = DeltaMeta::parse(b"page_size = 16384\nzip_size = 0\n");
    assert_eq!(missing, Err(MetaError::Missing { key: "space_id" }));
}
