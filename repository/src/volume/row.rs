//! Rows: one line of JSON per member of a volume, in tar order.

use chrono::{DateTime, SecondsFormat, Utc};
use errors::{Error, Kind, Result};
use formats::tar;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use stream::{
    Extent, FileKind, FilePart, Owner, PartialFile, RelPath, RootName, percent_decode,
    percent_encode,
};

use super::{PARTS, RANGES};

/// A file's place: its root and its path below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RootedPath {
    pub(crate) root: RootName,
    pub(crate) path: RelPath,
}

/// A part of a cut body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// Where it begins in the file.
    pub(crate) offset: u64,
    /// Bytes of the whole file, where that was known when the part was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<u64>,
}

/// What is known of a member before its body is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) place: RootedPath,
    pub(crate) kind: FileKind,
    pub(crate) mode: u32,
    pub(crate) owner: Owner,
    pub(crate) mtime: DateTime<Utc>,
    pub(crate) size: u64,
    pub(crate) part: Option<Part>,
    /// Which ranges of a partial file these are; `part` is none then.
    pub(crate) partial: Option<PartialFile>,
}

/// A row as it stands in the file of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    root: RootName,
    path: RelPath,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    mode: String,
    uid: u32,
    gid: u32,
    user: String,
    group: String,
    mtime: String,
    size: u64,
    crc32c: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part: Option<Part>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partial: Option<PartialFile>,
    /// Stored offset of the frame, plain offset of the header in it.
    pub(crate) at: (u64, u64),
}

impl Member {
    /// The header in the tar, and the row's part that does not depend on the body.
    pub(super) fn tar_header(&self) -> tar::Header {
        let (kind, size) = match &self.kind {
            FileKind::Directory => (tar::EntryKind::Directory, 0),
            FileKind::Symlink(target) => (tar::EntryKind::Symlink { target: target.clone() }, 0),
            FileKind::File | FileKind::Log(_) => (tar::EntryKind::File, self.size),
        };
        tar::Header {
            path: self.tar_path(),
            kind,
            mode: self.mode,
            uid: self.owner.uid.into(),
            gid: self.owner.gid.into(),
            uname: self.owner.user.clone(),
            gname: self.owner.group.clone(),
            size,
            mtime_secs: self.mtime.timestamp(),
            mtime_nanos: self.mtime.timestamp_subsec_nanos(),
            partial: self.partial.as_ref().map(mark),
        }
    }

    /// `<root>/<path>`, `.parts/<root>/<path>/<offset>`, or `.ranges/<root>/<path>/<offset>` with
    /// the offset of the first range.
    fn tar_path(&self) -> Vec<u8> {
        let cut = match (&self.part, &self.partial) {
            (_, Some(partial)) => {
                let first = partial.ranges().first().map_or(0, |range| range.offset);
                Some((RANGES, first))
            }
            (Some(part), None) => Some((PARTS, part.offset)),
            (None, None) => None,
        };
        let mut path = Vec::new();
        if let Some((directory, _)) = cut {
            path.extend_from_slice(directory.as_bytes());
            path.push(b'/');
        }
        path.extend_from_slice(self.place.root.as_str().as_bytes());
        path.push(b'/');
        path.extend_from_slice(self.place.path.as_bytes());
        if let Some((_, offset)) = cut {
            path.extend_from_slice(format!("/{offset:020}").as_bytes());
        }
        path
    }

    pub(super) fn row(&self, crc32c: u32, at: (u64, u64)) -> Row {
        let (kind, to) = match &self.kind {
            FileKind::File | FileKind::Log(_) => ("file", None),
            FileKind::Directory => ("directory", None),
            FileKind::Symlink(target) => {
                ("symlink", Some(percent_encode(target, |byte| byte.is_ascii_graphic())))
            }
        };
        Row {
            root: self.place.root.clone(),
            path: self.place.path.clone(),
            kind: kind.to_owned(),
            to,
            mode: format!("{:04o}", self.mode),
            uid: self.owner.uid,
            gid: self.owner.gid,
            user: self.owner.user.clone(),
            group: self.owner.group.clone(),
            mtime: self.mtime.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            size: self.size,
            crc32c: format!("{crc32c:08x}"),
            part: self.part,
            partial: self.partial.clone(),
            at,
        }
    }
}

/// What the tar itself says of a partial file: `<bytes of the whole file> <bytes in all members of
/// it> <offset>+<length> …`.
fn mark(partial: &PartialFile) -> String {
    let mut text = format!("{} {}", partial.size_bytes(), partial.carried_bytes());
    for range in partial.ranges() {
        let _ = write!(text, " {}+{}", range.offset, range.length);
    }
    text
}

