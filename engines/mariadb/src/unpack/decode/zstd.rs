//! `.zst`: Zstandard frames, one after another.

use super::damaged;
use errors::{Error, Kind, Result};
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe::DCtx;

/// Unpacks frames as they come. An empty file has none.
pub(in super::super) struct Zstandard {
    decoder: Decoder<'static>,
    plain: Vec<u8>,
    /// No frame has begun that has not ended.
    is_between: bool,
    /// The last call filled all of the room, so that there may be more.
    is_full: bool,
}

impl Zstandard {
    pub(super) fn new() -> Result<Self> {
        let decoder = Decoder::new().map_err(|error| Error::io("begin with Zstandard", error))?;
        let plain = vec![0; DCtx::out_size()];
        Ok(Self { decoder, plain, is_between: true, is_full: false })
    }

    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>> {
        while self.is_full || !input.is_empty() {
            let mut from = InBuffer::around(input);
            let mut to = OutBuffer::around(self.plain.as_mut_slice());
            let left = self.decoder.run(&mut from, &mut to).map_err(damaged)?;
            let (read, written) = (from.pos(), to.pos());
            *input = input.get(read..).unwrap_or_default();
            self.is_between = left == 0;
            // After the end of a frame nothing is held back, and asking would begin another.
            self.is_full = left != 0 && written == self.plain.len();
            if written > 0 {
                return Ok(self.plain.get(..written));
            }
        }
        Ok(None)
    }

    pub(super) fn finish(&self) -> Result<()> {
        if self.is_between {
            return Ok(());
        }
        Err(Error::new(Kind::Checksum, "it ends inside a frame"))
    }
}
