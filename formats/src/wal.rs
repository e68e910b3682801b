//! Write-ahead log, byte by byte.

mod page;

pub use page::{FirstPage, FirstPageError, FirstPageMismatch};