impl Row {
    /// Reads a line.
    pub(super) fn parse(line: &[u8]) -> Result<Self> {
        serde_json::from_slice(line)
            .map_err(|error| Error::new(Kind::Manifest, "a row is damaged").caused_by(error))
    }

    pub(crate) fn is_of(&self, root: &RootName, path: &RelPath) -> bool {
        self.path == *path && self.root == *root
    }

    /// What the row says, for a tree writer.
    pub(crate) fn file_part(&self) -> Result<FilePart> {
        let bad = |what: &str| Error::new(Kind::Manifest, format!("row of {}: {what}", self.path));
        let kind = match (self.kind.as_str(), &self.to) {
            ("file", None) => FileKind::File,
            ("directory", None) => FileKind::Directory,
            ("symlink", Some(to)) => {
                FileKind::Symlink(percent_decode(to).ok_or_else(|| bad("broken link target"))?)
            }
            (kind, _) => {
                let error = bad(&format!("unknown kind {kind:?}"));
                return Err(error.with_kind(Kind::FormatTooNew));
            }
        };
        let mtime = DateTime::parse_from_rfc3339(&self.mtime).map_err(|_| bad("broken time"))?;
        Ok(FilePart {
            root: self.root.clone(),
            path: self.path.clone(),
            kind,
            mode: u32::from_str_radix(&self.mode, 8).map_err(|_| bad("broken mode"))?,
            owner: Owner {
                uid: self.uid,
                gid: self.gid,
                user: self.user.clone(),
                group: self.group.clone(),
            },
            mtime: mtime.with_timezone(&Utc),
            extent: self.extent().map_err(bad)?,
            length: self.size,
            crc32c: u32::from_str_radix(&self.crc32c, 16).map_err(|_| bad("broken checksum"))?,
        })
    }

