//! Records of real servers, and logs that no server would write.

mod damage;
mod oracle;
mod synthetic;
mod waldump;

use super::*;
use crate::{Lsn, fixture};

/// A record that outlives the walk.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    begin: Lsn,
    end: Lsn,
    header: RecordHeader,
    parts: Parts,
    event: Option<Event>,
}

/// Walks over bytes in chunks of that size.
fn walk(bytes: &[u8], chunk: usize) -> (Vec<Kept>, Option<Stop>, Walker) {
    let mut walker = Walker::new(&FirstPage::parse(bytes).unwrap());
    let mut records = Vec::new();
    let stop = bytes.chunks(chunk).find_map(|chunk| {
        let mut keep = |record: &Record<'_>| records.push(kept(record));
        walker.feed(chunk, &mut keep).err()
    });
    (records, stop, walker)
}

fn kept(record: &Record<'_>) -> Kept {
    let (parts, event) = (record.parts().unwrap(), record.event().unwrap());
    Kept { begin: record.begin, end: record.end, header: record.header, parts, event }
}

fn events(records: &[Kept]) -> Vec<(Lsn, Event)> {
    records.iter().filter_map(|record| Some((record.begin, record.event.clone()?))).collect()
}

#[test]
fn chunks_of_any_size_give_the_same_records() {
    for folder in ["10", "18", "15/segsize1"] {
        let name = fixture::wal_files().into_iter().find(|(at, _)| at == folder).unwrap().1;
        let bytes = fixture::wal(folder, &name);
        let bytes = &bytes[..bytes.len().min(4 << 20)];
        let (records, stop, _) = walk(bytes, bytes.len());
        assert!(!records.is_empty());
        for chunk in [1, 7, 24, 1000, 8192, 8193, 100_000] {
            let (same, other, _) = walk(bytes, chunk);
            assert_eq!((same, other), (records.clone(), stop), "{folder}: chunks of {chunk}");
        }
    }
}
