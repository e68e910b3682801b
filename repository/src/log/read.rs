//! Reading a piece of log: nothing is given out as whole that is not what was appended.

use super::LogStore;
use errors::{Context, Error, Kind, Result};
use formats::log_piece::{self, PieceError, PieceHead, TRAILER_BYTES};
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use stream::{LogKey, LogView};

const READ_BYTES: usize = 256 << 10;

impl LogStore {
    /// Opens a piece; `None` when it is definitely absent. The caller must read to the end: only
    /// there is the last check.
    ///
    /// # Errors
    /// The storage cannot be read, or the piece's head is damaged or that of another piece.
    pub fn open_piece(&self, key: &LogKey) -> Result<Option<PieceReader>> {
        let Some((head, stored)) = self.open_stored(key)? else { return Ok(None) };
        let zstd = zstd::Decoder::new(stored).map_err(|error| Error::io("start zstd", error))?;
        Ok(Some(PieceReader {
            key: key.clone(),
            head,
            zstd,
            sha256: Sha256::new(),
            length: 0,
            broken: None,
        }))
    }

    /// The head of a piece, and what is behind it.
    fn open_stored(&self, key: &LogKey) -> Result<Option<(PieceHead, Stored)>> {
        let object_key = self.keys.piece(key);
        let Some(stored_bytes) = self.storage.size(&object_key)? else { return Ok(None) };
        let Some(object) = self.storage.open(&object_key)? else { return Ok(None) };
        let trailer_bytes = TRAILER_BYTES as u64;
        let Some(body_bytes) = stored_bytes.checked_sub(trailer_bytes) else {
            return Err(damaged(key, "it is too short"));
        };
        let mut stored = Stored { object, sha256: Sha256::new(), left: body_bytes };
        let head = read_head(&mut stored, key)?;
        if head.key != key.path() {
            return Err(damaged(key, &format!("it is the piece {}", head.key)));
        }
        Ok(Some((head, stored)))
    }

    pub(super) fn info_head(&self, key: &LogKey) -> Result<Option<PieceHead>> {
        Ok(self.open_stored(key)?.map(|(head, _)| head))
    }

    /// Reads a piece to its end and tells its plain length; `None` when it is absent.
    ///
    /// # Errors
    /// `checksum` when a byte of it is not what was appended.
    pub fn verify_piece(&self, key: &LogKey) -> Result<Option<u64>> {
        let Some(mut piece) = self.open_piece(key)? else { return Ok(None) };
        piece.copy_to(&mut io::sink())?;
        Ok(Some(piece.length))
    }

    /// The keys of all pieces of a lineage, shard by shard.
    ///
    /// # Errors
    /// The storage cannot be read; or `act`'s own.
    pub fn for_each_piece(
        &self,
        lineage: &str,
        act: &mut dyn FnMut(&LogKey) -> Result<()>,
    ) -> Result<()> {
        for lane in self.lanes(lineage)? {
            for shard in self.shards(lineage, &lane)? {
                for name in self.names(lineage, &lane, &shard)? {
                    let (lineage, lane, shard) = (lineage.to_owned(), lane.clone(), shard.clone());
                    act(&LogKey { lineage, lane, shard, name })?;
                }
            }
        }
        Ok(())
    }
}

fn read_head(stored: &mut Stored, key: &LogKey) -> Result<PieceHead> {
    let mut bytes = Vec::new();
    loop {
        match log_piece::decode_head(&bytes) {
            Ok((head, _)) => return Ok(head),
            Err(PieceError::NeedMore(wanted)) => {
                let missing = wanted.saturating_sub(bytes.len()).max(1) as u64;
                let read = stored.take(missing).read_to_end(&mut bytes);
                if read.map_err(|error| Error::io(format!("read {key}"), error))? == 0 {
                    return Err(damaged(key, "it is too short"));
                }
            }
            Err(PieceError::NewerFormat { version }) => {
                return Err(Error::new(
                    Kind::FormatTooNew,
                    format!("the piece {key} has format version {version}"),
                ));
            }
            Err(error) => return Err(damaged(key, &error.to_string())),
        }
    }
}

