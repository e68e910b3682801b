//! Global transaction identifiers, which MariaDB and MySQL write differently.

use std::fmt;
use std::str::FromStr;

use crate::text::{decimal, from_hex, to_hex};

/// What a server has executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gtids {
    /// The last transaction of each domain.
    MariaDb(Vec<MariaDbGtid>),
    /// Sets of transactions, one or more per server.
    MySql(Vec<GtidSet>),
}

/// `domain-server-sequence`, such as `0-11-1340`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MariaDbGtid {
    /// The replication domain.
    pub domain: u32,
    /// The server that wrote it.
    pub server: u32,
    /// Its number in the domain.
    pub sequence: u64,
}

/// Transactions of one server, such as `0924e080-e4dd-11f1-99f8-02fc00000001:1-29:31`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GtidSet {
    /// The server's uuid.
    pub server: [u8; 16],
    /// The tag of these transactions (MySQL 8.3 and later), in small letters.
    pub tag: Option<String>,
    /// First and last number of each run, neither 0, the last not before the first.
    pub runs: Vec<(u64, u64)>,
}

/// The text is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no GTIDs of MariaDB or MySQL")]
pub struct GtidError;

impl FromStr for Gtids {
    type Err = GtidError;

    /// Reads GTIDs of either flavour, with blanks and line breaks around commas.
    fn from_str(text: &str) -> Result<Self, GtidError> {
        let parts = text.split(',').map(str::trim);
        // A uuid holds hyphens too, and only MySQL a colon.
        if !text.contains(':') {
            return parts.map(maria).collect::<Option<_>>().map(Self::MariaDb).ok_or(GtidError);
        }
        let mut sets = Vec::new();
        for part in parts {
            mysql(part, &mut sets).ok_or(GtidError)?;
        }
        Ok(Self::MySql(sets))
    }
}

fn maria(text: &str) -> Option<MariaDbGtid> {
    let mut parts = text.split('-');
    let (domain, server, sequence) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || domain.is_empty() || server.is_empty() || sequence.is_empty() {
        return None;
    }
    Some(MariaDbGtid {
        domain: decimal(domain)?,
        server: decimal(server)?,
        sequence: decimal(sequence)?,
    })
}

/// `uuid`, and then numbers, runs and tags in turn; a tag holds for the runs after it.
fn mysql(text: &str, sets: &mut Vec<GtidSet>) -> Option<()> {
    let mut parts = text.split(':').map(str::trim);
    let server = uuid(parts.next()?)?;
    let mut set = GtidSet { server, tag: None, runs: Vec::new() };
    for part in parts {
        if let Some(run) = run(part) {
            set.runs.push(run);
            continue;
        }
        let tag = Some(tag(part)?);
        let before = std::mem::replace(&mut set, GtidSet { server, tag, runs: Vec::new() });
        // Only the runs before the first tag may be missing.
        if !before.runs.is_empty() {
            sets.push(before);
        } else if before.tag.is_some() {
            return None;
        }
    }
    if set.runs.is_empty() {
        return None;
    }
    sets.push(set);
    Some(())
}

fn run(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| decimal(text.trim()).filter(|&number: &u64| number > 0);
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

fn tag(text: &str) -> Option<String> {
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (begins && is_word && text.len() <= 32).then(|| text.to_ascii_lowercase())
}

/// Hexadecimal digits of either case, 8-4-4-4-12.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let lengths = text.split('-').map(str::len);
    if !lengths.eq([8, 4, 4, 4, 12]) {
        return None;
    }
    from_hex(&text.replace('-', ""))?.try_into().ok()
}

impl fmt::Display for Gtids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = match self {
            Self::MariaDb(gtids) => gtids.iter().map(ToString::to_string).collect(),
            Self::MySql(sets) => sets.iter().map(ToString::to_string).collect(),
        };
        f.write_str(&texts.join(","))
    }
}

impl fmt::Display for MariaDbGtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.domain, self.server, self.sequence)
    }
}

impl fmt::Display for GtidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g, h, i, rest @ ..] = self.server;
        let server = [&[a, b, c, d][..], &[e, g], &[h, i]].map(to_hex).join("-");
        let (fourth, fifth) = rest.split_at(2);
        write!(f, "{server}-{}-{}", to_hex(fourth), to_hex(fifth))?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        for (first, last) in &self.runs {
            write!(f, ":{first}")?;
            if last > first {
                write!(f, "-{last}")?;
            }
        }
        Ok(())
    }
}
