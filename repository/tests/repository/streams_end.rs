//! Streams that end otherwise than they should: nobody waits for ever, and no link is made.

use crate::setting::{OPTIONS, Setting, file, link, noise};
use errors::{Error, Kind, Result};
use repository::storage::{Capabilities, Created, Key, Listed, ObjectWriter, Posix, Storage};
use repository::{Claim, Repository, RepositorySink, SinkOptions};
use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use stream::{
    Body, Cancel, Finding, JobId, Level, Receipt, Silent, Sink, Tap, TargetName, VirtualFile,
};
use system::failpoint::Point;
use uuid::Uuid;

/// Long enough for a loaded machine, short enough for a test that fails.
const SOON: Duration = Duration::from_secs(20);

/// Gives zeros, endlessly or as it is told; tells when it is asked for more, and when it is dropped.
struct Tool {
    more: Receiver<io::Result<usize>>,
    endless: bool,
    asked: Sender<()>,
}

/// The other end of a [`Tool`].
struct Hand {
    give: Sender<io::Result<usize>>,
    asked: Receiver<()>,
}

impl Hand {
    fn expect_read(&self) {
        self.asked.recv_timeout(SOON).unwrap();
    }

    fn expect_drop(&self) {
        let end = loop {
            if let Err(end) = self.asked.recv_timeout(SOON) {
                break end;
            }
        };
        assert_eq!(end, mpsc::RecvTimeoutError::Disconnected, "the reader was not dropped");
    }
}

fn tool(path: &str, endless: bool) -> (VirtualFile, Hand) {
    let (give, more) = channel();
    let (asks, asked) = channel();
    let reader = Tool { more, endless, asked: asks };
    (file(path, None, Body::Reader(Box::new(reader))), Hand { give, asked })
}

impl Read for Tool {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let _ = self.asked.send(());
        let length = if self.endless { 60_000 } else { self.more.recv().unwrap_or(Ok(0))? };
        assert_ne!(length, usize::MAX, "the tool's reader panics");
        let length = length.min(buffer.len());
        buffer[..length].fill(0);
        Ok(length)
    }
}

fn sink(setting: &Setting, cancel: &Cancel) -> RepositorySink {
    let claim = setting.claim(Uuid::new_v4()).unwrap();
    let options = SinkOptions { workers: 2, ..OPTIONS };
    RepositorySink::start(claim, options, cancel.clone(), Arc::new(Silent)).unwrap()
}

/// No link may be made, and nothing may stay.
fn expect_no_link(setting: &Setting, sink: RepositorySink, kind: Kind) {
    let link = link(Uuid::new_v4(), JobId::new(604), Vec::new());
    assert_eq!(Box::new(sink).finish(link).unwrap_err().kind(), kind);
    assert_eq!(setting.objects("targets"), [] as [std::path::PathBuf; 0]);
}

fn kind(receipt: Receipt) -> Kind {
    receipt.redeem().unwrap_err().kind()
}

#[test]
fn a_read_error_fails_the_job() {
    let setting = Setting::new();
    let sink = sink(&setting, &Cancel::new());
    let (stream, hand) = tool("stream", false);
    let receipt = sink.put(stream).unwrap();
    for _ in 0..320 {
        hand.give.send(Ok(65_536)).unwrap();
    }
    hand.give.send(Err(io::ErrorKind::Interrupted.into())).unwrap();
    hand.give.send(Err(io::Error::other("the pipe burst"))).unwrap();
    let error = receipt.redeem().unwrap_err();
    assert_eq!(error.kind(), Kind::SourceFiles);
    assert_eq!(error.line(), "read the stream stream at byte 20971520: the pipe burst");
    hand.expect_drop();
    expect_no_link(&setting, sink, Kind::SourceFiles);
}

#[test]
fn a_panic_of_the_reader_fails_the_job() {
    let setting = Setting::new();
    let sink = sink(&setting, &Cancel::new());
    let (stream, hand) = tool("stream", false);
    hand.give.send(Ok(usize::MAX)).unwrap();
    assert_eq!(kind(sink.put(stream).unwrap()), Kind::Bug);
    hand.expect_drop();
    expect_no_link(&setting, sink, Kind::Bug);
}

struct Panics;

impl Tap for Panics {
    fn bytes(&mut self, offset: u64, _bytes: &[u8]) {
        assert!(offset < 9 << 20, "the tap panics");
    }

    fn findings(self: Box<Self>) -> Vec<Finding> {
        Vec::new()
    }

    fn fork(&self) -> Option<Box<dyn Tap>> {
        None
    }
}

#[test]
fn a_panic_of_the_tap_fails_the_job() {
    let setting = Setting::new();
    let sink = sink(&setting, &Cancel::new());
    let (mut stream, hand) = tool("stream", true);
    stream.tap = Some(Box::new(Panics));
    assert_eq!(kind(sink.put(stream).unwrap()), Kind::Bug);
    hand.expect_drop();
    expect_no_link(&setting, sink, Kind::Bug);
}

#[test]
fn a_cancel_ends_streams_that_flow() {
    let setting = Setting::new();
    let cancel = Cancel::new();
    let sink = sink(&setting, &cancel);
    let (streams, hands): (Vec<_>, Vec<_>) =
        ["a", "b"].map(|path| tool(path, true)).into_iter().unzip();
    let receipts: Vec<_> = streams.into_iter().map(|stream| sink.put(stream).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(50));
    cancel.cancel();
    assert_eq!(sink.settle().unwrap_err().kind(), Kind::Interrupted);
    for (receipt, hand) in receipts.into_iter().zip(hands) {
        assert_eq!(kind(receipt), Kind::Interrupted);
        hand.expect_drop();
    }
    expect_no_link(&setting, sink, Kind::Interrupted);
}

