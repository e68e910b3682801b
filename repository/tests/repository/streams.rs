//! Bodies of unknown length: in through one thread and all workers, out in order.

use crate::setting::{Pattern, Setting, compare, file};
use repository::{ExtractOptions, RepositorySink, SinkOptions, verify};
use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use stream::{Body, Cancel, Finding, Progress, Silent, Sink, Tap};

const MIB: u64 = 1 << 20;

/// Volumes end after two parts.
fn options(workers: usize) -> SinkOptions {
    SinkOptions { workers, level: 1, volume_bytes: 18 << 20, part_bytes: 64 << 20 }
}

#[test]
fn a_stream_comes_back_byte_for_byte_from_any_number_of_workers() {
    for workers in [1, 2, 4] {
        let setting = Setting::new();
        let length = 104 * MIB + 12_345;
        let files = vec![file("stream", None, Pattern::boxed(5, length))];
        let document = setting.backup_with(options(workers), files, Vec::new());
        // Thirteen whole parts: seven volumes, even if one worker was faster than all others.
        assert!(document.volumes.len() >= 7, "{}", document.volumes.len());
        let mut body = setting.open(&document, "stream").unwrap();
        assert_eq!(compare(&mut body, &mut Pattern::new(5, length)).unwrap(), length);

        let cancel = Cancel::new();
        let options = ExtractOptions { workers: 2, cancel: &cancel, progress: &Silent };
        let report = verify(&setting.store, None, true, options).unwrap();
        assert!(report.damages.is_empty(), "{:?}", report.damages);
        assert_eq!(report.bytes, length);
        let mut extracted = setting.extract(&document).unwrap();
        let extracted = extracted.remove("stream").unwrap();
        compare(&mut &extracted[..], &mut Pattern::new(5, length)).unwrap();
    }
}

/// Holds back every thread that stores something until there are two of them.
#[derive(Default)]
struct Meeting {
    threads: Mutex<BTreeSet<String>>,
    met: Condvar,
}

impl Progress for Meeting {
    fn phase(&self, _name: &str) {}

    fn expect(&self, _bytes: u64) {}

    fn advance(&self, _bytes: u64) {
        let mut threads = self.threads.lock().unwrap();
        threads.insert(format!("{:?}", std::thread::current().id()));
        self.met.notify_all();
        let wait = Duration::from_secs(20);
        drop(self.met.wait_timeout_while(threads, wait, |threads| threads.len() < 2).unwrap());
    }
}

#[test]
fn all_workers_take_part_in_one_stream() {
    let setting = Setting::new();
    let claim = setting.claim(uuid::Uuid::new_v4()).unwrap();
    let meeting = Arc::new(Meeting::default());
    let progress: Arc<dyn Progress> = Arc::clone(&meeting) as _;
    let sink = RepositorySink::start(claim, options(2), Cancel::new(), progress).unwrap();
    let stream = file("stream", None, Pattern::boxed(1, 40 * MIB));
    sink.put(stream).unwrap().redeem().unwrap();
    assert_eq!(meeting.threads.lock().unwrap().len(), 2);
}

#[test]
fn streams_end_anywhere() {
    let setting = Setting::new();
    let lengths = [0, 1, MIB, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB];
    let stream = |length: &u64| file(&length.to_string(), None, Pattern::boxed(2, *length));
    let files = lengths.iter().map(stream).collect();
    let document = setting.backup_with(options(2), files, Vec::new());
    for length in lengths {
        let mut body = setting.open(&document, &length.to_string()).unwrap();
        assert_eq!(compare(&mut body, &mut Pattern::new(2, length)).unwrap(), length);
    }
    let parts = lengths.iter().map(|length| length.div_ceil(8 * MIB).max(1)).sum::<u64>();
    assert_eq!(document.volumes.iter().map(|volume| volume.members).sum::<u64>(), parts);
}

#[test]
fn several_streams_and_files_at_once_do_not_mix() {
    let setting = Setting::new();
    let mut files = Vec::new();
    for number in 0..4_u64 {
        let length = 21 * MIB + number;
        files.push(file(&format!("stream-{number}"), None, Pattern::boxed(number, length)));
        for small in 0..50_u8 {
            files.push(file(&format!("{number}/{small}"), None, Body::Bytes(vec![small; 9000])));
        }
    }
    let document = setting.backup_with(options(2), files, Vec::new());
    // All at once on the way out, too.
    std::thread::scope(|scope| {
        for number in 0..4_u64 {
            let (setting, document) = (&setting, &document);
            scope.spawn(move || {
                let mut body = setting.open(document, &format!("stream-{number}")).unwrap();
                let length = 21 * MIB + number;
                let mut wanted = Pattern::new(number, length);
                assert_eq!(compare(&mut body, &mut wanted).unwrap(), length);
            });
        }
    });
    let mut small = setting.open(&document, "3/7").unwrap();
    assert_eq!(compare(&mut small, &mut &[7; 9000][..]).unwrap(), 9000);
}

/// Remembers where blocks began, on which threads they came, and their checksum.
struct Ordered {
    seen: u64,
    crc32c: u32,
    threads: Arc<Mutex<BTreeSet<String>>>,
}

impl Tap for Ordered {
    fn bytes(&mut self, offset: u64, bytes: &[u8]) {
        assert_eq!(offset, self.seen, "out of order");
        assert_eq!(offset % MIB, 0, "no whole blocks");
        self.seen += bytes.len() as u64;
        self.crc32c = crc32c::crc32c_append(self.crc32c, bytes);
        let thread = format!("{:?}", std::thread::current().id());
        self.threads.lock().unwrap().insert(thread);
    }

    fn findings(self: Box<Self>) -> Vec<Finding> {
        vec![Finding { id: "seen".into(), offset: self.seen, text: self.crc32c.to_string() }]
    }

    fn fork(&self) -> Option<Box<dyn Tap>> {
        None
    }
}

#[test]
fn a_tap_sees_a_stream_in_order_and_the_receipt_tells_the_whole() {
    let setting = Setting::new();
    let sink = setting.sink(setting.claim(uuid::Uuid::new_v4()).unwrap());
    let threads = Arc::new(Mutex::new(BTreeSet::new()));
    let length = 37 * MIB + 5;
    let mut stream = file("stream", None, Pattern::boxed(3, length));
    let tap = Ordered { seen: 0, crc32c: 0, threads: Arc::clone(&threads) };
    stream.tap = Some(Box::new(tap));
    let outcome = sink.put(stream).unwrap().redeem().unwrap();
    assert_eq!(outcome.bytes, length);
    assert_eq!(outcome.findings.len(), 1);
    assert_eq!(outcome.findings[0].offset, length);
    assert_eq!(outcome.findings[0].text, outcome.crc32c.to_string());
    assert_eq!(threads.lock().unwrap().len(), 1);
}
