//! `X.meta`: the shape of the pages in `X.delta`, and whose they are.

use crate::mysql_texts::{KeyValues, TextError};
use crate::text::decimal;

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
