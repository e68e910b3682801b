//! Appending a piece of log: never over another one, and on disk before the answer.

use super::LogStore;
use crate::storage::Created;
use crate::stored::StoredWriter;
use errors::{Context, Error, Kind, Result};
use formats::log_piece::{self, PieceHead};
use sha2::{Digest, Sha256};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;
use stream::{Appended, LogKey, LogPiece, LogSink, Tap};
use system::failpoint::LOG;

/// Segments compress well and fast at this level; the archiver waits for us.
const LEVEL: i32 = 3;
const BLOCK_BYTES: usize = 256 << 10;
/// A temporary name that was not written to for so long has no writer any more.
const ABANDONED: Duration = Duration::from_secs(3600);

impl LogSink for LogStore {
    fn have(&self, key: &LogKey) -> Result<bool> {
        Ok(self.storage.size(&self.keys.piece(key))?.is_some())
    }

    fn append(&self, mut piece: LogPiece) -> Result<Appended> {
        let (head, identity) = describe(&mut piece)?;
        let findings = piece.tap.take().map(Tap::findings).unwrap_or_default();
        if self.have(&piece.key)? {
            self.accept_duplicate(&piece.key, &head)?;
            return Ok(Appended { stored: false, findings });
        }
        match self.store(&piece, &head, identity)? {
            Created::New => {
                self.storage.sweep(&self.keys.shard(&piece.key), ABANDONED)?;
                Ok(Appended { stored: true, findings })
            }
            // Somebody else was faster.
            Created::Exists => {
                self.accept_duplicate(&piece.key, &head)?;
                Ok(Appended { stored: false, findings })
            }
        }
    }
}

impl LogStore {
    /// Second reading: the content. A file that changed in between was not complete; one that has
    /// another name now was recycled by the server, and nobody knows what was read.
    fn store(&self, piece: &LogPiece, head: &PieceHead, identity: Identity) -> Result<Created> {
        let key = self.keys.piece(&piece.key);
        let failed = |error| Error::io(format!("write {key}"), error);
        let mut object = StoredWriter::create(self.storage.as_ref(), key.clone(), LOG)?;
        let bytes =
            log_piece::encode_head(head).or_kind(Kind::Bug, || "describe a piece of log")?;
        object.append(&bytes)?;

        let mut sha256 = Sha256::new();
        let mut zstd = zstd::Encoder::new(object, LEVEL).map_err(failed)?;
        zstd.include_checksum(true).map_err(failed)?;
        let again = for_each_block(piece, |block| {
            sha256.update(block);
            zstd.write_all(block).map_err(failed)
        })?;
        let mut object = zstd.finish().map_err(failed)?;

        let now = fs::metadata(&piece.path).map(|metadata| identify(&metadata)).ok();
        let same_bytes = <[u8; 32]>::from(sha256.finalize()) == head.sha256;
        if !same_bytes || again != identity || now != Some(identity) {
            let path = piece.path.display();
            return Err(Error::new(Kind::SourceFiles, format!("{path} changed while it was read")));
        }
        let trailer = log_piece::encode_trailer(&object.sha256());
        object.append(&trailer)?;
        Ok(object.finish()?.0)
    }

    /// The identical piece again is a success once it is surely on disk.
    fn accept_duplicate(&self, key: &LogKey, ours: &PieceHead) -> Result<()> {
        let theirs = self.info_head(key)?.ok_or_else(|| {
            Error::new(Kind::Io, format!("{key} was there and is gone: somebody removes log"))
        })?;
        if (theirs.length, theirs.sha256) != (ours.length, ours.sha256) {
            return Err(Error::new(
                Kind::Exists,
                format!("{key} is archived already, with other content"),
            )
            .hint("Nothing was overwritten. Do two servers archive to one target, or was this one restored?"));
        }
        self.storage.make_durable(&self.keys.piece(key), LOG)
    }
}

/// Device and inode: what a file is, whatever its name.
type Identity = (u64, u64);

fn identify(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// First reading: length, checksum and facts, which stand in front of the content.
fn describe(piece: &mut LogPiece) -> Result<(PieceHead, Identity)> {
    let mut sha256 = Sha256::new();
    let mut length = 0;
    let mut tap = piece.tap.take();
    let identity = for_each_block(piece, |block| {
        sha256.update(block);
        if let Some(tap) = &mut tap {
            tap.bytes(length, block);
        }
        length += block.len() as u64;
        Ok(())
    })?;
    let facts = tap.as_mut().map(|tap| tap.facts()).unwrap_or_default();
    piece.tap = tap;
    let head = PieceHead {
        key: piece.key.path(),
        length,
        sha256: sha256.finalize().into(),
        written_at: piece.written_at,
        facts,
    };
    Ok((head, identity))
}

/// Reads the whole file; answers which file it was.
fn for_each_block(piece: &LogPiece, mut act: impl FnMut(&[u8]) -> Result<()>) -> Result<Identity> {
    let failed = |error: io::Error| {
        let reading = format!("read {}", piece.path.display());
        Error::io(reading, error).with_kind(Kind::SourceFiles)
    };
    let mut file = File::open(&piece.path).map_err(failed)?;
    let identity = identify(&file.metadata().map_err(failed)?);
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let read = file.read(&mut block).map_err(failed)?;
        if read == 0 {
            return Ok(identity);
        }
        act(&block[..read])?;
    }
}
