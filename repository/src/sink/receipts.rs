//! One receipt for a file whose parts are read by several workers.

use errors::{Error, Kind, Result};
use std::sync::{Arc, Mutex};
use stream::{Outcome, Receipt, ReceiptWriter};

/// Collects the outcomes of all parts; the last one fills the receipt.
pub(super) struct PartReceipts {
    state: Mutex<State>,
}

struct State {
    parts: Vec<Option<Outcome>>,
    writer: Option<ReceiptWriter>,
}

impl PartReceipts {
    /// A receipt that is filled after `parts` outcomes.
    pub(super) fn new(parts: usize) -> (Arc<Self>, Receipt) {
        let (writer, receipt) = stream::receipt();
        let state = State { parts: vec![None; parts], writer: Some(writer) };
        (Arc::new(Self { state: Mutex::new(state) }), receipt)
    }

    /// Tells what became of one part. The first failure is the file's.
    pub(super) fn tell(&self, part: usize, outcome: Result<Outcome>) {
        let Ok(mut state) = self.state.lock() else { return };
        match outcome {
            Ok(outcome) => {
                if let Some(slot) = state.parts.get_mut(part) {
                    *slot = Some(outcome);
                }
                if state.parts.iter().all(Option::is_some)
                    && let Some(writer) = state.writer.take()
                {
                    writer.fill(combine(std::mem::take(&mut state.parts)));
                }
            }
            Err(error) => {
                if let Some(writer) = state.writer.take() {
                    writer.fill(Err(error));
                }
            }
        }
    }
}

fn combine(parts: Vec<Option<Outcome>>) -> Result<Outcome> {
    let mut whole = Outcome::default();
    for part in parts.into_iter().flatten() {
        let length = usize::try_from(part.bytes)
            .map_err(|_| Error::new(Kind::Bug, "a part larger than memory addresses"))?;
        whole.crc32c = crc32c::crc32c_combine(whole.crc32c, part.crc32c, length);
        whole.bytes += part.bytes;
        whole.shortfall += part.shortfall;
        whole.vanished |= part.vanished;
        whole.findings.extend(part.findings);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_in_any_order_give_the_checksum_of_the_whole() {
        let (receipts, receipt) = PartReceipts::new(3);
        for (part, bytes) in [(2, "cc"), (0, "aaaa"), (1, "")] {
            receipts.tell(
                part,
                Ok(Outcome {
                    bytes: bytes.len() as u64,
                    crc32c: crc32c::crc32c(bytes.as_bytes()),
                    ..Outcome::default()
                }),
            );
        }
        let whole = receipt.redeem().unwrap();
        assert_eq!((whole.bytes, whole.crc32c), (6, crc32c::crc32c(b"aaaacc")));
    }

    #[test]
    fn a_failed_part_fails_the_file() {
        let (receipts, receipt) = PartReceipts::new(2);
        receipts.tell(0, Ok(Outcome::default()));
        receipts.tell(1, Err(Error::new(Kind::Io, "x")));
        assert_eq!(receipt.redeem().unwrap_err().kind(), Kind::Io);
    }
}
