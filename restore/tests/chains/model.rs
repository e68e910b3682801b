//! What a chain's links hold, and what the newest of them must give.

use chrono::DateTime;
use std::collections::BTreeMap;
use stream::{ByteRange, Extent, FileKind, FilePart, Owner, PartialFile, RelPath, RootName};

/// Bytes of a page of the model's database.
const PAGE: usize = 512;
const MODES: [u32; 4] = [0o600, 0o640, 0o400, 0o755];

/// xorshift: the same numbers for the same seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        random.below(7);
        random
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 16) % limit.max(1) as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }
}

/// What is at a path.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Node {
    File { bytes: Vec<u8>, mode: u32, mtime: i64 },
    Directory,
    Symlink(Vec<u8>),
}

type State = BTreeMap<Vec<u8>, Node>;

/// A part and its body.
pub(crate) struct Stored {
    pub(crate) part: FilePart,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Chain {
    /// Parents first.
    pub(crate) links: Vec<Vec<Stored>>,
    states: Vec<State>,
}

impl Chain {
    /// Two to five links of a small database that changes in every way that files can.
    pub(crate) fn random(random: &mut Random) -> Self {
        let mut chain = Self { links: Vec::new(), states: Vec::new() };
        let mut state = State::new();
        for _ in 0..=random.below(12) + 2 {
            appear(&mut state, random);
        }
        let whole = state.iter().flat_map(|(path, node)| whole(path, node, random)).collect();
        chain.links.push(whole);
        chain.states.push(state);
        for _ in 0..=random.below(4) {
            chain.continue_it(random);
        }
        chain
    }

    /// The next link: some files are carried whole, of others what has changed.
    fn continue_it(&mut self, random: &mut Random) {
        let old = self.states.last().unwrap().clone();
        let mut state = old.clone();
        for path in old.keys() {
            change(&mut state, path, random);
        }
        for _ in 0..random.below(3) {
            appear(&mut state, random);
        }
        let mut parts = Vec::new();
        for (path, node) in &state {
            match (old.get(path), node) {
                (Some(Node::File { bytes: before, .. }), Node::File { .. })
                    if !random.one_in(5) =>
                {
                    parts.extend(partial(path, before, node, random));
                }
                _ => parts.extend(whole(path, node, random)),
            }
        }
        self.links.push(parts);
        self.states.push(state);
    }

    pub(crate) fn newest(&self) -> &BTreeMap<Vec<u8>, Node> {
        self.states.last().unwrap()
    }

    /// Bytes of all files of the newest link.
    pub(crate) fn newest_bytes(&self) -> u64 {
        let bytes = |node: &Node| match node {
            Node::File { bytes, .. } => bytes.len() as u64,
            Node::Directory | Node::Symlink(_) => 0,
        };
        self.newest().values().map(bytes).sum()
    }

    pub(crate) fn bytes_of_link(&self, number: usize) -> u64 {
        self.links[number].iter().map(|stored| stored.part.length).sum()
    }

    pub(crate) fn partial_parts(&self) -> usize {
        let is_partial = |stored: &&Stored| matches!(stored.part.extent, Extent::Ranges(_));
        self.links.iter().flatten().filter(is_partial).count()
    }

