//! Memory, full disks, and who ends the work.

use super::*;
use crate::unpack::shared::{BLOCK_BYTES, BLOCKS};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// A stream of one endless file in chunks of a megabyte, which counts what was read.
struct Endless<'a> {
    chunk: Vec<u8>,
    at: usize,
    offset: u64,
    read: &'a AtomicU64,
    then: &'a dyn Fn(u64) -> io::Result<()>,
}

impl<'a> Endless<'a> {
    fn new(read: &'a AtomicU64, then: &'a dyn Fn(u64) -> io::Result<()>) -> Self {
        Self { chunk: Vec::new(), at: 0, offset: 0, read, then }
    }
}

impl Read for Endless<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.at == self.chunk.len() {
            let payload = vec![1; 1 << 20];
            let offset = self.offset;
            self.chunk = mariadb(|stream| stream.data("endless", offset, &payload));
            (self.at, self.offset) = (0, offset + (1 << 20));
        }
        let length = room.len().min(self.chunk.len() - self.at);
        room[..length].copy_from_slice(&self.chunk[self.at..self.at + length]);
        self.at += length;
        let read = self.read.fetch_add(length as u64, Ordering::SeqCst) + length as u64;
        (self.then)(read)?;
        Ok(length)
    }
}

#[test]
fn a_disk_that_hangs_stops_the_reader() {
    let dir = tempfile::tempdir().unwrap();
    let (cancel, read) = (Cancel::new(), AtomicU64::new(0));
    let mut how = how(dir.path(), &cancel);
    how.workers = 1;
    let shared = Shared::new(Tree::open(dir.path()).unwrap(), &how);
    let (lane, queue) = bounded(QUEUE_EVENTS);
    thread::scope(|scope| {
        let feed = Feed::new(&shared, vec![Lane::new(lane)], &how);
        let (cancel, read) = (&cancel, &read);
        let reader = scope.spawn(move || feed.run(&mut Endless::new(read, &|_| Ok(()))));
        // Nobody takes from the queue, until the reader has come to rest.
        let mut before = u64::MAX;
        while before != read.load(Ordering::SeqCst) || before == 0 {
            before = read.load(Ordering::SeqCst);
            thread::sleep(std::time::Duration::from_millis(300));
        }
        let is_waiting = !reader.is_finished();
        cancel.cancel();
        queue.iter().for_each(drop);
        assert!(is_waiting && before <= (BLOCKS * BLOCK_BYTES) as u64, "{before}");
        assert_eq!(reader.join().unwrap().unwrap_err().kind(), Kind::Interrupted);
    });
}

#[test]
fn a_cancel_ends_it_within_a_block() {
    let dir = tempfile::tempdir().unwrap();
    let (cancel, read) = (Cancel::new(), AtomicU64::new(0));
    let then = |read| {
        if read > 5 << 20 {
            cancel.cancel();
        }
        Ok(())
    };
    let error = unpack(&mut Endless::new(&read, &then), &how(dir.path(), &cancel)).unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    assert!(read.load(Ordering::SeqCst) <= (5 << 20) + 2 * BLOCK_BYTES as u64);
}

/// The device refuses every byte; the name is planted, since no stream holds devices.
#[test]
fn a_write_error_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let (cancel, read) = (Cancel::new(), AtomicU64::new(0));
    let how = how(dir.path(), &cancel);
    let shared = Shared::new(Tree::open(dir.path()).unwrap(), &how);
    let path = MemberPath::new(b"full").unwrap();
    let mut output = worker::Output::create(&shared, &path, false).unwrap();
    output.replace_file(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let error = output.data(b"x").unwrap_err();
    assert_eq!(error.kind(), Kind::NoSpace);
    assert!(error.line().starts_with("write full"), "{error:?}");

    // And an endless stream ends, with the first failure, when a worker meets one.
    fs::write(dir.path().join("endless"), "in the way").unwrap();
    let error = unpack(&mut Endless::new(&read, &|_| Ok(())), &how).unwrap_err();
    assert!(error.line().contains("byte 0 of the stream: endless is there"), "{error:?}");
    assert!(read.load(Ordering::SeqCst) < 1 << 30);
}

#[test]
fn a_read_error_is_told_with_its_kind() {
    let dir = tempfile::tempdir().unwrap();
    let (cancel, read) = (Cancel::new(), AtomicU64::new(0));
    let then = |_| Err(io::Error::other(Error::new(Kind::Checksum, "volume 7 is damaged")));
    let error = unpack(&mut Endless::new(&read, &then), &how(dir.path(), &cancel)).unwrap_err();
    assert_eq!(error.kind(), Kind::Checksum);
    assert_eq!(error.line(), "read the stream: volume 7 is damaged");
}

#[test]
fn thousands_of_files_are_written() {
    let stream = mariadb(|stream| {
        for number in 0..5000_u32 {
            stream.file(&format!("d{}/t{number}.frm", number % 50), &number.to_le_bytes());
        }
    });
    let (dir, result) = unpacked(&stream, Dialect::MariaDb);
    assert_eq!(result.unwrap().bytes, 20_000);
    let found = files(dir.path());
    assert_eq!(found.len(), 5000);
    assert_eq!(found["d49/t4999.frm"], 4999_u32.to_le_bytes());
}
