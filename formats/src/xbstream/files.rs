//! From chunks to files: what each file is, and that its chunks follow one another.

use std::collections::{BTreeMap, VecDeque};
use std::vec;

use super::{
    Chunk, ChunkKind, Dialect, Event, Extent, FileEvent, Member, MemberPath, OPEN_MAX, Parser,
    Problem, Summary, What, XbstreamError,
};

/// Reads files. It keeps what is open, at most [`OPEN_MAX`] paths, and nothing of what is closed.
pub struct Files {
    parser: Parser,
    open: BTreeMap<MemberPath, Member>,
    current: Option<Current>,
    /// Events that a header gave, the first of which is next.
    ready: VecDeque<FileEvent<'static>>,
    summary: Summary,
    failed: Option<XbstreamError>,
}

/// The file to which the payload belongs that is being read.
struct Current {
    path: MemberPath,
    /// Bytes left before the next extent.
    left: u64,
    extents: vec::IntoIter<Extent>,
}

impl Files {
    /// A reader at the beginning of a stream.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            parser: Parser::new(dialect),
            open: BTreeMap::new(),
            current: None,
            ready: VecDeque::new(),
            summary: Summary::default(),
            failed: None,
        }
    }

    /// Takes bytes from the front of `input`, up to the next event; `None` when it took them all and
    /// more are needed. Call it until then.
    ///
    /// # Errors
    ///
    /// Where a chunk is wrong by itself, or after the ones before it; from then on the same error
    /// for ever. Files that have not ended are void then.
    pub fn next<'i>(
        &mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<FileEvent<'i>>, XbstreamError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            if self.next_extent() {
                continue;
            }
            // No further than the next hole.
            let most = self.current.as_ref().map_or(0, |current| current.left);
            let most = if most == 0 { usize::MAX } else { most.try_into().unwrap_or(usize::MAX) };
            let mut view = input.get(..most).unwrap_or(input);
            let before = view.len();
            let event = self.parser.next(&mut view);
            *input = input.get(before - view.len()..).unwrap_or_default();
            let event = event.inspect_err(|error| self.failed = Some(error.clone()))?;
            match event {
                None => return Ok(None),
                Some(Event::Checked) => {}
                Some(Event::Chunk(chunk)) => {
                    self.begin(chunk).map_err(|problem| self.fail(problem))?;
                }
                Some(Event::Payload(bytes)) => {
                    if let Some(event) = self.data(bytes) {
                        return Ok(Some(event));
                    }
                }
            }
        }
    }

    /// Bytes of the stream so far.
    pub fn position(&self) -> u64 {
        self.parser.position()
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    ///
    /// [`Problem::Cut`] inside a chunk, [`Problem::NotClosed`] inside a file, and the error that
    /// there was. Whether the stream is all of a backup is what [`Summary::check`] says.
    pub fn finish(self) -> Result<Summary, XbstreamError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.parser.finish()?;
        let at = self.parser.position();
        match self.open.into_keys().next() {
            Some(path) => Err(XbstreamError { at, problem: Problem::NotClosed { path } }),
            None => Ok(Summary { stream_bytes: at, ..self.summary }),
        }
    }

    fn fail(&mut self, problem: Problem) -> XbstreamError {
        let error = XbstreamError { at: self.parser.chunk_at(), problem };
        self.failed = Some(error.clone());
        error
    }

    fn push(&mut self, path: &MemberPath, what: What<'static>) {
        self.ready.push_back(FileEvent { path: path.clone(), what });
    }

    fn begin(&mut self, chunk: Chunk) -> Result<(), Problem> {
        self.current = None;
        let Chunk { path, rewrite, kind } = chunk;
        match kind {
            ChunkKind::Payload { offset, length } => {
                self.check_order(&path, offset)?;
                self.open(&path, rewrite)?;
                let extents = Vec::new().into_iter();
                self.current = Some(Current { path, left: length, extents });
            }
            ChunkKind::Sparse { offset, extents, .. } => {
                self.check_order(&path, offset)?;
                self.open(&path, rewrite)?;
                let extents = extents.into_iter();
                self.current = Some(Current { path, left: 0, extents });
            }
            ChunkKind::Seek { offset } => self.seek(&path, rewrite, offset)?,
            ChunkKind::End => {
                self.open(&path, rewrite)?;
                let member = self.open.remove(&path).unwrap_or_default();
                self.summary.add(&path, &member);
                self.push(&path, What::End(member));
            }
            ChunkKind::Rename { to } => {
                self.check_closed(&path)?;
                self.check_closed(&to)?;
                self.push(&path, What::Rename { to });
            }
            ChunkKind::Remove => {
                self.check_closed(&path)?;
                self.push(&path, What::Remove);
            }
            ChunkKind::Ignorable { .. } => {}
        }
        Ok(())
    }

    /// The bytes of the file so far, 0 before it begins.
    fn size(&self, path: &MemberPath) -> u64 {
        self.open.get(path).map_or(0, |member| member.size)
    }

    fn check_order(&self, path: &MemberPath, found: u64) -> Result<(), Problem> {
        let expected = self.size(path);
        if found == expected {
            return Ok(());
        }
        Err(Problem::Order { path: path.clone(), found, expected })
    }

    fn check_closed(&self, path: &MemberPath) -> Result<(), Problem> {
        if self.open.contains_key(path) {
            return Err(Problem::StillOpen { path: path.clone() });
        }
        Ok(())
    }

    fn open(&mut self, path: &MemberPath, rewrite: bool) -> Result<(), Problem> {
        if self.open.contains_key(path) {
            return Ok(());
        }
        if self.open.len() >= OPEN_MAX {
            return Err(Problem::TooManyOpen);
        }
        self.open.insert(path.clone(), Member { rewrite, ..Member::default() });
        self.push(path, What::Begin { rewrite });
        Ok(())
    }

    fn seek(&mut self, path: &MemberPath, rewrite: bool, to: u64) -> Result<(), Problem> {
        let expected = self.size(path);
        // Backwards would give two contents to one place.
        let length = to.checked_sub(expected);
        let length = length.ok_or(Problem::Order { path: path.clone(), found: to, expected })?;
        self.open(path, rewrite)?;
        self.hole(path, length);
        Ok(())
    }

    fn hole(&mut self, path: &MemberPath, length: u64) {
        let Some(member) = self.open.get_mut(path).filter(|_| length > 0) else { return };
        let offset = member.size;
        member.hole(length);
        self.push(path, What::Hole { offset, length });
    }

    /// Goes on to the next extent of a sparse chunk where the last one is used up.
    fn next_extent(&mut self) -> bool {
        let Some(current) = self.current.as_mut().filter(|current| current.left == 0) else {
            return false;
        };
        let Some(extent) = current.extents.next() else { return false };
        current.left = u64::from(extent.length);
        let path = current.path.clone();
        self.hole(&path, u64::from(extent.skip));
        true
    }

    /// Bytes of the current file; those of a chunk that is passed over are nobody's.
    fn data<'i>(&mut self, bytes: &'i [u8]) -> Option<FileEvent<'i>> {
        let current = self.current.as_mut()?;
        let member = self.open.get_mut(&current.path)?;
        let (offset, length) = (member.size, bytes.len() as u64);
        member.crc32c = crc32c::crc32c_append(member.crc32c, bytes);
        member.size += length;
        current.left -= length;
        Some(FileEvent { path: current.path.clone(), what: What::Data { offset, bytes } })
    }
}
