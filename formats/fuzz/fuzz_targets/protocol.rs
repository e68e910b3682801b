#![no_main]

use protocol::{Frame, FrameError, Incoming, Message, ToBackend, ToPlugin};

/// A conversation from one side: whatever is read is read to its end, and says the same again.
fn listen<M: Message + PartialEq + std::fmt::Debug>(data: &[u8]) {
    let mut incoming = Incoming::new(data);
    loop {
        match incoming.receive::<M>() {
            Ok(Frame::End) | Err(FrameError::Io(_) | FrameError::Malformed(_)) => return,
            Ok(Frame::Data(length)) => {
                let mut body = vec![0; length];
                while incoming.left() > 0 {
                    if incoming.data(&mut body).is_err() {
                        return;
                    }
                }
            }
            Ok(Frame::Message(message)) => {
                let mut again = Vec::new();
                protocol::send(&mut again, &message).unwrap();
                let read = Incoming::new(again.as_slice()).receive::<M>().unwrap();
                assert_eq!(read, Frame::Message(message));
            }
        }
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    listen::<ToBackend>(data);
    listen::<ToPlugin>(data);
});
