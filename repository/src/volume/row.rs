//! Rows: one line of JSON per member of a volume, in tar order.

use chrono::{DateTime, SecondsFormat, Utc};
use errors::{Error, Kind, Result};
use formats::tar;
use serde::{Deserialize, Serialize};
use stream::{FileKind, FilePart, Owner, RelPath, RootName, percent_decode, percent_encode};

use super::PARTS;

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
        }
    }

    /// `<root>/<path>`, or `.parts/<root>/<path>/<offset>`.
    fn tar_path(&self) -> Vec<u8> {
        let mut path = Vec::new();
        if self.part.is_some() {
            path.extend_from_slice(PARTS.as_bytes());
            path.push(b'/');
        }
        path.extend_from_slice(self.place.root.as_str().as_bytes());
        path.push(b'/');
        path.extend_from_slice(self.place.path.as_bytes());
        if let Some(part) = self.part {
            path.extend_from_slice(format!("/{:020}", part.offset).as_bytes());
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
            at,
        }
    }
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
            offset: self.part.map_or(0, |part| part.offset),
            length: self.size,
            crc32c: u32::from_str_radix(&self.crc32c, 16).map_err(|_| bad("broken checksum"))?,
        })
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
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        }
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
}
