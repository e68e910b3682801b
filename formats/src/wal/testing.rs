//! A log written for tests: records of any kind, cut by pages and segments as a server cuts them.

use crate::Lsn;
use crate::wal::page::MAGICS;

/// Bytes in a segment of these logs.
pub(crate) const SEGMENT: u64 = 1 << 20;

pub(crate) const XLOG: u8 = 0;
pub(crate) const TRANSACTION: u8 = 1;
pub(crate) const HEAP: u8 = 10;

/// Microseconds since 2000 of 2026-11-20 13:25:50.679967 UTC.
pub(crate) const TIME: i64 = 848_496_350_679_967;

pub(crate) struct Log {
    major: u16,
    block: u64,
    bytes: Vec<u8>,
    begin: u64,
    pub(crate) prev: u64,
    /// Flags of the next page, besides those that follow from its place.
    pub(crate) flags: u16,
    pub(crate) timeline: u32,
}

impl Log {
    pub(crate) fn new(major: u16, block: u64) -> Self {
        let begin = 7 * SEGMENT;
        let (prev, bytes) = (begin - 512, Vec::new());
        Self { major, block, bytes, begin, prev, flags: 0, timeline: 1 }
    }

    pub(crate) fn at(&self) -> u64 {
        self.begin + self.bytes.len() as u64
    }

    /// Writes a record, and says where it begins.
    pub(crate) fn push(&mut self, rmgr: u8, info: u8, xid: u32, data: &[u8]) -> Lsn {
        if self.at().is_multiple_of(self.block) {
            self.page(0);
        }
        let begin = self.at();
        let record = self.record(rmgr, info, xid, data);
        self.put(&record);
        self.prev = begin;
        Lsn(begin)
    }

    /// The record that would come next, with its checksum.
    pub(crate) fn record(&self, rmgr: u8, info: u8, xid: u32, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(24 + data.len()).unwrap();
        let mut record = [length, xid].map(u32::to_le_bytes).concat();
        record.extend(self.prev.to_le_bytes());
        record.extend([info, rmgr, 0, 0]);
        let crc = crc32c::crc32c_append(crc32c::crc32c(data), &record);
        record.extend(crc.to_le_bytes());
        record.extend(data);
        record
    }

    pub(crate) fn put(&mut self, record: &[u8]) {
        let mut rest = record;
        while !rest.is_empty() {
            if self.at().is_multiple_of(self.block) {
                self.page(u32::try_from(rest.len()).unwrap());
            }
            let room = usize::try_from(self.block - self.at() % self.block).unwrap();
            let (here, after) = rest.split_at(room.min(rest.len()));
            self.bytes.extend(here);
            rest = after;
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
    }

    fn page(&mut self, rest: u32) {
        let is_first = self.at().is_multiple_of(SEGMENT);
        let (magic, _) = MAGICS.iter().find(|(_, major)| *major == self.major).unwrap();
        let info = std::mem::take(&mut self.flags) | u16::from(rest > 0) | u16::from(is_first) << 1;
        let at = self.at();
        self.bytes.extend([magic.to_le_bytes(), info.to_le_bytes()].concat());
        self.bytes.extend(self.timeline.to_le_bytes());
        self.bytes.extend(at.to_le_bytes());
        self.bytes.extend(u64::from(rest).to_le_bytes());
        if is_first {
            self.bytes.extend(99_u64.to_le_bytes());
            self.bytes.extend(u32::try_from(SEGMENT).unwrap().to_le_bytes());
            self.bytes.extend(u32::try_from(self.block).unwrap().to_le_bytes());
        }
    }

    /// Writes one record, without a meaning, that ends `left` bytes before the end of the segment.
    pub(crate) fn fill(&mut self, left: u64) {
        if self.at().is_multiple_of(self.block) {
            self.page(0);
        }
        let until = self.at().next_multiple_of(SEGMENT) - left;
        let headers = |at: u64| 24 * at.div_ceil(self.block);
        let bytes = until - self.at() - (headers(until) - headers(self.at()));
        self.push(XLOG, 0x20, 0, &main_data(&vec![0xA5; usize::try_from(bytes).unwrap() - 29]));
    }

    /// Zeros up to the end of the segment, as after a switch.
    pub(crate) fn pad(&mut self) {
        let end = self.bytes.len().next_multiple_of(usize::try_from(SEGMENT).unwrap());
        self.bytes.resize(end, 0);
    }

    /// The segments, the last one with zeros after its records.
    pub(crate) fn segments(mut self) -> Vec<Vec<u8>> {
        self.pad();
        self.bytes.chunks(usize::try_from(SEGMENT).unwrap()).map(<[u8]>::to_vec).collect()
    }
}

/// Main data with its header, which is the long one for more than 255 bytes and for fillers.
pub(crate) fn main_data(data: &[u8]) -> Vec<u8> {
    match u8::try_from(data.len()) {
        Ok(length) if data.first() != Some(&0xA5) => [&[255, length], data].concat(),
        _ => [&[254], &u32::try_from(data.len()).unwrap().to_le_bytes()[..], data].concat(),
    }
}

/// A transaction's end with these flags and what belongs to them.
pub(crate) fn finish(time: i64, flags: u32, data: &[u8]) -> Vec<u8> {
    let flags = if flags == 0 { Vec::new() } else { flags.to_le_bytes().to_vec() };
    main_data(&[&time.to_le_bytes(), &flags[..], data].concat())
}

/// A list of `count` items of `bytes` bytes.
pub(crate) fn list(count: u32, bytes: usize) -> Vec<u8> {
    let items = vec![0x5A; usize::try_from(count).unwrap() * bytes];
    [&count.to_le_bytes(), &items[..]].concat()
}

pub(crate) fn restore_point(time: i64, name: &str) -> Vec<u8> {
    let mut data = time.to_le_bytes().to_vec();
    data.extend(name.as_bytes());
    data.resize(72, 0);
    main_data(&data)
}

/// A small generator (xorshift).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }
}
