//! Bytes that are made before somebody reads them, and may outgrow memory.

use errors::{Error, Result};
use std::io::{Read, Seek, SeekFrom, Write};
use tempfile::SpooledTempFile;

/// Holds a few MiB in memory and more than that in a file without a name.
pub struct Spool {
    file: SpooledTempFile,
    length: u64,
}

impl Spool {
    /// Above this many bytes the spool moves to a file of the temporary directory.
    pub const MEMORY_BYTES: usize = 4 << 20;

    /// An empty spool.
    #[must_use]
    pub fn new() -> Self {
        Self { file: SpooledTempFile::new(Self::MEMORY_BYTES), length: 0 }
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// The temporary directory is full or cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(failed)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Bytes so far.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads everything from the start.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn into_reader(mut self) -> Result<Box<dyn Read + Send>> {
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(Box::new(self.file))
    }
}

impl Default for Spool {
    fn default() -> Self {
        Self::new()
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::io(format!("spool to {}", std::env::temp_dir().display()), error)
        .hint("TMPDIR names another temporary directory.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_outgrows_memory_comes_back() {
        let mut spool = Spool::new();
        let block = vec![7; 1 << 20];
        for _ in 0..6 {
            spool.write(&block).unwrap();
        }
        assert_eq!(spool.length(), 6 << 20);
        let mut all = Vec::new();
        spool.into_reader().unwrap().read_to_end(&mut all).unwrap();
        assert!(all.len() == 6 << 20 && all.iter().all(|&byte| byte == 7));
    }
}
