//! What an incremental backup sends of an InnoDB file: `X.meta`, a text, and then `X.delta`.
//!
//! ```text
//! cluster   a page that lists pages, and these pages; page_size bytes each
//! list      "xtra" or, in the last cluster, "XTRA"; then page numbers, u32 big-endian, at most
//!           page_size/4 - 1; fewer end with 0xFFFFFFFF, and what follows is left from before
//! ```
//!
//! Every cluster but the last is full. A table without changes has one list without pages. A delta
//! without a byte belongs to a table that could not be copied. The layout is that of
//! `write_filt.cc`, and was measured on the incrementals in `fixtures/mysql`.

use crate::bytes::array_at;
use crate::mysql_texts::{KeyValues, TextError};
use crate::text::decimal;

/// The list of a cluster that another one follows.
const MAGIC_MORE: [u8; 4] = *b"xtra";

/// The list of the last cluster.
const MAGIC_LAST: [u8; 4] = *b"XTRA";

/// Ends a list that is not full; no page has this number (`FIL_NULL`).
const END_OF_LIST: u32 = u32::MAX;

/// Where page 0 says how many pages the file has: `FSP_HEADER_OFFSET` 38 and `FSP_SIZE` 8.
const FSP_SIZE_AT: u32 = 46;

/// Some bytes of one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeltaBytes<'i> {
    /// Number of the page in its file.
    pub page: u32,
    /// Where in the page the bytes begin.
    pub within: u32,
    /// Where in the file they begin, in bytes: below 2^48.
    pub offset: u64,
    /// The bytes, none beyond the end of the page.
    pub bytes: &'i [u8],
}

/// What is known of a delta when it has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeltaSummary {
    /// Pages in it. A page that is there twice counts twice.
    pub pages: u64,
    /// Lists in it, at least 1.
    pub clusters: u64,
    /// Pages that the file has, if page 0 is among those that changed: it may have grown.
    pub file_pages: Option<u32>,
}

/// Why bytes are no delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeltaError {
    /// There is not a byte: the tool gave up on this table.
    #[error("the delta is empty, so its table was not copied")]
    Empty,
    /// A list begins with something else.
    #[error("the delta has no list of pages at byte {at}")]
    Magic {
        /// Where the list is, in bytes.
        at: u64,
    },
    /// More follows a list that is not full.
    #[error("the list of pages at byte {at} is neither full nor the last")]
    ShortList {
        /// Where the list is, in bytes.
        at: u64,
    },
    /// The delta ends inside a cluster.
    #[error("the delta ends after {at} bytes, inside a cluster")]
    Cut {
        /// Bytes of it.
        at: u64,
    },
    /// Something follows the last cluster.
    #[error("the delta goes on after its last cluster, at byte {at}")]
    Trailing {
        /// Where the cluster ends, in bytes.
        at: u64,
    },
}

/// Reads a delta that comes in pieces of any size. It holds one list, which is one page.
pub struct DeltaParser {
    page_size: PageSize,
    state: State,
    position: u64,
    summary: DeltaSummary,
    /// Bytes of page 0 that say how many pages there are.
    fsp_size: [u8; 4],
}

enum State {
    /// A list is being collected.
    List {
        bytes: Vec<u8>,
    },
    /// Pages of a list are passing.
    Pages {
        numbers: std::vec::IntoIter<u32>,
        page: u32,
        within: u32,
        is_last: bool,
    },
    /// The last cluster has ended.
    End,
    Failed(DeltaError),
}

impl DeltaParser {
    /// A parser at the beginning of a delta, with the page size of its `.meta`.
    pub fn new(page_size: PageSize) -> Self {
        let state = State::List { bytes: Vec::new() };
        Self { page_size, state, position: 0, summary: DeltaSummary::default(), fsp_size: [0; 4] }
    }

    /// Takes bytes from the front of `input`, up to the next ones of a page; `None` when it took
    /// them all and more are needed. Call it until then.
    ///
    /// # Errors
    ///
    /// Where the bytes are no delta; from then on the same error for ever.
    pub fn next<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<DeltaBytes<'i>>, DeltaError> {
        while !input.is_empty() {
            match self.state {
                State::List { .. } => self.list(input).inspect_err(|&error| {
                    self.state = State::Failed(error);
                })?,
                State::Pages { .. } => return Ok(self.page(input)),
                State::End => {
                    self.state = State::Failed(DeltaError::Trailing { at: self.position });
                }
                State::Failed(error) => return Err(error),
            }
        }
        match self.state {
            State::Failed(error) => Err(error),
            _ => Ok(None),
        }
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    ///
    /// [`DeltaError::Empty`] and [`DeltaError::Cut`], and the error that there was.
    pub fn finish(&self) -> Result<DeltaSummary, DeltaError> {
        match self.state {
            State::End => Ok(self.summary),
            State::Failed(error) => Err(error),
            State::List { .. } | State::Pages { .. } if self.position == 0 => {
                Err(DeltaError::Empty)
            }
            State::List { .. } | State::Pages { .. } => Err(DeltaError::Cut { at: self.position }),
        }
    }

