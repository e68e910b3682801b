//! What the sink refuses.

use super::*;
use std::io::Read;
use std::os::unix::net::UnixStream;
use stream::{
    Body, ByteRange, FileKind, Owner, PartialFile, RelPath, RootName, Silent, TargetName,
};

/// A reader that must not be read.
struct Untouched;

impl Read for Untouched {
    fn read(&mut self, _buffer: &mut [u8]) -> std::io::Result<usize> {
        panic!("it was read")
    }
}

#[test]
fn partial_files_are_refused_before_anything_is_read_or_sent() {
    let (ours, mut plugin) = UnixStream::pair().unwrap();
    let cancel = Cancel::new();
    let outbox = Outbox::start(ours, cancel.clone()).unwrap();
    let subject = Subject::new(&TargetName::new("db").unwrap(), None);
    let place = Place { subject, job: JobId::new(7) };
    let sink = DaemonSink::start(place, &outbox, &cancel, Arc::new(Silent)).unwrap();
    let ranges = [ByteRange { offset: 0, length: 5 }];
    let file = VirtualFile {
        root: RootName::new("data").unwrap(),
        path: RelPath::new("base/1").unwrap(),
        kind: FileKind::File,
        mode: 0o600,
        owner: Owner::default(),
        mtime: chrono::Utc::now(),
        size: None,
        body: Body::Reader(Box::new(Untouched)),
        partial: Some(PartialFile::new(9, ranges).unwrap()),
        tap: None,
    };
    let error = sink.put(file).unwrap().redeem().unwrap_err();
    assert_eq!(error.kind(), Kind::Bug);
    assert_eq!(error.message(), "base/1: the daemon's stream cannot hold partial files");
    assert_eq!(sink.settle().unwrap_err().kind(), Kind::Bug, "the job fails");
    drop((sink, outbox));
    let mut sent = Vec::new();
    plugin.read_to_end(&mut sent).unwrap();
    assert!(sent.is_empty(), "{sent:?}");
}
