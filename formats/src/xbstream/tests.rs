//! Streams of real tools, and ones that no tool would write.

mod damage;
mod recorded;
mod round_trip;

use super::*;

/// An event that outlives the bytes, with neighbouring bytes of one file joined.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    Data(MemberPath, u64, Vec<u8>),
    Other(FileEvent<'static>),
}

/// The events of a stream that comes in chunks of that size, and how it ended.
fn read(
    bytes: &[u8],
    dialect: Dialect,
    chunk: usize,
) -> (Vec<Kept>, Result<Summary, XbstreamError>) {
    let mut files = Files::new(dialect);
    let mut kept = Vec::new();
    for mut chunk in bytes.chunks(chunk) {
        loop {
            match files.next(&mut chunk) {
                Ok(None) => break,
                Ok(Some(event)) => keep(event, &mut kept),
                Err(error) => {
                    assert_eq!(files.next(&mut &b"XBSTCK01"[..]), Err(error.clone()));
                    assert_eq!(files.finish(), Err(error.clone()));
                    return (kept, Err(error));
                }
            }
        }
        assert!(chunk.is_empty());
    }
    (kept, files.finish())
}

fn keep(event: FileEvent<'_>, kept: &mut Vec<Kept>) {
    let path = event.path;
    let what = match event.what {
        What::Data { offset, bytes } => {
            match kept.last_mut() {
                Some(Kept::Data(last, begin, before))
                    if *last == path && *begin + before.len() as u64 == offset =>
                {
                    before.extend_from_slice(bytes);
                }
                _ => kept.push(Kept::Data(path, offset, bytes.to_vec())),
            }
            return;
        }
        What::Begin { rewrite } => What::Begin { rewrite },
        What::Hole { offset, length } => What::Hole { offset, length },
        What::End(member) => What::End(member),
        What::Rename { to } => What::Rename { to },
        What::Remove => What::Remove,
    };
    kept.push(Kept::Other(FileEvent { path, what }));
}

fn path(text: &str) -> MemberPath {
    MemberPath::new(text.as_bytes()).unwrap()
}

/// A chunk with its payload, as a stream has it.
fn put(stream: &mut Vec<u8>, dialect: Dialect, name: &str, kind: ChunkKind, payload: &[u8]) {
    let chunk = Chunk { path: path(name), rewrite: false, kind };
    stream.extend(encode_header(&chunk, payload, dialect).unwrap());
    stream.extend(payload);
}
