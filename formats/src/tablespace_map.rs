//! `tablespace_map`: which directory each tablespace of a backup lay in.

use crate::text;

/// Largest map read, in bytes: tens of thousands of tablespaces.
const BYTES_MAX: usize = 16 << 20;

/// The first server that escapes backslashes, and takes any character after one as it is
/// (measured: 13.23 does not, 14.23 does).
const BACKSLASH_ESCAPED_SINCE: u16 = 14;

/// An object identifier, here of a tablespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(pub u32);

/// One tablespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablespaceEntry {
    /// Its identifier, which names the link in `pg_tblspc`.
    pub oid: Oid,
    /// The directory the link pointed to; any bytes but NUL.
    pub location: Vec<u8>,
}

/// Why a tablespace map was refused, or cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TablespaceMapError {
    /// The map is larger than any server writes.
    #[error("a tablespace map of {bytes} bytes is too large")]
    TooLong {
        /// The map's length in bytes.
        bytes: usize,
    },
    /// The last line has no end: the map was cut.
    #[error("the tablespace map does not end with a newline")]
    Unterminated,
    /// A line is not an identifier, one space and a location.
    #[error("line {line} of the tablespace map is no tablespace and its location")]
    Line {
        /// Which one, from 1; lines inside a location do not count.
        line: usize,
    },
    /// Servers up to 13 cannot read back a location that ends with a backslash, and none can hold
    /// an empty one or a NUL.
    #[error("the location of tablespace {} cannot be written for server {major}", oid.0)]
    Location {
        /// The tablespace.
        oid: Oid,
        /// The server's major version.
        major: u16,
    },
}

/// Reads the map of a server of version `major`, as that server would.
///
/// From 14 a backslash makes the next byte literal, whichever it is, so a backslash that was not
/// doubled is lost, exactly as `read_tablespace_map` loses it. Up to 13 it does so only before a
/// line feed or a carriage return, and is itself elsewhere.
///
/// # Errors
///
/// Where the server would refuse the map, and where the last line was cut, which 13 overlooks.
pub fn parse(bytes: &[u8], major: u16) -> Result<Vec<TablespaceEntry>, TablespaceMapError> {
    if bytes.len() > BYTES_MAX {
        return Err(TablespaceMapError::TooLong { bytes: bytes.len() });
    }
    let escapes_all = major >= BACKSLASH_ESCAPED_SINCE;
    let mut entries = Vec::new();
    let (mut line, mut number) = (Vec::new(), 1_usize);
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        let escaped = match byte {
            b'\\' => rest.next_if(|&next| escapes_all || ends_line(next)),
            _ => None,
        };
        if let Some(literal) = escaped {
            line.push(literal);
        } else if !ends_line(byte) {
            line.push(byte);
        } else if !(line.is_empty() && escapes_all) {
            entries.push(entry(&line).ok_or(TablespaceMapError::Line { line: number })?);
            line.clear();
            number = number.saturating_add(1);
        }
    }
    if line.is_empty() { Ok(entries) } else { Err(TablespaceMapError::Unterminated) }
}

