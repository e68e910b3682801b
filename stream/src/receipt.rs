//! Receipts: what became of a body, told once it has been read to its end.

use crate::Finding;
use crossbeam_channel::{Receiver, Sender, bounded};
use errors::{Error, Kind, Result};

/// What a sink found while it read a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Bytes that the stream carries.
    pub bytes: u64,
    /// CRC-32C of them.
    pub crc32c: u32,
    /// Bytes at the end that were missing at the source and are zeros in the stream.
    pub shortfall: u64,
    /// The file was gone; the stream carries nothing of it.
    pub vanished: bool,
    /// What the tap saw.
    pub findings: Vec<Finding>,
}

/// Redeemed later: `put` returns before the body is read.
pub struct Receipt(Receiver<Result<Outcome>>);

/// The sink's half of a [`Receipt`].
pub struct ReceiptWriter(Sender<Result<Outcome>>);

/// A receipt and the means to fill it.
#[must_use]
pub fn receipt() -> (ReceiptWriter, Receipt) {
    let (sender, receiver) = bounded(1);
    (ReceiptWriter(sender), Receipt(receiver))
}

impl Receipt {
    /// Waits until the body has been read to its end.
    ///
    /// # Errors
    /// The body could not be read or stored, or the sink gave up before it came to it.
    pub fn redeem(self) -> Result<Outcome> {
        self.0.recv().unwrap_or_else(|_| {
            Err(Error::new(Kind::Interrupted, "the sink stopped before it read this file"))
        })
    }
}

impl ReceiptWriter {
    /// Fills the receipt. Nobody may be waiting for it any more; that is no failure.
    pub fn fill(self, outcome: Result<Outcome>) {
        let _ = self.0.send(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_writer_is_an_error_and_not_a_wait() {
        let (writer, waiting) = receipt();
        drop(writer);
        assert_eq!(waiting.redeem().unwrap_err().kind(), Kind::Interrupted);
    }
}
