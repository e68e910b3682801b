//! Why a job cannot go on, in words for its log.

use crate::text;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// How much of what the backend wrote to standard output and error goes into the job's log.
const LAST_WORDS: u64 = 2000;

/// Why the job cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// For the job's log.
    Says(String),
    /// The job's log has it already.
    Told,
}

impl From<&str> for Trouble {
    fn from(text: &str) -> Self {
        Self::Says(text.to_owned())
    }
}

impl From<String> for Trouble {
    fn from(text: String) -> Self {
        Self::Says(text)
    }
}

/// The backend broke the protocol.
pub(crate) fn out_of_turn() -> Trouble {
    "the backend spoke out of turn".into()
}

/// The end of what the backend and its tools wrote to standard output and error.
pub(crate) fn last_words(file: &File) -> String {
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let begin = length.saturating_sub(LAST_WORDS);
    let mut words = vec![0; usize::try_from(length - begin).unwrap_or(0)];
    match file.read_exact_at(&mut words, begin) {
        Ok(()) => text::lossy(&words).trim().to_owned(),
        Err(_) => String::new(),
    }
}
