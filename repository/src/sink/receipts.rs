//! One receipt for a file whose parts are read by several workers.

use errors::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use stream::{Outcome, Receipt, ReceiptWriter};

/// Collects the outcomes of all parts; the last one fills the receipt.
pub(super) struct PartReceipts {
    state: Mutex<State>,
}

struct State {
    /// What is known of the parts before `next`.
    whole: Outcome,
    next: usize,
    /// Parts that were faster than one before them.
    early: BTreeMap<usize, Outcome>,
    /// How many there are; `None` while the body is still being cut.
    parts: Option<usize>,
    writer: Option<ReceiptWriter>,
}

impl PartReceipts {
    /// A receipt that is filled after `parts` outcomes.
    pub(super) fn new(parts: usize) -> (Arc<Self>, Receipt) {
        Self::begin(Some(parts))
    }

    /// A receipt for as many parts as [`Self::end`] will say.
    pub(super) fn open_ended() -> (Arc<Self>, Receipt) {
        Self::begin(None)
    }

    fn begin(parts: Option<usize>) -> (Arc<Self>, Receipt) {
        let (writer, receipt) = stream::receipt();
        let (whole, early) = (Outcome::default(), BTreeMap::new());
        let state = State { whole, next: 0, early, parts, writer: Some(writer) };
        (Arc::new(Self { state: Mutex::new(state) }), receipt)
    }

    /// Tells what became of one part. The first failure is the file's.
    pub(super) fn tell(&self, part: usize, outcome: Result<Outcome>) {
        let Ok(mut state) = self.state.lock() else { return };
        match outcome {
            Ok(outcome) => state.add(part, outcome),
            Err(error) => state.fill(Err(error)),
        }
    }

    /// There were `parts` parts, and `rest` is known of the body beside them.
    pub(super) fn end(&self, parts: usize, rest: Outcome) {
        let Ok(mut state) = self.state.lock() else { return };
        state.parts = Some(parts + 1);
        state.add(parts, rest);
    }
}

impl State {
    fn add(&mut self, part: usize, outcome: Outcome) {
        self.early.insert(part, outcome);
        while let Some(outcome) = self.early.remove(&self.next) {
            if let Err(error) = combine(&mut self.whole, outcome) {
                return self.fill(Err(error));
            }
            self.next += 1;
        }
        if self.parts == Some(self.next) {
            let whole = std::mem::take(&mut self.whole);
            self.fill(Ok(whole));
        }
    }

    fn fill(&mut self, outcome: Result<Outcome>) {
        if let Some(writer) = self.writer.take() {
            writer.fill(outcome);
        }
    }
}

fn combine(whole: &mut Outcome, part: Outcome) -> Result<()> {
    let length = usize::try_from(part.bytes)
        .map_err(|_| Error::new(Kind::Bug, "a part larger than memory addresses"))?;
    whole.crc32c = crc32c::crc32c_combine(whole.crc32c, part.crc32c, length);
    whole.bytes += part.bytes;
    whole.shortfall += part.shortfall;
    whole.vanished |= part.vanished;
    whole.findings.extend(part.findings);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream::Finding;

    fn part(bytes: &str) -> Outcome {
        let crc32c = crc32c::crc32c(bytes.as_bytes());
        Outcome { bytes: bytes.len() as u64, crc32c, ..Outcome::default() }
    }

    #[test]
    fn parts_in_any_order_give_the_checksum_of_the_whole() {
        let (receipts, receipt) = PartReceipts::new(3);
        for (number, bytes) in [(2, "cc"), (0, "aaaa"), (1, "")] {
            receipts.tell(number, Ok(part(bytes)));
        }
        let whole = receipt.redeem().unwrap();
        assert_eq!((whole.bytes, whole.crc32c), (6, crc32c::crc32c(b"aaaacc")));
    }

    #[test]
    fn the_end_may_be_known_before_all_parts_are_stored() {
        let finding = Finding { id: "x".into(), offset: 3, text: String::new() };
        let (receipts, receipt) = PartReceipts::open_ended();
        receipts.tell(1, Ok(part("bb")));
        receipts.end(2, Outcome { findings: vec![finding.clone()], ..Outcome::default() });
        receipts.tell(0, Ok(part("a")));
        let whole = receipt.redeem().unwrap();
        assert_eq!((whole.bytes, whole.crc32c), (3, crc32c::crc32c(b"abb")));
        assert_eq!(whole.findings, [finding]);
    }

    #[test]
    fn a_failed_part_fails_the_file() {
        let (receipts, receipt) = PartReceipts::new(2);
        receipts.tell(0, Ok(Outcome::default()));
        receipts.tell(1, Err(Error::new(Kind::Io, "x")));
        assert_eq!(receipt.redeem().unwrap_err().kind(), Kind::Io);
    }
}
