//! Writing a manifest, one line at a time.

use sha2::{Digest, Sha256};

use super::{ManifestVersion, WalRange, entry};
use crate::{SystemIdentifier, text};

/// A manifest in the making. Every call appends text to the caller's buffer, which may be emptied
/// in between; only a running SHA-256 is kept.
#[derive(Debug)]
pub struct ManifestWriter {
    digest: Sha256,
    first: bool,
}

impl ManifestWriter {
    /// Begins a manifest. Version 1 has no place for the system identifier.
    pub fn begin(
        version: ManifestVersion,
        system_identifier: SystemIdentifier,
        out: &mut Vec<u8>,
    ) -> Self {
        let mut writer = Self { digest: Sha256::new(), first: true };
        let head = match version {
            ManifestVersion::V1 => entry::version_line(1),
            ManifestVersion::V2 => {
                format!("{}\n{}", entry::version_line(2), entry::system_line(system_identifier))
            }
        };
        writer.append(out, &format!("{head}\n{}", entry::FILES));
        writer
    }

    /// Adds one file. `path` is relative to the data directory, as a server would name it, through
    /// `pg_tblspc` for a tablespace. `mtime_unix` is in seconds since 1970; years before 1 and after 9999, which
    /// have no such spelling, become the nearest that has one.
    pub fn file(
        &mut self,
        out: &mut Vec<u8>,
        path: &[u8],
        size: u64,
        mtime_unix: i64,
        crc32c: Option<u32>,
    ) {
        let separator = self.separator();
        self.append(out, separator);
        self.append(out, &entry::print_file(path, size, mtime_unix, crc32c));
    }

    /// Ends the manifest with the log it needs, newest timeline first, and its own checksum.
    pub fn finish(mut self, out: &mut Vec<u8>, ranges: &[WalRange]) {
        self.append(out, "\n],\n");
        self.append(out, entry::RANGES);
        self.first = true;
        for range in ranges {
            let separator = self.separator();
            self.append(out, separator);
            self.append(out, &entry::print_range(range));
        }
        self.append(out, "\n],\n");
        // The checksum covers every line before its own, the last newline included.
        let digest = text::to_hex(&self.digest.finalize());
        out.extend(format!("{}{digest}{}\n", entry::CHECKSUM, entry::CHECKSUM_END).as_bytes());
    }

    fn separator(&mut self) -> &'static str {
        if std::mem::replace(&mut self.first, false) { "\n" } else { ",\n" }
    }

    fn append(&mut self, out: &mut Vec<u8>, text: &str) {
        self.digest.update(text.as_bytes());
        out.extend(text.as_bytes());
    }
}
