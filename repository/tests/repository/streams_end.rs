//! Streams that end otherwise than they should: nobody waits for ever, and no link is made.

use crate::setting::{OPTIONS, Setting, file, from_disk, link};
use errors::Kind;
use repository::{RepositorySink, SinkOptions};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use stream::{Body, Cancel, Finding, JobId, Receipt, Silent, Sink, Tap, VirtualFile};
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
    assert_eq!(receipts.map(kind), [Kind::Interrupted; 2]);
    assert_eq!(setting.objects("targets"), [] as [std::path::PathBuf; 0]);
    flowing_hand.expect_drop();
    // Whoever feeds the reader ends: it is dropped.
    silent_hand.give.send(Ok(50_000)).unwrap();
    silent_hand.expect_drop();
    // Nothing was written late.
    assert_eq!(setting.objects("targets"), [] as [std::path::PathBuf; 0]);
}

#[test]
fn the_failure_of_another_file_ends_a_stream() {
    let setting = Setting::new();
    let sink = sink(&setting, &Cancel::new());
    let (flowing, flowing_hand) = tool("flowing", true);
    let flowing = sink.put(flowing).unwrap();
    let (silent, silent_hand) = tool("silent", false);
    let silent = sink.put(silent).unwrap();
    silent_hand.expect_read();
    let mut gone = from_disk("gone", setting.dir.path().join("gone"), 10);
    if let Body::File(source) = &mut gone.body {
        source.may_vanish = false;
    }
    let gone = sink.put(gone).unwrap();
    assert_eq!([gone, flowing, silent].map(kind), [Kind::SourceFiles; 3]);
    flowing_hand.expect_drop();
    drop(silent_hand.give);
    expect_no_link(&setting, sink, Kind::SourceFiles);
}
