//! Where the parts of one body lie.

use crate::storage::{Key, Storage};
use crate::stored;
use crate::unit::StoredVolume;
use crate::volume::{Member, Part, Row, Rows};
use errors::{Error, Kind, Result};
use stream::{Cancel, Extent, FileKind, RelPath, RootName};

/// All parts of one body, in order and without gaps.
#[derive(Debug)]
pub(super) struct Pieces {
    /// What the headers of all parts say, but for size and offset.
    member: Member,
    /// The keys of the volumes and of their rows, by index.
    volumes: Vec<(Key, String)>,
    pieces: Vec<Piece>,
}

/// One part. A body of a TiB has many of them: they are small.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    volume: usize,
    offset: u64,
    pub(super) size: u64,
    pub(super) crc32c: u32,
    pub(super) at: (u64, u64),
}

impl Pieces {
    /// Looks through the rows of all volumes; only those of this body are kept.
    pub(super) fn find(
        storage: &dyn Storage,
        volumes: &[StoredVolume],
        root: &RootName,
        path: &RelPath,
        cancel: &Cancel,
    ) -> Result<Self> {
        let mut found: Option<Self> = None;
        for volume in volumes {
            if cancel.is_cancelled() {
                return Err(Error::new(Kind::Interrupted, "the job was cancelled"));
            }
            let mut rows = Rows::open(storage, volume)?;
            let mut holds_parts = false;
            while let Some(row) = rows.next()? {
                if !row.is_of(root, path) {
                    continue;
                }
                let member = row.member()?;
                if member.partial.is_some() {
                    let text = format!("the backup holds only parts of {root}/{path}");
                    return Err(Error::new(Kind::NotFound, text)
                        .hint("The others are in the backup that this one continues."));
                }
                let of = found.get_or_insert(Self::of(member));
                if !holds_parts {
                    let key = stored::check_size(storage, &volume.volume)?;
                    of.volumes.push((key, volume.rows.key.clone()));
                    holds_parts = true;
                }
                of.add(&row)?;
            }
            // From here on the rows are those that were written.
            rows.finish()?;
        }
        let mut found = found.ok_or_else(|| {
            Error::new(Kind::NotFound, format!("the backup holds no file {root}/{path}"))
        })?;
        found.pieces.sort_by_key(|piece| piece.offset);
        found.check()?;
        Ok(found)
    }

    fn of(member: Member) -> Self {
        Self { member, volumes: Vec::new(), pieces: Vec::new() }
    }

    fn add(&mut self, row: &Row) -> Result<()> {
        let part = row.file_part()?;
        let offset = match part.extent {
            Extent::Part { offset, .. } => offset,
            Extent::Whole | Extent::Ranges(_) => 0,
        };
        let piece = Piece {
            volume: self.volumes.len().saturating_sub(1),
            offset,
            size: part.length,
            crc32c: part.crc32c,
            at: row.at,
        };
        if self.member(&piece) != row.member()? {
            return Err(self.broken(&piece, &"its parts are not of one file"));
        }
        self.pieces.push(piece);
        Ok(())
    }

    /// The body goes from its first byte to its last.
    fn check(&self) -> Result<()> {
        let mut end = 0;
        for piece in &self.pieces {
            let offset = piece.offset;
            if offset > end {
                return Err(self.broken(piece, &format!("bytes {end} to {offset} have no row")));
            }
            if offset < end {
                return Err(self.broken(piece, &format!("bytes {offset} to {end} have two rows")));
            }
            if piece.size == 0 && self.pieces.len() > 1 {
                return Err(self.broken(piece, &format!("the part at byte {offset} is empty")));
            }
            end = offset.saturating_add(piece.size);
        }
        let (last, of) = (self.pieces.last(), self.member.part.and_then(|part| part.of));
        match (last, of) {
            (Some(last), Some(of)) if of != end => {
                Err(self.broken(last, &format!("the rows end at byte {end} of {of}")))
            }
            (Some(last), _) if self.member.kind != FileKind::File => {
                Err(self.broken(last, &"it is no file").with_kind(Kind::NotFound))
            }
            _ => Ok(()),
        }
    }

    fn broken(&self, piece: &Piece, why: &dyn std::fmt::Display) -> Error {
        let rows = self.volumes.get(piece.volume).map_or("rows", |(_, rows)| rows);
        Error::new(Kind::Manifest, format!("{rows}: {}: {why}", self.member.place.path))
    }

    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    pub(super) fn get(&self, number: usize) -> Option<&Piece> {
        self.pieces.get(number)
    }

    /// Bytes of the largest part.
    pub(super) fn largest(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.size).max().unwrap_or(0)
    }

    /// The volume that holds a part.
    pub(super) fn volume(&self, piece: &Piece) -> Result<&Key> {
        let volume = self.volumes.get(piece.volume);
        volume.map(|(key, _)| key).ok_or_else(|| Error::new(Kind::Bug, "a part without a volume"))
    }

    /// The member whose header must stand in front of a part.
    pub(super) fn member(&self, piece: &Piece) -> Member {
        let part = self.member.part.map(|part| Part { offset: piece.offset, ..part });
        Member { size: piece.size, part, ..self.member.clone() }
    }
}