    fn extent(&self) -> Result<Extent, &'static str> {
        match (self.part, &self.partial) {
            (None, None) => Ok(Extent::Whole),
            (Some(Part { offset, of }), None) => Ok(Extent::Part { offset, of }),
            (Some(_), Some(_)) => Err("a part of a partial file"),
            (None, Some(_)) if self.kind != "file" => Err("only files are partial"),
            (None, Some(partial)) if partial.body_bytes() != self.size => {
                Err("its ranges are not as long as its body")
            }
            (None, Some(partial)) => Ok(Extent::Ranges(partial.clone())),
        }
    }

    /// The member whose header must stand in the tar for this row.
    pub(crate) fn member(&self) -> Result<Member> {
        let part = self.file_part()?;
        Ok(Member {
            place: RootedPath { root: part.root, path: part.path },
            kind: part.kind,
            mode: part.mode,
            owner: part.owner,
            mtime: part.mtime,
            size: part.length,
            part: self.part,
            partial: self.partial.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream::ByteRange;

    fn member() -> Member {
        Member {
            place: RootedPath {
                root: RootName::new("data").unwrap(),
                path: RelPath::new(b"base/5/a b".to_vec()).unwrap(),
            },
            kind: FileKind::File,
            mode: 0o600,
            owner: Owner { uid: 101, gid: 104, user: "postgres".into(), group: "postgres".into() },
            mtime: DateTime::from_timestamp(1_700_000_000, 120_000_000).unwrap(),
            size: 8192,
            part: Some(Part { offset: 67_108_864, of: Some(70_000_000) }),
            partial: None,
        }
    }

    fn partial_member() -> Member {
        let ranges = [(8192, 8192), (65_536, 100)].map(ByteRange::from);
        let partial = Some(PartialFile::new(65_700, ranges).unwrap());
        Member { part: None, partial, size: 8292, ..member() }
    }

    #[test]
    fn a_row_is_the_documented_line_and_comes_back() {
        let row = member().row(0xdead_beef, (4096, 512));
        let line = serde_json::to_string(&row).unwrap();
        assert_eq!(
            line,
            "{\"root\":\"data\",\"path\":\"base/5/a%20b\",\"kind\":\"file\",\"mode\":\"0600\",\
             \"uid\":101,\"gid\":104,\"user\":\"postgres\",\"group\":\"postgres\",\
             \"mtime\":\"2023-11-14T22:13:20.120Z\",\"size\":8192,\"crc32c\":\"deadbeef\",\
             \"part\":{\"offset\":67108864,\"of\":70000000},\"at\":[4096,512]}"
        );
        let read = Row::parse(line.as_bytes()).unwrap();
        assert_eq!(read, row);
        assert_eq!(read.member().unwrap().tar_header(), member().tar_header());
    }

    #[test]
    fn parts_lie_where_cat_finds_them_in_order() {
        assert_eq!(
            String::from_utf8(member().tar_path()).unwrap(),
            ".parts/data/base/5/a b/00000000000067108864"
        );
    }
    #[test]
    fn a_partial_file_says_so_in_row_and_tar() {
        let row = partial_member().row(0, (0, 0));
        let line = serde_json::to_string(&row).unwrap();
        let wanted = "\"size\":8292,\"crc32c\":\"00000000\",\
                      \"partial\":{\"of\":65700,\"carried\":8292,\"ranges\":[[8192,8192],[65536,100]]},\"at\":[0,0]}";
        assert!(line.ends_with(wanted), "{line}");
        let read = Row::parse(line.as_bytes()).unwrap();
        assert_eq!(read, row);
        let header = read.member().unwrap().tar_header();
        assert_eq!(header, partial_member().tar_header());
        assert_eq!(header.path, b".ranges/data/base/5/a b/00000000000000008192");
        assert_eq!(header.partial.as_deref(), Some("65700 8292 8192+8192 65536+100"));

        let unchanged = Some(PartialFile::new(70_000, []).unwrap());
        let header = Member { partial: unchanged, size: 0, ..partial_member() }.tar_header();
        assert_eq!(header.path, b".ranges/data/base/5/a b/00000000000000000000");
        assert_eq!(header.partial.as_deref(), Some("70000 0"));
    }

    #[test]
    fn rows_that_contradict_themselves_are_refused() {
        let good = serde_json::to_value(partial_member().row(0, (0, 0))).unwrap();
        let read = |field: &str, value: serde_json::Value| {
            let mut row = good.clone();
            row[field] = value;
            Row::parse(row.to_string().as_bytes()).and_then(|row| row.file_part())
        };
        assert!(read("size", 8292.into()).is_ok());
        for (field, value) in [
            ("size", "8291"),
            ("part", "{\"offset\":8192}"),
            ("kind", "\"directory\""),
            ("partial", "{\"of\":65635,\"carried\":8292,\"ranges\":[[8192,8192],[65536,100]]}"),
            ("partial", "{\"of\":65700,\"carried\":8292,\"ranges\":[[65536,100],[8192,8192]]}"),
            ("partial", "{\"of\":65700,\"carried\":8292,\"ranges\":[[0,8292],[0,0]]}"),
            ("partial", "{\"of\":65700,\"carried\":8291,\"ranges\":[[8192,8192],[65536,100]]}"),
            ("partial", "{\"of\":65700}"),
        ] {
            let error = read(field, serde_json::from_str(value).unwrap()).unwrap_err();
            assert_eq!(error.kind(), Kind::Manifest, "{field} {value}: {error:?}");
        }
    }

    /// The bound of a line holds for the longest row that can be.
    #[test]
    fn the_longest_row_is_read() {
        let far = u64::MAX / 2;
        let count = super::super::MEMBER_RANGES as u64;
        let range = |number| ByteRange { offset: far + number * (1 << 50), length: 1 << 49 };
        let ranges: Vec<_> = (0..count).map(range).collect();
        let partial = PartialFile::new(u64::MAX, ranges).unwrap();
        let path = RelPath::new(vec![0xff; RelPath::MAX_BYTES]).unwrap();
        let owner = Owner { user: "u".repeat(256), group: "g".repeat(256), ..Owner::default() };
        let member = Member {
            place: RootedPath { root: RootName::new("d".repeat(64)).unwrap(), path },
            size: partial.body_bytes(),
            partial: Some(partial),
            owner,
            ..partial_member()
        };
        let line = serde_json::to_vec(&member.row(u32::MAX, (u64::MAX, u64::MAX))).unwrap();
        assert!((line.len() as u64) < super::super::rows::MAX_ROW_BYTES, "{}", line.len());
        let header = tar::encode(&member.tar_header()).unwrap();
        assert!((header.len() as u64) < super::super::writer::HEADER_BYTES_MAX, "{}", header.len());
    }

    /// Damaged rows are refused or read as what they say, and never end the program.
    #[test]
    fn any_bytes_are_read_or_refused() {
        let lines = [member(), partial_member()].map(|member| {
            let row = member.row(0xdead_beef, (4096, 512));
            serde_json::to_vec(&row).unwrap()
        });
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below as u64).unwrap()
        };
        for round in 0..20_000 {
            let mut line = lines[round % 2].clone();
            for _ in 0..=next(3) {
                let (at, from) = (next(line.len()), next(line.len()));
                line[at] =
                    if next(2) == 0 { line[from] } else { b"0123456789[],{}\"-e."[next(19)] };
            }
            let Ok(row) = Row::parse(&line) else { continue };
            let Ok(part) = row.file_part() else { continue };
            if let Extent::Ranges(partial) = &part.extent {
                assert_eq!(partial.body_bytes(), part.length);
            }
            let again = serde_json::to_vec(&row).unwrap();
            assert_eq!(Row::parse(&again).unwrap(), row);
            let _ = tar::encode(&row.member().unwrap().tar_header());
        }
    }
}
