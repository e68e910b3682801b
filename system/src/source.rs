//! Files of a server that works on: opened where they may be gone, and read to a promised length.

use errors::{Error, Kind, Result};
use std::fs::File;
use std::io;
use std::path::Path;

/// Bytes per read. Taps that check pages rely on blocks that begin at multiples of it.
pub const BLOCK_BYTES: usize = 1 << 20;

/// Opens a file; `None` when it is gone and may be.
///
/// # Errors
/// `source-files`.
pub fn open_source(path: &Path, may_vanish: bool) -> Result<Option<File>> {
    let error = match File::open(path) {
        Ok(file) => return Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && may_vanish => return Ok(None),
        Err(error) => error,
    };
    let failed = Error::new(Kind::SourceFiles, format!("open {}: {error}", path.display()));
    Err(match error.kind() {
        io::ErrorKind::PermissionDenied => {
            failed.hint("Run as the user that owns the server's files.")
        }
        _ => failed,
    })
}

/// What was read in one step.
pub struct Block<'a> {
    /// Where it begins in the source, in bytes.
    pub offset: u64,
    /// How many of its bytes were really there; the others are zeros.
    pub there: usize,
    /// All of them.
    pub bytes: &'a [u8],
}

/// Reads a range of a source: what is longer is cut, what is missing at the end is zeros. Answers
/// how many bytes were missing.
///
/// A database may grow or truncate a file while it is copied; its log repairs both. `read` fills a
/// part of a buffer from an offset on.
///
/// # Errors
/// Those of the two.
pub fn read_promised(
    (offset, length): (u64, u64),
    block: &mut Vec<u8>,
    read: &mut dyn FnMut(u64, &mut [u8]) -> Result<usize>,
    take: &mut dyn FnMut(Block<'_>) -> Result<()>,
) -> Result<u64> {
    block.resize(BLOCK_BYTES, 0);
    let (mut done, mut missing) = (0, 0);
    while done < length {
        let wanted = usize::try_from(length - done).unwrap_or(usize::MAX).min(BLOCK_BYTES);
        let at = offset + done;
        let mut filled = 0;
        // After the first short read nothing more is read: what appears behind a truncation is
        // younger than the listing.
        while missing == 0 && filled < wanted {
            match read(at + filled as u64, &mut block[filled..wanted])? {
                0 => break,
                more => filled += more,
            }
        }
        block[filled..wanted].fill(0);
        missing += (wanted - filled) as u64;
        take(Block { offset: at, there: filled, bytes: &block[..wanted] })?;
        done += wanted as u64;
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], range: (u64, u64)) -> (Vec<u8>, u64) {
        let mut out = Vec::new();
        let mut source = |at: u64, buffer: &mut [u8]| {
            let rest = &bytes[usize::try_from(at).unwrap().min(bytes.len())..];
            // A pipe gives it in small pieces.
            let length = rest.len().min(buffer.len()).min(2);
            buffer[..length].copy_from_slice(&rest[..length]);
            Ok(length)
        };
        let missing = read_promised(range, &mut Vec::new(), &mut source, &mut |block| {
            assert!(block.there <= block.bytes.len());
            out.extend_from_slice(block.bytes);
            Ok(())
        });
        (out, missing.unwrap())
    }

    #[test]
    fn longer_is_cut_and_shorter_is_filled() {
        assert_eq!(read(b"abcdef", (0, 4)), (b"abcd".to_vec(), 0));
        assert_eq!(read(b"abc", (0, 5)), (b"abc\0\0".to_vec(), 2));
        assert_eq!(read(b"abcdef", (4, 4)), (b"ef\0\0".to_vec(), 2));
        assert_eq!(read(b"", (0, 2)), (b"\0\0".to_vec(), 2));
    }

    #[test]
    fn only_what_may_be_gone_is() {
        let gone = Path::new("/nonexistent/file");
        assert!(open_source(gone, true).unwrap().is_none());
        assert_eq!(open_source(gone, false).unwrap_err().kind(), Kind::SourceFiles);
    }
}
