//! Reading a manifest, one line at a time.

use sha2::{Digest, Sha256};

use super::{ManifestFile, ManifestSummary, ManifestVersion, WalRange, entry};
use crate::{SystemIdentifier, text};

/// Longest line read, in bytes: a path of 1024 bytes, every one escaped, fits many times over.
const LINE_BYTES_MAX: usize = 64 << 10;

/// Most ranges of log: one per timeline that was active during the backup.
const RANGES_MAX: usize = 1000;

/// Why a manifest was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A line is longer than any server writes.
    #[error("line {line} of the backup manifest is longer than {LINE_BYTES_MAX} bytes")]
    LineTooLong {
        /// Line number, from 1.
        line: u64,
    },
    /// A line is not what the layout of servers has in its place.
    #[error("line {line} of the backup manifest is not {expected}")]
    Unexpected {
        /// Line number, from 1.
        line: u64,
        /// What should be there.
        expected: &'static str,
    },
    /// A file or a range of log cannot be read.
    #[error("line {line} of the backup manifest: {reason}")]
    Entry {
        /// Line number, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The manifest ends before its checksum.
    #[error("the backup manifest ends after {lines} lines, before its checksum")]
    Truncated {
        /// Whole lines there are.
        lines: u64,
    },
    /// The manifest is not what was written.
    #[error("the backup manifest does not match its own checksum")]
    Checksum,
}

/// A manifest in the reading: bytes go in as they come, files come out as their lines end.
///
/// Whether the manifest is the one that was written is known at [`ManifestParser::finish`] only.
#[derive(Debug)]
pub struct ManifestParser {
    digest: Sha256,
    /// The beginning of a line whose end has not come yet.
    pending: Vec<u8>,
    line: u64,
    state: State,
    version: ManifestVersion,
    system_identifier: Option<SystemIdentifier>,
    files: u64,
    ranges: Vec<WalRange>,
}

/// What the next line must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Version,
    SystemIdentifier,
    FilesBegin,
    /// The first file, or the end of an empty list.
    FirstFile,
    File,
    FilesEnd,
    RangesBegin,
    FirstRange,
    Range,
    RangesEnd,
    Checksum,
    End([u8; 32]),
}

impl Default for ManifestParser {
    fn default() -> Self {
        Self::new()
    }
}

impl ManifestParser {
    /// A parser at the beginning of a manifest.
    pub fn new() -> Self {
        Self {
            digest: Sha256::new(),
            pending: Vec::new(),
            line: 0,
            state: State::Version,
            version: ManifestVersion::V1,
            system_identifier: None,
            files: 0,
            ranges: Vec::new(),
        }
    }

    /// Reads further bytes and hands every file in them to `file`.
    ///
    /// # Errors
    ///
    /// At the first line that servers do not write in its place; the parser is of no use then.
    pub fn push(
        &mut self,
        mut bytes: &[u8],
        file: &mut dyn FnMut(ManifestFile),
    ) -> Result<(), ManifestError> {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            let (line, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
            bytes = rest.strip_prefix(b"\n").unwrap_or(rest);
            let mut whole = std::mem::take(&mut self.pending);
            self.extend(&mut whole, line)?;
            self.line(&whole, file)?;
            // The buffer is kept for the next line.
            whole.clear();
            self.pending = whole;
        }
        let mut pending = std::mem::take(&mut self.pending);
        self.extend(&mut pending, bytes)?;
        self.pending = pending;
        Ok(())
    }

    /// Ends the manifest and compares its checksum.
    ///
    /// # Errors
    ///
    /// Where the manifest was cut or changed.
    pub fn finish(self) -> Result<ManifestSummary, ManifestError> {
        let State::End(expected) = self.state else {
            return Err(ManifestError::Truncated { lines: self.line });
        };
        if !self.pending.is_empty() {
            let line = self.line.saturating_add(1);
            return Err(ManifestError::Unexpected { line, expected: "the end" });
        }
        if <[u8; 32]>::from(self.digest.finalize()) != expected {
            return Err(ManifestError::Checksum);
        }
        let Self { version, system_identifier, files, ranges, .. } = self;
        Ok(ManifestSummary { version, system_identifier, files, ranges })
    }

