//! Pax extended records: what does not fit into a ustar block.

use super::TarError;
use crate::text;

/// The records of one entry that this program writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    pub(super) linkpath: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) uname: Option<Vec<u8>>,
    pub(super) gname: Option<Vec<u8>>,
    pub(super) mtime: Option<Time>,
    pub(super) partial: Option<Vec<u8>>,
}

/// A vendor's own keyword, in upper case as POSIX wants it.
const PARTIAL: &str = "SEAWALL.partial";

/// Seconds since 1970, rounded down, and nanoseconds after that second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) secs: i64,
    pub(super) nanos: u32,
}

const NANOS: u32 = 1_000_000_000;

impl Records {
    /// The records' text; empty if there are none.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let texts = [
            ("path", &self.path),
            ("linkpath", &self.linkpath),
            ("uname", &self.uname),
            ("gname", &self.gname),
        ];
        // It must stand before the records it is about.
        if texts.iter().any(|(_, value)| value.as_ref().is_some_and(|value| !value.is_ascii())) {
            append(&mut out, "hdrcharset", b"BINARY");
        }
        for (key, value) in texts {
            if let Some(value) = value {
                append(&mut out, key, value);
            }
        }
        for (key, value) in [("size", self.size), ("uid", self.uid), ("gid", self.gid)] {
            if let Some(value) = value {
                append(&mut out, key, value.to_string().as_bytes());
            }
        }
        if let Some(mtime) = self.mtime {
            append(&mut out, "mtime", mtime.print().as_bytes());
        }
        if let Some(partial) = &self.partial {
            append(&mut out, PARTIAL, partial);
        }
        out
    }

    /// Reads the records' text. Unknown ones are refused, because ignoring them would lose what
    /// they say about the entry.
    pub(super) fn read(mut bytes: &[u8]) -> Result<Self, TarError> {
        let mut records = Self::default();
        let mut binary = None;
        while !bytes.is_empty() {
            let (key, value, rest) = next(bytes).ok_or(TarError::Records)?;
            match key {
                b"hdrcharset" => set(&mut binary, (value == b"BINARY").then_some(()))?,
                b"path" => set(&mut records.path, Some(value.to_vec()))?,
                b"linkpath" => set(&mut records.linkpath, Some(value.to_vec()))?,
                b"uname" => set(&mut records.uname, Some(value.to_vec()))?,
                b"gname" => set(&mut records.gname, Some(value.to_vec()))?,
                b"size" => set(&mut records.size, number(value))?,
                b"uid" => set(&mut records.uid, number(value))?,
                b"gid" => set(&mut records.gid, number(value))?,
                b"mtime" => set(&mut records.mtime, Time::parse(value))?,
                key if key == PARTIAL.as_bytes() => {
                    set(&mut records.partial, Some(value.to_vec()))?;
                }
                _ => return Err(TarError::Records),
            }
            bytes = rest;
        }
        Ok(records)
    }
}

fn set<T>(slot: &mut Option<T>, value: Option<T>) -> Result<(), TarError> {
    let value = value.ok_or(TarError::Records)?;
    if slot.replace(value).is_some() { Err(TarError::Records) } else { Ok(()) }
}

fn number(value: &[u8]) -> Option<u64> {
    text::decimal(str::from_utf8(value).ok()?)
}

/// Appends `<length> <key>=<value>\n`, whose length counts its own digits.
fn append(out: &mut Vec<u8>, key: &str, value: &[u8]) {
    let others = key.len().saturating_add(value.len()).saturating_add(" =\n".len());
    let mut length = others;
    while length.to_string().len().saturating_add(others) != length {
        length = length.to_string().len().saturating_add(others);
    }
    out.extend(format!("{length} {key}=").as_bytes());
    out.extend(value);
    out.push(b'\n');
}

/// Key, value and what follows the first record.
fn next(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().position(|&byte| byte == b' ')?;
    let (length, _) = bytes.split_at_checked(space)?;
    let length: usize = text::decimal(str::from_utf8(length).ok()?)?;
    let (record, rest) = bytes.split_at_checked(length)?;
    let record = record.get(space.checked_add(1)?..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|&byte| byte == b'=')?;
    let (key, value) = record.split_at_checked(equals)?;
    Some((key, value.strip_prefix(b"=")?, rest))
}

impl Time {
    /// Decimal seconds, with nine digits of fraction if there is any. Before 1970 the sign holds
    /// for the fraction too: half a second before is `-0.500000000`.
    fn print(self) -> String {
        if self.nanos == 0 {
            return self.secs.to_string();
        }
        if self.secs >= 0 {
            return format!("{}.{:09}", self.secs, self.nanos);
        }
        let whole = self.secs.saturating_add(1).unsigned_abs();
        format!("-{whole}.{:09}", NANOS.saturating_sub(self.nanos))
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let value = str::from_utf8(value).ok()?;
        let (negative, value) = match value.strip_prefix('-') {
            Some(value) => (true, value),
            None => (false, value),
        };
        let (whole, nanos) = match value.split_once('.') {
            Some((whole, fraction)) => (whole, nanos(fraction)?),
            None => (value, 0),
        };
        let whole = i128::from(text::decimal::<u64>(whole)?);
        let (secs, nanos) = match (negative, nanos) {
            (false, nanos) => (whole, nanos),
            (true, 0) => (-whole, 0),
            (true, nanos) => (-whole - 1, NANOS - nanos),
        };
        Some(Self { secs: i64::try_from(secs).ok()?, nanos })
    }
}

/// One to nine digits of a fraction.
fn nanos(fraction: &str) -> Option<u32> {
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !(1..=9).contains(&fraction.len()) {
        return None;
    }
    format!("{fraction:0<9}").parse().ok()
}