/// Writes the map for a server of version `major`, as that server would have.
///
/// # Errors
///
/// [`TablespaceMapError::Location`] where that server could not read the location back.
pub fn print(entries: &[TablespaceEntry], major: u16) -> Result<Vec<u8>, TablespaceMapError> {
    let escapes_all = major >= BACKSLASH_ESCAPED_SINCE;
    let mut bytes = Vec::new();
    for TablespaceEntry { oid, location } in entries {
        let unreadable = location.is_empty() || location.contains(&0);
        if unreadable || (location.ends_with(b"\\") && !escapes_all) {
            return Err(TablespaceMapError::Location { oid: *oid, major });
        }
        bytes.extend(format!("{} ", oid.0).as_bytes());
        for &byte in location {
            if ends_line(byte) || (byte == b'\\' && escapes_all) {
                bytes.push(b'\\');
            }
            bytes.push(byte);
        }
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn entry(line: &[u8]) -> Option<TablespaceEntry> {
    let space = line.iter().position(|&byte| byte == b' ')?;
    let (oid, location) = line.split_at_checked(space)?;
    let location = location.strip_prefix(b" ")?;
    let oid = text::decimal(str::from_utf8(oid).ok()?).filter(|&oid| oid != 0)?;
    if location.is_empty() || location.contains(&0) {
        return None;
    }
    Some(TablespaceEntry { oid: Oid(oid), location: location.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn entry(oid: u32, location: &[u8]) -> TablespaceEntry {
        TablespaceEntry { oid: Oid(oid), location: location.to_vec() }
    }

    fn located(bytes: &[u8], major: u16) -> Vec<Vec<u8>> {
        let entries = parse(bytes, major).unwrap();
        entries.into_iter().map(|entry| entry.location).collect()
    }

    #[test]
    fn reads_and_rewrites_the_map_of_every_major() {
        let expected = [
            entry(16384, b"/srv/pgtest/ts 1"),
            entry(16386, b"/srv/pgtest/ts\n3"),
            entry(16385, b"/srv/pgtest/ts\\2"),
        ];
        for major in fixture::MAJORS {
            let bytes = fixture::read(&format!("{major}/tablespace_map"));
            assert_eq!(parse(&bytes, major).unwrap(), expected, "{major}");
            assert_eq!(print(&expected, major).unwrap(), bytes, "{major}");
        }
    }

    #[test]
    fn a_backslash_means_what_the_server_takes_it_for() {
        assert_eq!(located(b"1 /a\\b\n", 13), [b"/a\\b"]);
        assert_eq!(located(b"1 /a\\b\n", 14), [b"/ab"], "14 drops it");
        assert_eq!(located(b"1 /a\\\\\n", 14), [b"/a\\"]);
        assert_eq!(located(b"1 /a\\\\\nb\n", 13), [b"/a\\\nb"], "only the second one escapes");
        assert_eq!(located(b"1 /a\\\rb\n", 13), [b"/a\rb"]);
        assert_eq!(located(b"1 /a\\\rb\r\n2 /c\r\n", 14), [&b"/a\rb"[..], b"/c"]);
    }

    #[test]
    fn any_location_survives() {
        let entries = [entry(1, b"/\\n \n\r\\\\\n\xFF"), entry(u32::MAX, b" /x ")];
        for major in fixture::MAJORS {
            assert_eq!(parse(&print(&entries, major).unwrap(), major).unwrap(), entries, "{major}");
        }
        let trailing = [entry(7, b"/a\\")];
        assert_eq!(parse(&print(&trailing, 14).unwrap(), 14).unwrap(), trailing);
        let unreadable = TablespaceMapError::Location { oid: Oid(7), major: 13 };
        assert_eq!(print(&trailing, 13), Err(unreadable));
        assert!(print(&[entry(7, b"")], 14).is_err());
        assert!(print(&[entry(7, b"/a\0")], 14).is_err());
    }

    #[test]
    fn refuses_what_the_server_refuses() {
        for line in ["1", "1 ", " /a", "01 /a", "0 /a", "4294967296 /a", "-1 /a", "x /a", "1 /a\0"]
        {
            let map = format!("1 /a\n{line}\n");
            assert_eq!(
                parse(map.as_bytes(), 14),
                Err(TablespaceMapError::Line { line: 2 }),
                "{line}"
            );
        }
        assert_eq!(parse(b"1 /a\n\n", 13), Err(TablespaceMapError::Line { line: 2 }));
        assert_eq!(parse(b"\n1 /a\n\n", 14).unwrap(), [entry(1, b"/a")]);
        for cut in [&b"1 /a"[..], b"1 /a\n2", b"1 /a\\\n", b"1 /a\n\\"] {
            for major in [13, 14] {
                assert_eq!(parse(cut, major), Err(TablespaceMapError::Unterminated), "{cut:?}");
            }
        }
        assert_eq!(parse(&vec![b'\n'; BYTES_MAX], 14), Ok(Vec::new()));
        let bytes = BYTES_MAX + 1;
        assert_eq!(parse(&vec![b'\n'; bytes], 14), Err(TablespaceMapError::TooLong { bytes }));
    }
}
