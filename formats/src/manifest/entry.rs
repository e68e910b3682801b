//! The lines of a manifest: how each is printed and read.

use chrono::{DateTime, NaiveDateTime};
use serde::Deserialize;

use super::{FileChecksum, ManifestFile, WalRange};
use crate::{Lsn, SystemIdentifier, TimelineId, text};

pub(super) const FILES: &str = "\"Files\": [";
pub(super) const RANGES: &str = "\"WAL-Ranges\": [";
pub(super) const CHECKSUM: &str = "\"Manifest-Checksum\": \"";
pub(super) const CHECKSUM_END: &str = "\"}";
const TIME: &str = "%Y-%m-%d %H:%M:%S GMT";

/// 0001-01-01 00:00:00 and 9999-12-31 23:59:59: the ends of four-digit years.
const MTIME_RANGE: (i64, i64) = (-62_135_596_800, 253_402_300_799);

pub(super) fn version_line(version: u8) -> String {
    format!("{{ \"PostgreSQL-Backup-Manifest-Version\": {version},")
}

pub(super) fn system_line(identifier: SystemIdentifier) -> String {
    format!("\"System-Identifier\": {identifier},")
}

pub(super) fn parse_system_line(line: &str) -> Option<SystemIdentifier> {
    line.strip_prefix("\"System-Identifier\": ")?.strip_suffix(',')?.parse().ok()
}

/// One file's object, spaced as servers do it (`AddFileToBackupManifest`).
pub(super) fn print_file(path: &[u8], size: u64, mtime: i64, crc32c: Option<u32>) -> String {
    let path = match str::from_utf8(path) {
        Ok(path) => format!("\"Path\": {}", json_string(path)),
        Err(_) => format!("\"Encoded-Path\": \"{}\"", text::to_hex(path)),
    };
    let mtime = print_mtime(mtime);
    // Servers print the checksum's memory, which is little-endian wherever they run today.
    let checksum = crc32c.map(|crc| text::to_hex(&crc.to_le_bytes()));
    let checksum = checksum.map_or_else(String::new, |digits| {
        format!(", \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"{digits}\"")
    });
    format!("{{ {path}, \"Size\": {size}, \"Last-Modified\": \"{mtime}\"{checksum} }}")
}

pub(super) fn print_range(range: &WalRange) -> String {
    format!(
        "{{ \"Timeline\": {}, \"Start-LSN\": \"{}\", \"End-LSN\": \"{}\" }}",
        range.timeline, range.start, range.end
    )
}

fn print_mtime(seconds: i64) -> String {
    let seconds = seconds.clamp(MTIME_RANGE.0, MTIME_RANGE.1);
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().format(TIME).to_string()
}

fn parse_mtime(printed: &str) -> Option<i64> {
    let seconds = NaiveDateTime::parse_from_str(printed, TIME).ok()?.and_utc().timestamp();
    // chrono also reads signs, short fields and leap seconds, which no server prints.
    (print_mtime(seconds) == printed).then_some(seconds)
}

/// A string as the server's `escape_json` writes it.
fn json_string(value: &str) -> String {
    let mut json = String::with_capacity(value.len().saturating_add(2));
    json.push('"');
    for character in value.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\0'..' ' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => json.push(character),
        }
    }
    json.push('"');
    json
}

impl FileChecksum {
    fn parse(algorithm: &str, checksum: &str) -> Option<Self> {
        let bytes = text::from_hex(checksum)?;
        let length = match algorithm {
            "CRC32C" => return Some(Self::Crc32c(u32::from_le_bytes(bytes.try_into().ok()?))),
            "SHA224" => 28,
            "SHA256" => 32,
            "SHA384" => 48,
            "SHA512" => 64,
            _ => return None,
        };
        (bytes.len() == length).then_some(Self::Sha2(bytes))
    }
}

/// A file's object as it stands in the text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLine {
    #[serde(rename = "Path")]
    path: Option<String>,
    #[serde(rename = "Encoded-Path")]
    encoded_path: Option<String>,
    #[serde(rename = "Size")]
    size: u64,
    #[serde(rename = "Last-Modified")]
    last_modified: String,
    #[serde(rename = "Checksum-Algorithm")]
    algorithm: Option<String>,
    #[serde(rename = "Checksum")]
    checksum: Option<String>,
}

/// A range's object as it stands in the text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeLine {
    #[serde(rename = "Timeline")]
    timeline: TimelineId,
    #[serde(rename = "Start-LSN")]
    start: Lsn,
    #[serde(rename = "End-LSN")]
    end: Lsn,
}

/// Reads one file's object, or says what is wrong with it.
pub(super) fn parse_file(line: &str) -> Result<ManifestFile, String> {
    let line: FileLine = serde_json::from_str(line).map_err(|error| json_reason(&error))?;
    let path = match (line.path, line.encoded_path) {
        (Some(path), None) => path.into_bytes(),
        (None, Some(path)) => text::from_hex(&path).ok_or("the encoded path is not hexadecimal")?,
        _ => return Err("there is not exactly one path".to_owned()),
    };
    if !is_inside(&path) {
        return Err("the path does not stay inside the data directory".to_owned());
    }
    let checksum = match (line.algorithm, line.checksum) {
        (Some(algorithm), Some(checksum)) => {
            let parsed = FileChecksum::parse(&algorithm, &checksum);
            Some(parsed.ok_or("the checksum does not fit its algorithm")?)
        }
        (None, None) => None,
        _ => return Err("checksum and algorithm are not both there".to_owned()),
    };
    let mtime = parse_mtime(&line.last_modified).ok_or("the modification time is not one")?;
    Ok(ManifestFile { path, size: line.size, mtime, checksum })
}

pub(super) fn parse_range(line: &str) -> Result<WalRange, String> {
    let line: RangeLine = serde_json::from_str(line).map_err(|error| json_reason(&error))?;
    if line.end < line.start {
        return Err("the range of log ends before it starts".to_owned());
    }
    Ok(WalRange { timeline: line.timeline, start: line.start, end: line.end })
}

/// The parser's own words, without the line number, which is always 1 and not the manifest's; cut,
/// because they may quote the whole line.
fn json_reason(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ").chars().take(200).collect()
}

/// Whoever joins the path to a directory must not leave that directory.
fn is_inside(path: &[u8]) -> bool {
    let named = |part: &[u8]| !part.is_empty() && part != b"." && part != b"..";
    !path.contains(&0) && path.split(|&byte| byte == b'/').all(named)
}
