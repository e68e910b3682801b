//! Objects on their way in and out: counted, and with the SHA-256 of their stored bytes.

use crate::storage::{Created, Key, ObjectWriter, Storage};
use errors::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use system::failpoint::Point;

/// Size and checksum of an object as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredObject {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hex.
    pub sha256: String,
}

impl StoredObject {
    /// The key as the storage takes it.
    ///
    /// # Errors
    /// `manifest`: the text could name something outside the repository.
    pub(crate) fn parsed_key(&self) -> Result<Key> {
        Key::parse(&self.key)
            .ok_or_else(|| Error::new(Kind::Manifest, format!("{:?} is no object key", self.key)))
    }
}

/// Writes an object and learns its size and checksum.
pub(crate) struct StoredWriter {
    key: Key,
    object: Box<dyn ObjectWriter>,
    sha256: Sha256,
    bytes: u64,
}

impl StoredWriter {
    pub(crate) fn create(storage: &dyn Storage, key: Key, point: Point) -> Result<Self> {
        let object = storage.create(&key, point)?;
        Ok(Self { key, object, sha256: Sha256::new(), bytes: 0 })
    }

    /// Bytes so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of the bytes so far.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        self.sha256.clone().finalize().into()
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(|error| Error::io(format!("write {}", self.key), error))
    }

    /// Makes the object visible; a name that is taken is the caller's matter.
    pub(crate) fn finish(self) -> Result<(Created, StoredObject)> {
        let sha256 = hex(&self.sha256());
        let created = self.object.finish()?;
        Ok((created, StoredObject { key: self.key.to_string(), bytes: self.bytes, sha256 }))
    }

    /// Makes the object visible under a name that only this job can use.
    pub(crate) fn finish_new(self) -> Result<StoredObject> {
        match self.finish()? {
            (Created::New, object) => Ok(object),
            (Created::Exists, object) => {
                Err(Error::new(Kind::Exists, format!("{} is there already", object.key)))
            }
        }
    }
}

impl Write for StoredWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.object.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.object.flush()
    }
}

/// Whether an object is there, with as many bytes as were stored; answers its key.
///
/// # Errors
/// `checksum` when the object is missing or its size is another: both are damage.
pub(crate) fn check_size(storage: &dyn Storage, expected: &StoredObject) -> Result<Key> {
    let (key, wanted) = (expected.parsed_key()?, expected.bytes);
    let size = storage.size(&key)?.ok_or_else(|| missing(&key))?;
    if size == wanted {
        return Ok(key);
    }
    let differs = size.min(wanted);
    Err(Error::new(
        Kind::Checksum,
        format!("{key} has {size} bytes, {wanted} were written (differs from byte {differs})"),
    ))
}

pub(crate) fn missing(key: &Key) -> Error {
    Error::new(Kind::Checksum, format!("{key} is missing"))
}

/// Reads an object and compares it with what was stored.
pub(crate) struct StoredReader {
    expected: StoredObject,
    object: Box<dyn Read + Send>,
    sha256: Sha256,
    bytes: u64,
}

impl StoredReader {
    /// # Errors
    /// As [`check_size`].
    pub(crate) fn open(storage: &dyn Storage, expected: &StoredObject) -> Result<Self> {
        let key = check_size(storage, expected)?;
        let object = storage.open(&key)?.ok_or_else(|| missing(&key))?;
        Ok(Self { expected: expected.clone(), object, sha256: Sha256::new(), bytes: 0 })
    }

    /// Reads what is left and compares the checksum of the whole.
    ///
    /// # Errors
    /// `checksum` when the stored bytes are not those that were written.
    pub(crate) fn verify(mut self) -> Result<()> {
        let key = self.expected.key.clone();
        io::copy(&mut self, &mut io::sink())
            .map_err(|error| Error::io(format!("read {key}"), error))?;
        if self.bytes != self.expected.bytes || hex(&self.sha256.finalize()) != self.expected.sha256
        {
            return Err(Error::new(
                Kind::Checksum,
                format!("{key}: the SHA-256 of its {} bytes is not the stored one", self.bytes),
            ));
        }
        Ok(())
    }
}

impl Read for StoredReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.object.read(buffer)?;
        self.sha256.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