    /// Takes a part out that cannot vanish unseen: one of an older link, or one of several of a
    /// partial file. (All of a file of the newest link, or the end of one of unknown length: that
    /// can only be noticed by whoever counts rows.)
    pub(crate) fn lose_a_part(&mut self, random: &mut Random) -> Option<Stored> {
        let newest = self.links.len() - 1;
        let number = if random.one_in(2) { newest } else { random.below(newest + 1) };
        let parts = &mut self.links[number];
        let of_partial: Vec<usize> = (0..parts.len())
            .filter(|&at| {
                let part = &parts[at].part;
                let same = |other: &&Stored| other.part.path == part.path;
                let is_one_of_many = parts.iter().filter(same).count() > 1;
                match part.extent {
                    Extent::Ranges(_) => number < newest || is_one_of_many,
                    Extent::Part { of, .. } => of.is_some() && is_one_of_many,
                    Extent::Whole => number < newest && part.kind == FileKind::File,
                }
            })
            .collect();
        if of_partial.is_empty() {
            return None;
        }
        Some(parts.remove(of_partial[random.below(of_partial.len())]))
    }
}

/// Something new, beside or below what is there.
fn appear(state: &mut State, random: &mut Random) {
    let mut path = format!("f{}", random.below(20)).into_bytes();
    if random.one_in(3) {
        path = [format!("d{}", random.below(3)).as_bytes(), b"/", &path].concat();
        let (dir, _) = path.split_at(2);
        state.entry(dir.to_vec()).or_insert(Node::Directory);
        if state[dir] != Node::Directory {
            return;
        }
    }
    let node = match random.below(8) {
        0 => Node::Directory,
        1 => Node::Symlink(b"somewhere".to_vec()),
        _ => file(random),
    };
    state.entry(path).or_insert(node);
}

fn file(random: &mut Random) -> Node {
    let pages = [0, 1, 3, 20, 40][random.below(5)];
    let tail = if random.one_in(4) { random.below(PAGE) } else { 0 };
    let length = random.below(pages + 1) * PAGE + tail;
    let bytes = random.bytes(length);
    Node::File { bytes, mode: MODES[random.below(4)], mtime: 1_700_000_000 + small(random) }
}

fn small(random: &mut Random) -> i64 {
    i64::try_from(random.below(100_000)).unwrap()
}

/// One file stays, changes, grows, shrinks, vanishes, moves, or becomes another thing.
fn change(state: &mut State, path: &[u8], random: &mut Random) {
    let Some(Node::File { mut bytes, mode, mtime }) = state.get(path).cloned() else {
        let is_empty = !state.keys().any(|other| other.starts_with(&[path, b"/"].concat()));
        if is_empty && random.one_in(3) {
            let node = file(random);
            state.insert(path.to_vec(), node);
        }
        return;
    };
    let rewrite = |bytes: &mut [u8], random: &mut Random| {
        for page in bytes.chunks_mut(PAGE) {
            if random.one_in(4) {
                let new = random.bytes(page.len());
                page.copy_from_slice(&new);
            }
        }
    };
    match random.below(12) {
        0..=2 => {}
        3..=4 => rewrite(&mut bytes, random),
        5..=6 => {
            rewrite(&mut bytes, random);
            let more = random.below(6 * PAGE);
            bytes.extend(random.bytes(more));
        }
        7..=8 => {
            bytes.truncate(random.below(bytes.len() + 1));
            rewrite(&mut bytes, random);
        }
        9 => {
            state.remove(path);
            return;
        }
        10 => {
            let node = state.remove(path).unwrap();
            let new = format!("moved{}", random.below(1000)).into_bytes();
            state.insert(new, node);
            return;
        }
        _ => {
            let node = match random.below(3) {
                0 => Node::Directory,
                1 => Node::Symlink(b"x".to_vec()),
                _ => file(random),
            };
            state.insert(path.to_vec(), node);
            return;
        }
    }
    let mode = if random.one_in(6) { MODES[random.below(4)] } else { mode };
    let mtime = mtime + small(random);
    state.insert(path.to_vec(), Node::File { bytes, mode, mtime });
}

fn part(path: &[u8], node: &Node) -> FilePart {
    let (kind, mode, mtime) = match node {
        Node::File { mode, mtime, .. } => (FileKind::File, *mode, *mtime),
        Node::Directory => (FileKind::Directory, 0o700, 0),
        Node::Symlink(target) => (FileKind::Symlink(target.clone()), 0o777, 0),
    };
    FilePart {
        root: RootName::new("data").unwrap(),
        path: RelPath::new(path).unwrap(),
        kind,
        mode,
        owner: Owner::default(),
        mtime: DateTime::from_timestamp(mtime, 0).unwrap(),
        extent: Extent::Whole,
        length: 0,
        crc32c: 0,
    }
}

fn stored(path: &[u8], node: &Node, extent: Extent, body: &[u8]) -> Stored {
    let part = FilePart { extent, length: body.len() as u64, ..part(path, node) };
    Stored { part, body: body.to_vec() }
}

/// All of a file, at times cut, of known or unknown length.
fn whole(path: &[u8], node: &Node, random: &mut Random) -> Vec<Stored> {
    let Node::File { bytes, .. } = node else {
        return vec![stored(path, node, Extent::Whole, b"")];
    };
    if bytes.is_empty() || random.one_in(2) {
        return vec![stored(path, node, Extent::Whole, bytes)];
    }
    let of = random.one_in(2).then_some(bytes.len() as u64);
    let size = 1 + random.below(bytes.len());
    let cut = |(number, body): (usize, &[u8])| {
        let offset = (number * size) as u64;
        stored(path, node, Extent::Part { offset, of }, body)
    };
    bytes.chunks(size).enumerate().map(cut).collect()
}

/// What has changed of a file, in ranges of pages, at times more than that.
fn partial(path: &[u8], before: &[u8], node: &Node, random: &mut Random) -> Vec<Stored> {
    let Node::File { bytes, .. } = node else { return Vec::new() };
    let mut ranges: Vec<ByteRange> = Vec::new();
    for (number, page) in bytes.chunks(PAGE).enumerate() {
        let (offset, length) = ((number * PAGE) as u64, page.len() as u64);
        let is_same = before.get(number * PAGE..).is_some_and(|rest| rest.starts_with(page));
        if is_same && !random.one_in(9) {
            continue;
        }
        match ranges.last_mut() {
            // Ranges may touch.
            Some(last) if last.end() == offset && !random.one_in(3) => last.length += length,
            _ => ranges.push(ByteRange { offset, length }),
        }
    }
    let partial = PartialFile::new(bytes.len() as u64, ranges).unwrap();
    let (max_ranges, max_bytes) = (1 + random.below(8), 1 + random.below(4000) as u64);
    let body = |piece: &PartialFile| -> Vec<u8> {
        let of = |range: &ByteRange| {
            let from = usize::try_from(range.offset).unwrap();
            &bytes[from..from + usize::try_from(range.length).unwrap()]
        };
        piece.ranges().iter().flat_map(of).copied().collect()
    };
    let pieces = partial.pieces(max_ranges, max_bytes);
    let store = |piece: PartialFile| {
        let body = body(&piece);
        stored(path, node, Extent::Ranges(piece), &body)
    };
    pieces.into_iter().map(store).collect()
}
