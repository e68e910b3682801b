//! Writing an object: a temporary name, the bytes, the sync, the link.

use super::BUFFER_BYTES;
use crate::storage::{Created, ObjectWriter};
use errors::{Error, Kind, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use system::durable;
use system::failpoint::{self, Point};

/// What a temporary name begins with: hidden, so no object.
pub(super) const TEMPORARY: &str = ".tmp.";
/// Readable by a group that the operator chooses; never by everybody.
const FILE_MODE: u32 = 0o640;

fn temporary_name(dir: &Path, path: &Path) -> io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let nanos = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    let unique = format!("{}.{count}.{nanos}", std::process::id());
    Ok(dir.join(format!("{TEMPORARY}{unique}.{name}")))
}

/// Takes the bytes of one object.
pub(super) struct PosixWriter {
    /// `None` once finished.
    file: Option<BufWriter<File>>,
    dir: PathBuf,
    temporary: PathBuf,
    path: PathBuf,
    point: Point,
}

impl PosixWriter {
    /// Begins an object in a directory that is there.
    pub(super) fn begin(dir: PathBuf, path: &Path, point: Point) -> io::Result<Self> {
        let temporary = temporary_name(&dir, path)?;
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(FILE_MODE).open(&temporary)?;
        let file = Some(BufWriter::with_capacity(BUFFER_BYTES, file));
        Ok(Self { file, dir, temporary, path: path.to_owned(), point })
    }

    fn publish(&mut self, file: BufWriter<File>) -> io::Result<Created> {
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        durable::sync_file(&file, self.point)?;
        let created = match durable::link_new(&self.temporary, &self.path, self.point) {
            Ok(()) => Created::New,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Created::Exists,
            Err(error) => return Err(error),
        };
        durable::unlink_temporary(&self.temporary, self.point)?;
        durable::sync_dir(&self.dir, self.point)?;
        Ok(created)
    }

    fn closed() -> io::Error {
        io::Error::other("the object is finished")
    }
}

impl Write for PosixWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().ok_or_else(Self::closed)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().ok_or_else(Self::closed)?.flush()
    }
}

impl ObjectWriter for PosixWriter {
    fn finish(mut self: Box<Self>) -> Result<Created> {
        let file = self
            .file
            .take()
            .ok_or_else(|| Error::new(Kind::Bug, "an object was finished twice"))?;
        let point = self.point;
        failpoint::around(point, "put", || self.publish(file))
            .map_err(|error| Error::io(format!("write {}", self.path.display()), error))
    }
}

impl Drop for PosixWriter {
    fn drop(&mut self) {
        // Gone already after a success; after a failure nothing may stay.
        let _ = fs::remove_file(&self.temporary);
    }
}