    fn list(&mut self, input: &mut &[u8]) -> Result<(), DeltaError> {
        let State::List { bytes } = &mut self.state else { return Ok(()) };
        let whole = usize::from(self.page_size);
        let (taken, rest) = input.split_at(input.len().min(whole - bytes.len()));
        *input = rest;
        bytes.extend_from_slice(taken);
        self.position += taken.len() as u64;
        // Something else altogether is not collected any further.
        let at = self.position - bytes.len() as u64;
        let magic = array_at::<4>(bytes, 0);
        if magic.is_some_and(|magic| magic != MAGIC_MORE && magic != MAGIC_LAST) {
            return Err(DeltaError::Magic { at });
        }
        if bytes.len() < whole {
            return Ok(());
        }
        let is_last = magic == Some(MAGIC_LAST);
        let entries = bytes.as_chunks::<4>().0.iter().skip(1);
        let numbers: Vec<u32> = entries
            .map(|&number| u32::from_be_bytes(number))
            .take_while(|&number| number != END_OF_LIST)
            .collect();
        if !is_last && numbers.len() < whole / 4 - 1 {
            return Err(DeltaError::ShortList { at });
        }
        self.summary.clusters += 1;
        self.next_page(numbers.into_iter(), is_last);
        Ok(())
    }

    fn next_page(&mut self, mut numbers: std::vec::IntoIter<u32>, is_last: bool) {
        self.state = match numbers.next() {
            Some(page) => State::Pages { numbers, page, within: 0, is_last },
            None if is_last => State::End,
            None => State::List { bytes: Vec::new() },
        };
    }

    fn page<'i>(&mut self, input: &mut &'i [u8]) -> Option<DeltaBytes<'i>> {
        let State::Pages { numbers, page, within, is_last } = &mut self.state else { return None };
        let size = self.page_size.bytes();
        let left = usize::try_from(size - *within).unwrap_or_default();
        let (bytes, rest) = input.split_at(input.len().min(left));
        *input = rest;
        self.position += bytes.len() as u64;
        let offset = u64::from(*page) * u64::from(size) + u64::from(*within);
        let found = DeltaBytes { page: *page, within: *within, offset, bytes };
        // At most what was left of a page.
        *within += u32::try_from(bytes.len()).unwrap_or_default();
        let is_whole = *within == size;
        let (numbers, is_last) = (std::mem::take(numbers), *is_last);
        if found.page == 0 {
            self.keep_size(&found, is_whole);
        }
        if is_whole {
            self.summary.pages += 1;
            self.next_page(numbers, is_last);
        } else if let State::Pages { numbers: kept, .. } = &mut self.state {
            *kept = numbers;
        }
        Some(found)
    }

    /// Keeps the bytes of `FSP_SIZE` as they pass.
    fn keep_size(&mut self, found: &DeltaBytes<'_>, is_whole: bool) {
        for (index, kept) in (FSP_SIZE_AT..).zip(&mut self.fsp_size) {
            let at = index.checked_sub(found.within).and_then(|at| usize::try_from(at).ok());
            if let Some(&byte) = at.and_then(|at| found.bytes.get(at)) {
                *kept = byte;
            }
        }
        if is_whole {
            self.summary.file_pages = Some(u32::from_be_bytes(self.fsp_size));
        }
    }
}

/// Bytes of a page as it lies in the file: a power of two from 1 to 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u32);

impl PageSize {
    /// `None` for what no server uses (`UNIV_ZIP_SIZE_MIN`, `UNIV_PAGE_SIZE_MAX`).
    pub fn new(bytes: u32) -> Option<Self> {
        let fits = bytes.is_power_of_two() && (1 << 10..=1 << 16).contains(&bytes);
        fits.then_some(Self(bytes))
    }

    /// The size in bytes.
    pub fn bytes(self) -> u32 {
        self.0
    }
}

impl From<PageSize> for usize {
    fn from(size: PageSize) -> Self {
        // At most 64 KiB.
        Self::try_from(size.0).unwrap_or(Self::MAX)
    }
}

/// What a `.meta` says. Keys that are not known are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeltaMeta {
    /// Bytes of a page in the delta: of a compressed table the compressed size.
    pub page_size: PageSize,
    /// The same for a table with `ROW_FORMAT=COMPRESSED`, and nothing for others.
    pub zip_size: Option<PageSize>,
    /// The tablespace, by which the file of the parent is found: names change.
    pub space_id: u32,
    /// Flags of the tablespace (XtraBackup).
    pub space_flags: Option<u32>,
}

/// Why a text is no `.meta`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetaError {
    /// It is not made of keys and values.
    #[error("the .meta file is damaged: {0}")]
    Text(#[from] TextError),
    /// A key is missing.
    #[error("the .meta file has no {key}")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A key has a value that it cannot have.
    #[error("the .meta file has the {key} {value:?}")]
    Value {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
    },
}

impl DeltaMeta {
    /// Reads the text.
    ///
    /// # Errors
    ///
    /// Where `page_size`, `zip_size` or `space_id` is missing, or a value is impossible.
    pub fn parse(bytes: &[u8]) -> Result<Self, MetaError> {
        let mut values = KeyValues::parse(bytes)?;
        let mut number = |key| match values.take(key) {
            Some(value) => match decimal::<u32>(&value) {
                Some(number) => Ok(Some(number)),
                None => Err(MetaError::Value { key, value }),
            },
            None => Ok(None),
        };
        let missing = |key| MetaError::Missing { key };
        let page_size = number("page_size")?.ok_or(missing("page_size"))?;
        let zip_size = number("zip_size")?.ok_or(missing("zip_size"))?;
        let space_id = number("space_id")?.ok_or(missing("space_id"))?;
        let space_flags = number("space_flags")?;
        let size = |key, bytes: u32| {
            let wrong = || MetaError::Value { key, value: bytes.to_string() };
            PageSize::new(bytes).ok_or_else(wrong)
        };
        let page_size = size("page_size", page_size)?;
        let zip_size = match zip_size {
            0 => None,
            bytes if bytes == page_size.bytes() => Some(page_size),
            bytes => {
                return Err(MetaError::Value { key: "zip_size", value: bytes.to_string() });
            }
        };
        Ok(Self { page_size, zip_size, space_id, space_flags })
    }
}

#[cfg(test)]
mod tests;
