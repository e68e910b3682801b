//! The members of a tar, each compared with its row.

use super::row::Member;
use errors::{Error, Kind, Result};
use formats::tar::{self, Decoded};
use std::io::{self, Read};
use stream::RelPath;

/// What is left of a volume's tar, or of a frame of it.
pub(super) struct Members<R> {
    pub(super) key: String,
    pub(super) tar: R,
    /// Stored offset of the frame being read: where to look when something is wrong.
    pub(super) frame_at: u64,
}

impl<R: Read> Members<R> {
    pub(super) fn expect_header(&mut self, member: &Member) -> Result<()> {
        let wanted = member.tar_header();
        match self.next_header()? {
            Some(header) if header == wanted => Ok(()),
            _ => {
                let text = format!(
                    "{} near byte {}: the tar does not hold {} where its row says",
                    self.key,
                    self.frame_at,
                    String::from_utf8_lossy(&wanted.path)
                );
                Err(Error::new(Kind::Manifest, text))
            }
        }
    }

    fn next_header(&mut self) -> Result<Option<tar::Header>> {
        let mut bytes = Vec::new();
        loop {
            match tar::decode(&bytes).map_err(|error| self.damaged(&error))? {
                Decoded::Entry { header, .. } => return Ok(Some(header)),
                Decoded::End { .. } => return Ok(None),
                Decoded::Need(total) => {
                    let missing = total.saturating_sub(bytes.len()) as u64;
                    let read = Read::take(&mut self.tar, missing).read_to_end(&mut bytes);
                    if read.map_err(|error| self.damaged(&error))? == 0 {
                        return Err(self.damaged(&"it ends too early"));
                    }
                }
            }
        }
    }

    /// Gives the member's body to `visit`, and compares what was read with the row's checksum.
    pub(super) fn read_body(
        &mut self,
        path: &RelPath,
        length: u64,
        wanted: u32,
        visit: &mut dyn FnMut(&mut dyn Read) -> Result<()>,
    ) -> Result<()> {
        let mut body = Body { tar: &mut self.tar, left: length, crc32c: 0, broken: None };
        let visited = visit(&mut body);
        if let Some(error) = body.broken.take() {
            // The visitor saw a read error, but cannot know which object it came from.
            return Err(self.damaged(&format!("{path}: {error}")));
        }
        visited?;
        // What the visitor left unread belongs to the checksum too; `broken` keeps a failure.
        let _ = io::copy(&mut body, &mut io::sink());
        let (left, crc32c, broken) = (body.left, body.crc32c, body.broken.take());
        if left > 0 || broken.is_some() || crc32c != wanted {
            return Err(self.damaged(&format!(
                "the checksum of {path} is {crc32c:08x}, {wanted:08x} was written"
            )));
        }
        let mut padding = [0; 512];
        let padding = &mut padding[..tar::padding(length)];
        self.tar.read_exact(padding).map_err(|error| self.damaged(&error))
    }

    pub(super) fn expect_end(&mut self) -> Result<()> {
        if self.next_header()?.is_some() {
            return Err(self.damaged(&"it holds members without rows"));
        }
        let after = io::copy(&mut self.tar, &mut io::sink());
        match after.map_err(|error| self.damaged(&error))? {
            0 => Ok(()),
            _ => Err(self.damaged(&"bytes follow the end of the tar")),
        }
    }

    pub(super) fn damaged(&self, why: &dyn std::fmt::Display) -> Error {
        damaged(&self.key, self.frame_at, why)
    }
}

/// A member's body. It remembers a read error, which the visitor may dress up as its own.
struct Body<'a, R> {
    tar: &'a mut R,
    left: u64,
    crc32c: u32,
    broken: Option<String>,
}

impl<R: Read> Read for Body<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.tar.read(&mut buffer[..wanted]).and_then(|read| match read {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(read),
        });
        match read {
            Ok(read) => {
                self.crc32c = crc32c::crc32c_append(self.crc32c, &buffer[..read]);
                self.left -= read as u64;
                Ok(read)
            }
            Err(error) => {
                self.broken = Some(error.to_string());
                Err(error)
            }
        }
    }
}

pub(super) fn damaged(key: &str, frame_at: u64, why: &dyn std::fmt::Display) -> Error {
    Error::new(Kind::Checksum, format!("{key} is damaged near byte {frame_at}: {why}"))
        .hint("`seawall verify` tells what else is damaged; restore from another backup.")
}
