//! A store that is full: the streams end, and their pipes are closed.

use crate::setting::{Pattern, file};
use errors::{Kind, Result};
use repository::storage::{Capabilities, Created, Key, Listed, ObjectWriter, Posix, Storage};
use repository::{Claim, Repository, RepositorySink, SinkOptions};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;
use stream::{Body, Cancel, JobId, Level, Silent, Sink, TargetName};
use system::failpoint::Point;
use uuid::Uuid;

/// A store that is full after so many bytes of one object.
struct Full(Posix, usize);

struct FullWriter(Box<dyn ObjectWriter>, usize);

impl Write for FullWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1 = self.1.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl ObjectWriter for FullWriter {
    fn finish(self: Box<Self>) -> Result<Created> {
        self.0.finish()
    }
}

impl Storage for Full {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn prepare(&self) -> Result<()> {
        self.0.prepare()
    }

    fn create(&self, key: &Key, point: Point) -> Result<Box<dyn ObjectWriter>> {
        Ok(Box::new(FullWriter(self.0.create(key, point)?, self.1)))
    }

    fn open_at(&self, key: &Key, offset: u64) -> Result<Option<Box<dyn Read + Send>>> {
        self.0.open_at(key, offset)
    }

    fn size(&self, key: &Key) -> Result<Option<u64>> {
        self.0.size(key)
    }

    fn list(&self, prefix: &Key) -> Result<Vec<Listed>> {
        self.0.list(prefix)
    }

    fn delete(&self, key: &Key) -> Result<bool> {
        self.0.delete(key)
    }

    fn make_durable(&self, key: &Key, point: Point) -> Result<()> {
        self.0.make_durable(key, point)
    }

    fn sweep(&self, prefix: &Key, untouched: Duration) -> Result<()> {
        self.0.sweep(prefix, untouched)
    }

    fn free_bytes(&self) -> Result<Option<u64>> {
        self.0.free_bytes()
    }
}

#[test]
fn a_full_store_ends_the_stream() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Arc::new(Full(Posix::new(dir.path().join("r")), 20_000_000));
    let store = Repository::init(storage).unwrap().unit(
        &TargetName::new("t").unwrap(),
        None,
        stream::LogScope::Target,
    );
    let claim = Claim::take(&store, Uuid::new_v4(), Level::Full, JobId::new(604)).unwrap();
    let options = SinkOptions { workers: 2, ..SinkOptions::default() };
    let sink = RepositorySink::start(claim, options, Cancel::new(), Arc::new(Silent)).unwrap();

    // Nearly endless; the writer of the other end learns of the failure by the closed pipe.
    let stream = sink.put(file("stream", None, Pattern::boxed(4, 1 << 40))).unwrap();
    let (reader, mut pipe) = io::pipe().unwrap();
    let piped = sink.put(file("piped", None, Body::Reader(Box::new(reader)))).unwrap();
    assert_eq!(stream.redeem().unwrap_err().kind(), Kind::NoSpace);
    assert_eq!(piped.redeem().unwrap_err().kind(), Kind::NoSpace);
    let broken = (0..1000).find_map(|_| pipe.write_all(&[0; 1 << 16]).err()).unwrap();
    assert_eq!(broken.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(sink.settle().unwrap_err().kind(), Kind::NoSpace);
    let late = sink.put(file("late", None, Body::Bytes(vec![1])));
    assert_eq!(late.err().unwrap().kind(), Kind::NoSpace);
    drop(sink);
    assert!(store.link_names().unwrap().is_empty());
}