/// The stored bytes before the trailer.
struct Stored {
    object: Box<dyn Read + Send>,
    sha256: Sha256,
    left: u64,
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.object.read(&mut buffer[..wanted])?;
        if read == 0 && wanted > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.sha256.update(&buffer[..read]);
        self.left -= read as u64;
        Ok(read)
    }
}

/// A piece while it is read.
pub struct PieceReader {
    key: LogKey,
    head: PieceHead,
    zstd: zstd::Decoder<'static, io::BufReader<Stored>>,
    sha256: Sha256,
    length: u64,
    /// Why the bytes cannot be read, for those who see only an I/O error.
    broken: Option<String>,
}

impl Read for PieceReader {
    /// The plain bytes, not yet known to be right: the callers check the end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read =
            self.zstd.read(buffer).inspect_err(|error| self.broken = Some(error.to_string()))?;
        self.sha256.update(&buffer[..read]);
        self.length += read as u64;
        if self.length > self.head.length {
            self.broken = Some("it holds more than its head says".to_owned());
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(read)
    }
}

impl PieceReader {
    /// What the head says.
    #[must_use]
    pub fn head(&self) -> &PieceHead {
        &self.head
    }

    /// Lets `act` read the plain bytes, and answers only when all of them were right.
    ///
    /// # Errors
    /// `checksum`, or `act`'s own. What was done with the bytes is then not to be used.
    pub fn read_through(&mut self, act: &mut dyn FnMut(&mut dyn Read) -> Result<()>) -> Result<()> {
        let acted = act(self);
        if let Some(broken) = self.broken.take() {
            return Err(damaged(&self.key, &broken));
        }
        acted?;
        self.copy_to(&mut io::sink())
    }

    /// Writes the plain bytes, and answers only when all of them were right.
    ///
    /// # Errors
    /// `checksum`; or the writer's own. What was written until then is not to be used.
    pub fn copy_to(&mut self, out: &mut dyn io::Write) -> Result<()> {
        let doing = format!("write the plain bytes of {}", self.key);
        self.for_each_block(&mut |block| {
            out.write_all(block).map_err(|error| Error::io(&doing, error))
        })
    }

    /// Gives the plain bytes to `act`, block by block, and answers only when all of them were right.
    ///
    /// # Errors
    /// `checksum`; or `act`'s own. What was done until then is not to be used.
    pub fn for_each_block(&mut self, act: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut block = vec![0; READ_BYTES];
        loop {
            let read = self.read(&mut block).map_err(|error| {
                let why = self.broken.take().unwrap_or_else(|| error.to_string());
                damaged(&self.key, &why)
            })?;
            if read == 0 {
                return self.check_end();
            }
            act(&block[..read])?;
        }
    }

    fn check_end(&mut self) -> Result<()> {
        let plain: [u8; 32] = self.sha256.clone().finalize().into();
        if self.length != self.head.length || plain != self.head.sha256 {
            return Err(damaged(&self.key, "its content is not what was archived"));
        }
        let stored = self.zstd.get_mut().get_mut();
        if stored.left != 0 {
            return Err(damaged(&self.key, "bytes follow its content"));
        }
        let mut trailer = [0; TRAILER_BYTES];
        stored
            .object
            .read_exact(&mut trailer)
            .or_kind(Kind::Checksum, || format!("read the end of {}", self.key))?;
        let sum: [u8; 32] = stored.sha256.clone().finalize().into();
        match log_piece::decode_trailer(&trailer) {
            Ok(expected) if expected == sum => Ok(()),
            _ => Err(damaged(&self.key, "its stored bytes are not those that were written")),
        }
    }
}

fn damaged(key: &LogKey, why: &str) -> Error {
    Error::new(Kind::Checksum, format!("the piece of log {key} is damaged: {why}"))
}
