//! Reading bodies of known length: exactly as many bytes as were promised.

use super::task::Source;
use errors::{Error, Kind, Result};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use stream::{Cancel, Tap};
use system::{Block, read_promised};

/// Reads one task's source, block by block.
pub(super) struct BodyReader<'a> {
    pub(super) source: &'a mut Source,
    /// Open where the source is a file.
    pub(super) file: Option<&'a File>,
    pub(super) tap: Option<&'a mut Box<dyn Tap>>,
    pub(super) cancel: &'a Cancel,
    pub(super) block: Vec<u8>,
}

impl BodyReader<'_> {
    /// Gives exactly `length` bytes from `offset` on to `out`, and those that were there to the tap.
    /// Answers how many bytes were missing.
    pub(super) fn read_exactly(
        &mut self,
        offset: u64,
        length: u64,
        out: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<u64> {
        let (source, file, cancel) = (&mut *self.source, self.file, self.cancel);
        let mut read = |at: u64, buffer: &mut [u8]| {
            if cancel.is_cancelled() {
                return Err(Error::new(Kind::Interrupted, "the job was cancelled"));
            }
            loop {
                match read_some(source, file, at, buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => return read.map_err(|error| unreadable(source, at, error)),
                }
            }
        };
        let tap = &mut self.tap;
        let mut take = |block: Block<'_>| {
            if let Some(tap) = tap.as_mut().filter(|_| block.there > 0) {
                tap.bytes(block.offset, &block.bytes[..block.there]);
            }
            out(block.bytes)
        };
        read_promised((offset, length), &mut self.block, &mut read, &mut take)
    }
}

fn unreadable(source: &Source, at: u64, error: io::Error) -> Error {
    let place = match source {
        Source::File(shared) => shared.path().display().to_string(),
        _ => "a stream".to_owned(),
    };
    Error::io(format!("read {place} at byte {at}"), error).with_kind(Kind::SourceFiles)
}

fn read_some(
    source: &mut Source,
    file: Option<&File>,
    offset: u64,
    buffer: &mut [u8],
) -> io::Result<usize> {
    match (source, file) {
        (Source::Reader(reader), _) => reader.read(buffer),
        (Source::File(_), Some(file)) => file.read_at(buffer, offset),
        (Source::Bytes(bytes), _) => {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            (&bytes[start..]).read(buffer)
        }
        (Source::Nothing | Source::File(_) | Source::Part(_), _) => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancel_ends_the_reading() {
        let mut source = Source::Bytes(vec![0; 10]);
        let cancel = Cancel::new();
        cancel.cancel();
        let mut reader = BodyReader {
            source: &mut source,
            file: None,
            tap: None,
            cancel: &cancel,
            block: Vec::new(),
        };
        let error = reader.read_exactly(0, 10, &mut |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), Kind::Interrupted);
    }
}
