//! Bodies that are pushed, for an engine that pulls them.

use crossbeam_channel::{Receiver, Sender, bounded};
use errors::{Error, Kind, Result};
use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};
use stream::{Bodies, RelPath, RootName};

/// Blocks that may wait.
const WAITING: usize = 4;

type Place = (RootName, RelPath);
type Blocks = Receiver<Option<Vec<u8>>>;

/// The end where bodies come in.
pub(super) struct Pushed {
    senders: HashMap<Place, Sender<Option<Vec<u8>>>>,
}

/// The end where they are read.
pub(super) struct Pulled(Mutex<HashMap<Place, Blocks>>);

/// A bridge for bodies of these places.
pub(super) fn bridge(places: impl Iterator<Item = Place>) -> (Pushed, Pulled) {
    let mut senders = HashMap::new();
    let mut receivers = HashMap::new();
    for place in places {
        let (sender, receiver) = bounded(WAITING);
        senders.insert(place.clone(), sender);
        receivers.insert(place, receiver);
    }
    (Pushed { senders }, Pulled(Mutex::new(receivers)))
}

impl Pushed {
    /// The way for one body; it comes once.
    pub(super) fn take(&mut self, root: &RootName, path: &RelPath) -> Option<Lane> {
        self.senders.remove(&(root.clone(), path.clone())).map(Lane)
    }

    /// Whether all bodies have come.
    pub(super) fn is_empty(&self) -> bool {
        self.senders.is_empty()
    }
}

/// The way for one body. Dropped before its end, it is an error for who reads.
pub(super) struct Lane(Sender<Option<Vec<u8>>>);

impl Lane {
    /// Hands a block over; `false` when nobody reads any more.
    pub(super) fn block(&self, block: Vec<u8>) -> bool {
        self.0.send(Some(block)).is_ok()
    }

    /// The body is whole.
    pub(super) fn end(self) -> bool {
        self.0.send(None).is_ok()
    }
}

impl Bodies for Pulled {
    fn open(&self, root: &RootName, path: &RelPath) -> Result<Box<dyn Read + Send>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let blocks = waiting.remove(&(root.clone(), path.clone())).ok_or_else(|| {
            Error::new(Kind::Manifest, format!("the backup has no stream {path}"))
        })?;
        Ok(Box::new(PulledBody { blocks, block: Vec::new(), at: 0, is_ended: false }))
    }
}

struct PulledBody {
    blocks: Blocks,
    block: Vec<u8>,
    at: usize,
    is_ended: bool,
}

impl Read for PulledBody {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() {
            if self.is_ended {
                return Ok(0);
            }
            match self.blocks.recv() {
                Ok(Some(block)) => (self.block, self.at) = (block, 0),
                Ok(None) => self.is_ended = true,
                Err(_) => return Err(io::Error::other("the stream broke off")),
            }
        }
        let length = out.len().min(self.block.len() - self.at);
        out[..length].copy_from_slice(&self.block[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_breaks_off_is_no_whole_one() {
        let place = || (RootName::new("data").unwrap(), RelPath::new("x").unwrap());
        for is_whole in [true, false] {
            let (mut pushed, pulled) = bridge(std::iter::once(place()));
            let (root, path) = place();
            let lane = pushed.take(&root, &path).unwrap();
            assert!(pushed.take(&root, &path).is_none() && pushed.is_empty());
            let mut body = pulled.open(&root, &path).unwrap();
            let write = std::thread::spawn(move || {
                (0..10).all(|_| lane.block(vec![1; 1000])) && (!is_whole || lane.end())
            });
            let read = body.read_to_end(&mut Vec::new());
            assert_eq!(read.ok(), is_whole.then_some(10_000));
            assert!(write.join().unwrap());
        }
    }
}
