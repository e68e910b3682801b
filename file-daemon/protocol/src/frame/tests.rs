//! Frames over a vector.

use super::*;
use crate::{FileType, Severity, ToBackend, ToPlugin};

fn file(name: &[u8]) -> ToPlugin {
    ToPlugin::File {
        name: name.to_vec(),
        file_type: FileType::File,
        mode: 0o600,
        uid: 1,
        gid: 2,
        size: -1,
        mtime: -5,
        link: Vec::new(),
    }
}

#[test]
fn what_is_sent_comes() {
    let mut bytes = Vec::new();
    let text = "wait for the server's checkpoint".to_owned();
    let report = ToPlugin::Report { severity: Severity::Info, text };
    send(&mut bytes, &report).unwrap();
    send(&mut bytes, &file(b"/@seawall/x/\xff")).unwrap();
    let body = vec![7; DATA_MAX + 3];
    send_data(&mut bytes, &body).unwrap();
    send(&mut bytes, &ToPlugin::EndOfFile { bytes: body.len() as u64 }).unwrap();

    let mut incoming = Incoming::new(bytes.as_slice());
    assert_eq!(incoming.receive().unwrap(), Frame::Message(report));
    assert_eq!(incoming.receive().unwrap(), Frame::Message(file(b"/@seawall/x/\xff")));
    let mut read = Vec::new();
    for length in [DATA_MAX, 3] {
        assert_eq!(incoming.receive::<ToPlugin>().unwrap(), Frame::Data(length));
        let mut block = vec![0; 1000];
        loop {
            let taken = incoming.data(&mut block).unwrap();
            read.extend_from_slice(&block[..taken]);
            if taken == 0 {
                break;
            }
        }
    }
    assert_eq!(read, body);
    let end = ToPlugin::EndOfFile { bytes: body.len() as u64 };
    assert_eq!(incoming.receive().unwrap(), Frame::Message(end));
    assert_eq!(incoming.receive::<ToPlugin>().unwrap(), Frame::End);
}

#[test]
fn damage_is_noticed() {
    let mut good = Vec::new();
    send(&mut good, &ToBackend::Finish { good: true }).unwrap();
    let read = |bytes: &[u8]| Incoming::new(bytes).receive::<ToBackend>();
    assert!(matches!(read(&good), Ok(Frame::Message(_))));
    assert!(matches!(read(&good[..good.len() - 1]), Err(FrameError::Io(_))), "cut");
    assert!(matches!(read(&good[..3]), Err(FrameError::Io(_))), "cut in the head");
    for (place, byte) in [(0, 2), (4, 99), (5, 7), (3, 0xff)] {
        let mut bad = good.clone();
        bad[place] = byte;
        bad.extend_from_slice(&[0; 8]);
        assert!(matches!(read(&bad), Err(FrameError::Malformed(_))), "{place}");
    }
    // A body that nobody took must not be read as messages.
    let mut bytes = Vec::new();
    send_data(&mut bytes, b"abc").unwrap();
    let mut incoming = Incoming::new(bytes.as_slice());
    assert_eq!(incoming.receive::<ToBackend>().unwrap(), Frame::Data(3));
    assert!(matches!(incoming.receive::<ToBackend>(), Err(FrameError::Malformed(_))));
}

#[test]
fn a_message_that_is_too_long_is_not_sent() {
    let long = ToBackend::Options { line: String::new(), text: "x".repeat(MESSAGE_MAX) };
    assert!(send(&mut Vec::new(), &long).is_err());
}
