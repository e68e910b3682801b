//! Files in, files out.

use crate::setting::{OPTIONS, Setting, file, from_disk, link, noise};
use errors::Kind;
use std::collections::BTreeMap;
use std::io::Cursor;
use stream::{Body, FileKind, Sink, Tap};
use uuid::Uuid;

#[test]
fn what_went_in_comes_out() {
    let setting = Setting::new();
    let mut wanted: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut files = Vec::new();
    for number in 0..500_u64 {
        let bytes = noise(number, usize::try_from(number * 37 % 20_000).unwrap());
        files.push(file(&format!("base/{number}"), None, Body::Bytes(bytes.clone())));
        wanted.insert(format!("base/{number}"), bytes);
    }
    let large = noise(7, 5_300_000);
    let on_disk = setting.dir.path().join("large");
    std::fs::write(&on_disk, &large).unwrap();
    files.push(from_disk("large", on_disk, 5_300_000));
    wanted.insert("large".into(), large.clone());
    // Of unknown length, longer than the parts that are held back.
    let stream = noise(8, 9_000_000);
    files.push(file("stream", None, Body::Reader(Box::new(Cursor::new(stream.clone())))));
    wanted.insert("stream".into(), stream);
    files.push(file("empty-stream", None, Body::Reader(Box::new(Cursor::new(Vec::new())))));
    wanted.insert("empty-stream".into(), Vec::new());
    let mut directory = file("pg_notify", None, Body::Nothing);
    directory.kind = FileKind::Directory;
    files.push(directory);
    wanted.insert("pg_notify".into(), Vec::new());

    let document = setting.backup(files, Vec::new());
    assert!(document.volumes.len() >= 4, "{} volumes", document.volumes.len());
    // A part of 8 MiB of a stream is larger than this test's volumes: it is alone in its own.
    assert!(document.volumes.iter().all(|volume| volume.volume.bytes <= (8 << 20) + (64 << 10)));
    assert_eq!(setting.extract(&document).unwrap(), wanted);
    assert_eq!(setting.store.link_names().unwrap(), [document.link.name()]);
}

#[test]
fn a_receipt_tells_what_the_stream_carries() {
    let setting = Setting::new();
    let sink = setting.sink(setting.claim(Uuid::new_v4()).unwrap());
    let bytes = noise(1, 3_500_000);
    let path = setting.dir.path().join("f");
    std::fs::write(&path, &bytes).unwrap();

    let whole = sink.put(from_disk("whole", path.clone(), 3_500_000)).unwrap().redeem().unwrap();
    assert_eq!((whole.bytes, whole.crc32c), (3_500_000, crc32c::crc32c(&bytes)));
    // It grew since the listing.
    let cut = sink.put(from_disk("grew", path.clone(), 1000)).unwrap().redeem().unwrap();
    assert_eq!((cut.bytes, cut.crc32c), (1000, crc32c::crc32c(&bytes[..1000])));
    // It was truncated since the listing.
    let filled = sink.put(from_disk("shrank", path, 4_000_000)).unwrap().redeem().unwrap();
    let mut zeros = bytes.clone();
    zeros.resize(4_000_000, 0);
    assert_eq!((filled.shortfall, filled.crc32c), (500_000, crc32c::crc32c(&zeros)));
    // It was dropped since the listing.
    let gone = from_disk("gone", setting.dir.path().join("gone"), 10);
    assert!(sink.put(gone).unwrap().redeem().unwrap().vanished);
}

#[test]
fn what_must_not_vanish_is_an_error() {
    let setting = Setting::new();
    let sink = setting.sink(setting.claim(Uuid::new_v4()).unwrap());
    let mut gone = from_disk("global/pg_control", setting.dir.path().join("gone"), 10);
    if let Body::File(source) = &mut gone.body {
        source.may_vanish = false;
    }
    let error = sink.put(gone).unwrap().redeem().unwrap_err();
    assert_eq!(error.kind(), Kind::SourceFiles);
    // From now on the sink answers this failure, and makes no link.
    assert_eq!(sink.settle().unwrap_err().kind(), Kind::SourceFiles);
}

#[test]
fn a_dropped_sink_leaves_nothing() {
    let setting = Setting::new();
    let sink = setting.sink(setting.claim(Uuid::new_v4()).unwrap());
    for number in 0..50_u64 {
        sink.put(file(&format!("f{number}"), None, Body::Bytes(noise(number, 400_000)))).unwrap();
    }
    drop(sink);
    assert_eq!(setting.objects("targets"), [] as [std::path::PathBuf; 0]);
    assert_eq!(setting.objects("locks"), [] as [std::path::PathBuf; 0]);
}

#[test]
fn a_second_backup_of_the_target_is_refused_while_one_runs() {
    let setting = Setting::new();
    let running = setting.claim(Uuid::new_v4()).unwrap();
    let error = setting.claim(Uuid::new_v4()).err().unwrap();
    assert_eq!(error.kind(), Kind::BackupRunning);
    drop(running);
    let second = setting.claim(Uuid::new_v4()).unwrap();
    let sink = setting.sink(second);
    Box::new(sink).finish(link(Uuid::new_v4(), stream::JobId::new(604), Vec::new())).unwrap();
    assert_eq!(setting.claim(Uuid::new_v4()).unwrap().job(), stream::JobId::new(605));
}

/// Counts the bytes it saw; parts of it may be read anywhere, or not.
struct Counter {
    seen: u64,
    ordered: bool,
}

impl Tap for Counter {
    fn bytes(&mut self, offset: u64, bytes: &[u8]) {
        assert!(!self.ordered || offset == self.seen, "out of order");
        self.seen += bytes.len() as u64;
    }

    fn findings(self: Box<Self>) -> Vec<stream::Finding> {
        vec![stream::Finding { id: "seen".into(), offset: self.seen, text: String::new() }]
    }

    fn fork(&self) -> Option<Box<dyn Tap>> {
        (!self.ordered).then(|| Box::new(Self { seen: 0, ordered: false }) as Box<dyn Tap>)
    }
}

#[test]
fn a_tap_sees_every_byte_once_and_in_order_where_it_must() {
    let setting = Setting::new();
    let sink = setting.sink(setting.claim(Uuid::new_v4()).unwrap());
    let path = setting.dir.path().join("f");
    std::fs::write(&path, noise(3, 5_000_000)).unwrap();
    for (ordered, taps) in [(true, 1), (false, 5)] {
        let mut tapped = from_disk(&format!("{ordered}"), path.clone(), 5_000_000);
        tapped.tap = Some(Box::new(Counter { seen: 0, ordered }));
        let findings = sink.put(tapped).unwrap().redeem().unwrap().findings;
        assert_eq!(findings.len(), taps);
        assert_eq!(findings.iter().map(|finding| finding.offset).sum::<u64>(), 5_000_000);
    }
    assert_eq!(sink.lanes(), OPTIONS.workers);
}
