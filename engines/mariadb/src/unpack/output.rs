//! A file that is being written.

use super::decode::Stage;
use super::holes::{Holes, solid_parts};
use super::shared::Shared;
use errors::{Error, Kind, Result};
use formats::xbstream::{Dialect, MemberPath};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A file of the tree, and how its bytes are unpacked.
pub(super) struct Output {
    stages: Vec<Stage>,
    plain: Plain,
}

/// The file as it will be.
struct Plain {
    path: Vec<u8>,
    file: File,
    /// Bytes so far, holes included.
    size: u64,
    /// Where the last byte ends that was written.
    end: u64,
    /// `None`: zeros stay zeros.
    holes: Option<Holes>,
}

impl Output {
    pub(super) fn create(shared: &Shared<'_>, path: &MemberPath, rewrite: bool) -> Result<Self> {
        let (name, stages) = shared.packing.stages(path.as_bytes())?;
        let file = shared.tree.create(name, rewrite).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::new(
                Kind::Manifest,
                format!("{} is there already: it was sent twice", name.escape_ascii()),
            ),
            _ => Error::io(format!("create {}", name.escape_ascii()), error),
        })?;
        // A table that was made during the backup is called `.new` until it is prepared.
        let is_table = name.ends_with(b".ibd") || name.ends_with(b".new");
        let may_have_holes = shared.dialect == Dialect::MariaDb && is_table;
        let holes = may_have_holes.then(Holes::default);
        let plain = Plain { path: name.to_vec(), file, size: 0, end: 0, holes };
        Ok(Self { stages, plain })
    }

    /// The next bytes, as the stream has them.
    pub(super) fn data(&mut self, bytes: &[u8]) -> Result<()> {
        through(&mut self.stages, bytes, &mut self.plain)
    }

    /// Zeros that were not sent.
    pub(super) fn hole(&mut self, length: u64) -> Result<()> {
        if !self.stages.is_empty() {
            let path = self.plain.path.escape_ascii();
            return Err(Error::new(Kind::Manifest, format!("{path} is packed and has holes")));
        }
        self.plain.size += length;
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn replace_file(&mut self, file: File) {
        self.plain.file = file;
    }

    /// Nothing more comes. Gives the bytes of the plain file.
    pub(super) fn end(mut self) -> Result<u64> {
        // Each stage has given out all it can when its input ends, so that they end in turn.
        for stage in &mut self.stages {
            stage.finish().map_err(|error| self.plain.damaged(&error))?;
        }
        let Plain { file, size, end, .. } = &self.plain;
        if size > end {
            file.set_len(*size).map_err(|error| self.plain.failed(error))?;
        }
        Ok(*size)
    }
}

/// Gives bytes to the first stage, and what comes out of it to those behind.
fn through(stages: &mut [Stage], bytes: &[u8], plain: &mut Plain) -> Result<()> {
    let Some((stage, behind)) = stages.split_first_mut() else { return plain.write(bytes) };
    let mut input = bytes;
    loop {
        match stage.next(&mut input).map_err(|error| plain.damaged(&error))? {
            Some(bytes) => through(behind, bytes, plain)?,
            None => return Ok(()),
        }
    }
}

impl Plain {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let at = self.size;
        let wants_holes = self.holes.as_mut().is_some_and(|holes| {
            holes.look(at, bytes);
            holes.are_wanted()
        });
        if wants_holes {
            for (at, part) in solid_parts(at, bytes) {
                self.write_at(at, part)?;
            }
        } else {
            self.write_at(at, bytes)?;
        }
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.file.write_all_at(bytes, at).map_err(|error| self.failed(error))?;
        self.end = at + bytes.len() as u64;
        Ok(())
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::io(format!("write {}", self.path.escape_ascii()), error)
    }

    fn damaged(&self, error: &Error) -> Error {
        error.repeat().context(format!("decode {}", self.path.escape_ascii()))
    }
}