#[test]
fn a_cancel_ends_the_waiting_for_a_silent_tool() {
    let setting = Setting::new();
    let cancel = Cancel::new();
    let sink = sink(&setting, &cancel);
    let (first, _first_hand) = tool("first", false);
    let (second, _second_hand) = tool("second", false);
    let (third, third_hand) = tool("third", false);
    let _receipts = [sink.put(first).unwrap(), sink.put(second).unwrap()];
    std::thread::scope(|scope| {
        // All lanes are taken.
        let put = scope.spawn(|| sink.put(third).err().unwrap().kind());
        let settle = scope.spawn(|| sink.settle().unwrap_err().kind());
        std::thread::sleep(Duration::from_millis(50));
        assert!(!put.is_finished() && !settle.is_finished());
        cancel.cancel();
        assert_eq!(put.join().unwrap(), Kind::Interrupted);
        assert_eq!(settle.join().unwrap(), Kind::Interrupted);
    });
    third_hand.expect_drop();
    expect_no_link(&setting, sink, Kind::Interrupted);
}

#[test]
fn a_lane_is_free_again_after_its_stream() {
    let setting = Setting::new();
    let sink = sink(&setting, &Cancel::new());
    let (first, first_hand) = tool("first", false);
    let (second, second_hand) = tool("second", false);
    let (third, third_hand) = tool("third", false);
    let first = sink.put(first).unwrap();
    let second = sink.put(second).unwrap();
    std::thread::scope(|scope| {
        let put = scope.spawn(|| sink.put(third).unwrap());
        std::thread::sleep(Duration::from_millis(50));
        assert!(!put.is_finished());
        first_hand.give.send(Ok(0)).unwrap();
        assert_eq!(first.redeem().unwrap().bytes, 0);
        let third = put.join().unwrap();
        // Files pass while streams are silent.
        sink.put(file("f", None, Body::Bytes(vec![1; 10]))).unwrap().redeem().unwrap();
        drop((second_hand, third_hand));
        second.redeem().unwrap();
        third.redeem().unwrap();
    });
    sink.settle().unwrap();
}

#[test]
fn a_dropped_sink_does_not_wait_for_a_silent_tool() {
    let setting = Setting::new();
    let sink = sink(&setting, &Cancel::new());
    let (silent, silent_hand) = tool("silent", false);
    let (flowing, flowing_hand) = tool("flowing", true);
    let receipts = [sink.put(silent).unwrap(), sink.put(flowing).unwrap()];
    silent_hand.expect_read();
    let began = Instant::now();
    drop(sink);
    assert!(began.elapsed() < SOON);
    assert_eq!(setting.objects("targets"), [] as [std::path::PathBuf; 0]);
    flowing_hand.expect_drop();
    // Whoever feeds the reader ends: it is dropped.
    silent_hand.give.send(Ok(50_000)).unwrap();
    silent_hand.expect_drop();
    assert_eq!(receipts.map(kind), [Kind::Interrupted; 2]);
    // Nothing was written late.
    assert_eq!(setting.objects("targets"), [] as [std::path::PathBuf; 0]);
}

#[test]
fn the_failure_of_another_file_ends_a_stream() {
    let setting = Setting::new();
    let sink = sink(&setting, &Cancel::new());
    let (stream, hand) = tool("stream", true);
    let receipt = sink.put(stream).unwrap();
    let burst = io::Error::other("burst");
    let (other, other_hand) = tool("other", false);
    other_hand.give.send(Err(burst)).unwrap();
    let other = sink.put(other).unwrap();
    assert_eq!(kind(other), Kind::SourceFiles);
    assert_eq!(kind(receipt), Kind::SourceFiles);
    hand.expect_drop();
    expect_no_link(&setting, sink, Kind::SourceFiles);
}

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

    fn free_bytes(&self) -> Result<Option<u64>, Error> {
        self.0.free_bytes()
    }
}

#[test]
fn a_full_store_ends_the_stream() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Arc::new(Full(Posix::new(dir.path().join("r")), 20_000_000));
    let store = Repository::init(storage).unwrap().unit(&TargetName::new("t").unwrap(), None);
    let claim = Claim::take(&store, Uuid::new_v4(), Level::Full, JobId::new(604)).unwrap();
    let options = SinkOptions { workers: 2, ..SinkOptions::default() };
    let sink = RepositorySink::start(claim, options, Cancel::new(), Arc::new(Silent)).unwrap();

    let bytes = noise(4, 5_000_000);
    let endless = Endless(bytes);
    let stream = sink.put(file("stream", None, Body::Reader(Box::new(endless)))).unwrap();
    let (zeros, hand) = tool("zeros", true);
    let zeros = sink.put(zeros).unwrap();
    assert_eq!(kind(stream), Kind::NoSpace);
    assert_eq!(kind(zeros), Kind::NoSpace);
    hand.expect_drop();
    assert_eq!(sink.settle().unwrap_err().kind(), Kind::NoSpace);
    let late = sink.put(file("late", None, Body::Bytes(vec![1])));
    assert_eq!(late.err().unwrap().kind(), Kind::NoSpace);
    drop(sink);
    assert!(store.link_names().unwrap().is_empty());
}

/// The same noise again and again; longer than the compressor remembers.
struct Endless(Vec<u8>);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(60_000);
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0.rotate_left(length);
        Ok(length)
    }
}