    fn extend(&self, pending: &mut Vec<u8>, bytes: &[u8]) -> Result<(), ManifestError> {
        if pending.len().saturating_add(bytes.len()) > LINE_BYTES_MAX {
            return Err(ManifestError::LineTooLong { line: self.line.saturating_add(1) });
        }
        pending.extend(bytes);
        Ok(())
    }

    /// Reads one whole line, given without its newline.
    fn line(
        &mut self,
        line: &[u8],
        file: &mut dyn FnMut(ManifestFile),
    ) -> Result<(), ManifestError> {
        self.line = self.line.saturating_add(1);
        if self.state != State::Checksum {
            self.digest.update(line);
            self.digest.update(b"\n");
        }
        let expected = self.state.expected();
        let unexpected = ManifestError::Unexpected { line: self.line, expected };
        let line = str::from_utf8(line).map_err(|_| unexpected.clone())?;
        self.state = match self.state {
            State::Version if line == entry::version_line(1) => State::FilesBegin,
            State::Version if line == entry::version_line(2) => {
                self.version = ManifestVersion::V2;
                State::SystemIdentifier
            }
            State::SystemIdentifier => {
                self.system_identifier = Some(entry::parse_system_line(line).ok_or(unexpected)?);
                State::FilesBegin
            }
            State::FilesBegin if line == entry::FILES => State::FirstFile,
            State::FirstFile if line == "]," => State::RangesBegin,
            State::FirstFile | State::File => {
                let (text, more) = without_comma(line);
                file(entry::parse_file(text).map_err(|reason| self.entry_error(reason))?);
                self.files = self.files.saturating_add(1);
                if more { State::File } else { State::FilesEnd }
            }
            State::FilesEnd if line == "]," => State::RangesBegin,
            State::RangesBegin if line == entry::RANGES => State::FirstRange,
            State::FirstRange if line == "]," => State::Checksum,
            State::FirstRange | State::Range if self.ranges.len() < RANGES_MAX => {
                let (text, more) = without_comma(line);
                let range = entry::parse_range(text).map_err(|reason| self.entry_error(reason))?;
                self.ranges.push(range);
                if more { State::Range } else { State::RangesEnd }
            }
            State::RangesEnd if line == "]," => State::Checksum,
            State::Checksum => State::End(checksum(line).ok_or(unexpected)?),
            _ => return Err(unexpected),
        };
        Ok(())
    }

    fn entry_error(&self, reason: String) -> ManifestError {
        ManifestError::Entry { line: self.line, reason }
    }
}

impl State {
    fn expected(self) -> &'static str {
        match self {
            Self::Version => "a manifest version this program knows",
            Self::SystemIdentifier => "the system identifier",
            Self::FilesBegin => "the beginning of the files",
            Self::FirstFile | Self::File => "a file",
            Self::FilesEnd => "the end of the files",
            Self::RangesBegin => "the beginning of the ranges of log",
            Self::FirstRange | Self::Range => "a range of log",
            Self::RangesEnd => "the end of the ranges of log",
            Self::Checksum => "the manifest's checksum",
            Self::End(_) => "the end",
        }
    }
}

fn without_comma(line: &str) -> (&str, bool) {
    match line.strip_suffix(',') {
        Some(line) => (line, true),
        None => (line, false),
    }
}

fn checksum(line: &str) -> Option<[u8; 32]> {
    let digits = line.strip_prefix(entry::CHECKSUM)?.strip_suffix(entry::CHECKSUM_END)?;
    text::lower_hex_digest(digits)
}

/// Reads a whole manifest and hands its files to `file`, before it is known whether the manifest is
/// intact.
///
/// # Errors
///
/// As [`ManifestParser::push`] and [`ManifestParser::finish`].
pub fn parse(
    bytes: &[u8],
    file: &mut dyn FnMut(ManifestFile),
) -> Result<ManifestSummary, ManifestError> {
    let mut parser = ManifestParser::new();
    parser.push(bytes, file)?;
    parser.finish()
}
