//! Reading bodies of known length: exactly as many bytes as were promised.

use super::task::Source;
use errors::{Error, Kind, Result};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use stream::{Cancel, Tap};

/// Bytes per read. Taps that check pages rely on blocks that begin at multiples of it.
pub(super) const BLOCK_BYTES: usize = 1 << 20;

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
    /// Gives exactly `length` bytes from `offset` on to `out`: what is longer is cut, what is
    /// missing at the end is zeros. Answers how many bytes were missing.
    ///
    /// A database may grow or truncate a file while it is copied; its log repairs both.
    pub(super) fn read_exactly(
        &mut self,
        offset: u64,
        length: u64,
        out: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<u64> {
        let mut done = 0;
        let mut missing = 0;
        while done < length {
            if self.cancel.is_cancelled() {
                return Err(Error::new(Kind::Interrupted, "the job was cancelled"));
            }
            let wanted = usize::try_from(length - done).unwrap_or(usize::MAX).min(BLOCK_BYTES);
            let at = offset + done;
            // After the first short read nothing more is read: what appears behind a truncation
            // is younger than the listing.
            let read = if missing == 0 { self.fill(at, wanted)? } else { 0 };
            if let Some(tap) = &mut self.tap
                && read > 0
            {
                tap.bytes(at, &self.block[..read]);
            }
            self.block[read..wanted].fill(0);
            missing += (wanted - read) as u64;
            out(&self.block[..wanted])?;
            done += wanted as u64;
        }
        Ok(missing)
    }

    /// Fills the block as far as the source has bytes.
    fn fill(&mut self, offset: u64, wanted: usize) -> Result<usize> {
        self.block.resize(BLOCK_BYTES, 0);
        let mut filled = 0;
        while filled < wanted {
            let at = offset + filled as u64;
            match read_some(self.source, self.file, at, &mut self.block[filled..wanted]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let place = describe(self.source);
                    let error = Error::io(format!("read {place} at byte {at}"), error);
                    return Err(error.with_kind(Kind::SourceFiles));
                }
            }
        }
        Ok(filled)
    }
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

fn describe(source: &Source) -> String {
    match source {
        Source::File(shared) => shared.path().display().to_string(),
        _ => "a stream".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], offset: u64, length: u64) -> (Vec<u8>, u64) {
        let mut source = Source::Bytes(bytes.to_vec());
        let cancel = Cancel::new();
        let mut reader = BodyReader {
            source: &mut source,
            file: None,
            tap: None,
            cancel: &cancel,
            block: Vec::new(),
        };
        let mut out = Vec::new();
        let missing = reader
            .read_exactly(offset, length, &mut |block| {
                out.extend_from_slice(block);
                Ok(())
            })
            .unwrap();
        (out, missing)
    }

    #[test]
    fn longer_is_cut_and_shorter_is_filled() {
        assert_eq!(read(b"abcdef", 0, 4), (b"abcd".to_vec(), 0));
        assert_eq!(read(b"abc", 0, 5), (b"abc\0\0".to_vec(), 2));
        assert_eq!(read(b"abcdef", 4, 4), (b"ef\0\0".to_vec(), 2));
        assert_eq!(read(b"", 0, 2), (b"\0\0".to_vec(), 2));
    }

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
