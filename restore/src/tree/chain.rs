//! A chain that is laid down newest first: what the links that are still to come must supply.
//!
//! Only files that are not whole yet are kept in memory: partial ones of the newest link until an
//! older one has filled their holes, and, while their link is open, files that were cut. For each
//! there is its place, its metadata, and at most as many holes as the links have ranges of it, and
//! one more.

use super::holes::Holes;
use chrono::{DateTime, Utc};
use errors::{Error, Kind, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stream::{ByteRange, Extent, FileKind, FilePart, LinkName, Owner, RelPath, RootName};

type Place = (RootName, RelPath);

/// The link that is open, and what it and older ones must supply.
pub(super) struct Chain {
    link: LinkName,
    /// The newest link says which files there are.
    is_newest: bool,
    files: Mutex<HashMap<Place, Arc<Mutex<Unfinished>>>>,
}

/// How a file looks in the newest link.
pub(super) struct Metadata {
    pub(super) mode: u32,
    pub(super) owner: Owner,
    pub(super) mtime: DateTime<Utc>,
}

/// What is to be written of a part.
pub(super) struct Claim {
    /// Sorted; each lies within one range of the part.
    pub(super) ranges: Vec<ByteRange>,
    pub(super) metadata: Arc<Metadata>,
}

/// A file of which something is missing.
struct Unfinished {
    metadata: Arc<Metadata>,
    holes: Holes,
    /// What older links have behind this is not the file's: it was cut there once.
    limit: u64,
    /// What the open link has of it.
    now: Option<Has>,
}

/// What one link has of a file, as far as its parts have come.
struct Has {
    is_partial: bool,
    size_bytes: Option<u64>,
    /// Bytes of all of its parts, where they say it.
    carried_bytes: Option<u64>,
    /// Bytes of those that have come.
    came_bytes: u64,
    /// The end of the last one.
    end: u64,
}

impl Chain {
    /// Begins with the newest link.
    pub(super) fn begin(link: LinkName) -> Self {
        Self { link, is_newest: true, files: Mutex::default() }
    }

    /// Goes on with the next older link.
    ///
    /// # Errors
    /// `restore-check`.
    pub(super) fn next(&mut self, link: LinkName) -> Result<()> {
        self.end_link()?;
        self.link = link;
        self.is_newest = false;
        Ok(())
    }

    pub(super) fn is_newest(&self) -> bool {
        self.is_newest
    }

    /// There are no more links.
    ///
    /// # Errors
    /// `restore-check`.
    pub(super) fn end(&mut self) -> Result<()> {
        self.end_link()?;
        let files = self.files.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The same file each time.
        let Some(((root, path), file)) = files.iter().min_by_key(|(place, _)| *place) else {
            return Ok(());
        };
        let hole = lock(file).holes.first_from(0);
        let text = match hole {
            Some(hole) => format!("no backup of the chain has {}", bytes(hole)),
            None => "it is not whole".to_owned(),
        };
        Err(failed(&format!("{root}/{path}: {text}")))
    }

    /// Whether a part is needed. Notes that the open link has it.
    ///
    /// # Errors
    /// `restore-check`.
    pub(super) fn wants(&self, part: &FilePart) -> Result<bool> {
        let file = match (self.is_newest, &part.extent) {
            // Nothing of it will ever be missing.
            (true, Extent::Whole) => return Ok(true),
            (true, _) => Some(self.find_or_begin(part)),
            (false, _) => self.find(part),
        };
        let Some(file) = file else { return Ok(false) };
        let mut file = lock(&file);
        file.note(part, self.link)?;
        let limit = file.limit;
        Ok(self.is_newest || ranges_of(part, limit).any(|range| file.holes.has(range)))
    }

    /// What of a part this caller is to write. `None`: nothing of it, not even its file.
    ///
    /// # Errors
    /// `bug`: nobody asked whether the part is wanted.
    pub(super) fn claim(&self, part: &FilePart) -> Result<Option<Claim>> {
        if self.is_newest && part.extent == Extent::Whole {
            return Ok(Some(Claim::all_of(part)));
        }
        let file = match self.find(part) {
            Some(file) => file,
            None if self.is_newest => return Err(unannounced(part)),
            None => return Ok(None),
        };
        let mut file = lock(&file);
        if file.now.is_none() {
            return Err(unannounced(part));
        }
        let (limit, mut ranges) = (file.limit, Vec::new());
        ranges_of(part, limit).for_each(|range| file.holes.take(range, &mut ranges));
        let has_nothing = ranges.is_empty() && !self.is_newest;
        Ok((!has_nothing).then(|| Claim { ranges, metadata: Arc::clone(&file.metadata) }))
    }

    fn find(&self, part: &FilePart) -> Option<Arc<Mutex<Unfinished>>> {
        let is_file = matches!(part.kind, FileKind::File | FileKind::Log(_));
        // What is another thing in an older link is not the same file.
        let files = is_file.then(|| lock(&self.files))?;
        files.get(&(part.root.clone(), part.path.clone())).cloned()
    }

    fn find_or_begin(&self, part: &FilePart) -> Arc<Mutex<Unfinished>> {
        let mut files = lock(&self.files);
        let begin = || Arc::new(Mutex::new(Unfinished::begin(part)));
        let place = (part.root.clone(), part.path.clone());
        Arc::clone(files.entry(place).or_insert_with(begin))
    }

    /// What an open link has is known when all of it has come.
    fn end_link(&mut self) -> Result<()> {
        let link = self.link;
        let files = self.files.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut first: Option<(&Place, String)> = None;
        for (place, file) in &*files {
            let Err(text) = lock(file).end_link() else { continue };
            if first.as_ref().is_none_or(|(other, _)| place < *other) {
                first = Some((place, text));
            }
        }
        if let Some(((root, path), text)) = first {
            return Err(failed(&format!("{root}/{path}: the backup {link} {text}")));
        }
        files.retain(|_, file| !lock(file).holes.is_empty());
        Ok(())
    }
}

impl Unfinished {
    fn begin(part: &FilePart) -> Self {
        let size = part.size_bytes().unwrap_or(u64::MAX);
        let metadata = Arc::new(Metadata::of(part));
        Self { metadata, holes: Holes::all(size), limit: u64::MAX, now: None }
    }

    /// The open link has this part of the file.
    fn note(&mut self, part: &FilePart, link: LinkName) -> Result<()> {
        let ends = ranges_of(part, u64::MAX).map(|range| range.end());
        let has = Has {
            is_partial: matches!(part.extent, Extent::Ranges(_)),
            size_bytes: part.size_bytes(),
            carried_bytes: match &part.extent {
                Extent::Ranges(partial) => Some(partial.carried_bytes()),
                Extent::Whole | Extent::Part { .. } => None,
            },
            came_bytes: part.length,
            end: ends.max().unwrap_or(0),
        };
        let is_behind_the_end = has.size_bytes.is_some_and(|size| has.end > size);
        if is_behind_the_end || self.now.as_ref().is_some_and(|now| !now.is_of_the_same(&has)) {
            let (root, path) = (&part.root, &part.path);
            let text = format!("{root}/{path}: its parts in the backup {link} are not of one file");
            return Err(failed(&text));
        }
        self.limit = self.limit.min(has.size_bytes.unwrap_or(u64::MAX));
        match &mut self.now {
            Some(now) => {
                now.came_bytes = now.came_bytes.saturating_add(has.came_bytes);
                now.end = now.end.max(has.end);
            }
            None => self.now = Some(has),
        }
        Ok(())
    }

    /// Everything that the link has of the file has come; says what it should have had.
    fn end_link(&mut self) -> Result<(), String> {
        let has = self.now.take();
        if let Some(Has { is_partial: false, size_bytes: None, end, .. }) = has {
            // A file of unknown length ends with its last part, if no newer link knows better.
            self.limit = self.limit.min(end);
            if self.holes.first_from(end).is_some_and(|hole| hole.end() == u64::MAX) {
                self.holes.end_at(end);
            }
        }
        if let Some(Has { carried_bytes: Some(carried), came_bytes: came, .. }) = has
            && carried != came
        {
            // An older link has bytes for the gap, but not those that belong there.
            return Err(format!("has {came} bytes of it and not {carried}: parts are missing"));
        }
        let missing = match has {
            // Nothing is needed of this link, or of older ones.
            _ if self.holes.is_empty() => None,
            None => self.holes.first_from(0).map(|hole| ("does not have the file", hole)),
            // Older links may have it, unless the file ended before it once.
            Some(Has { is_partial: true, .. }) => {
                self.holes.first_from(self.limit).map(|hole| ("ends the file too early", hole))
            }
            Some(_) => self.holes.first_from(0).map(|hole| ("has only some parts", hole)),
        };
        match missing {
            Some((why, hole)) => Err(format!("{why}: {} are missing", bytes(hole))),
            None => Ok(()),
        }
    }
}

impl Has {
    fn is_of_the_same(&self, other: &Self) -> bool {
        let key = |has: &Self| (has.is_partial, has.size_bytes, has.carried_bytes);
        key(self) == key(other)
    }
}

impl Claim {
    pub(super) fn all_of(part: &FilePart) -> Self {
        let ranges = ranges_of(part, u64::MAX).collect();
        Self { ranges, metadata: Arc::new(Metadata::of(part)) }
    }
}

impl Metadata {
    fn of(part: &FilePart) -> Self {
        Self { mode: part.mode, owner: part.owner.clone(), mtime: part.mtime }
    }
}

/// The ranges of the file that a part's body holds, one after another, up to `limit`.
pub(super) fn ranges_of(part: &FilePart, limit: u64) -> impl Iterator<Item = ByteRange> + '_ {
    let whole = |offset| ByteRange { offset, length: part.length };
    let (one, many) = match &part.extent {
        Extent::Whole => (Some(whole(0)), &[][..]),
        Extent::Part { offset, .. } => (Some(whole(*offset)), &[][..]),
        Extent::Ranges(partial) => (None, partial.ranges()),
    };
    let cut = move |range: ByteRange| {
        let length = range.end().min(limit).saturating_sub(range.offset);
        ByteRange { length, ..range }
    };
    one.into_iter().chain(many.iter().copied()).map(cut)
}

fn bytes(range: ByteRange) -> String {
    format!("bytes {} to {}", range.offset, range.end())
}

fn unannounced(part: &FilePart) -> Error {
    Error::new(Kind::Bug, format!("nobody asked whether {}/{} is wanted", part.root, part.path))
}

fn failed(text: &str) -> Error {
    Error::new(Kind::RestoreCheck, text)
        .hint("`seawall verify` tells what is damaged; restore from another backup.")
}

/// What is in these locks is changed in one step, and a thread that panics fails the restore.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
