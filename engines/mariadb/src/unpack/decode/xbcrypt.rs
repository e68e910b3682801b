//! `.xbcrypt`: chunks in AES, in counter mode.

use super::damaged;
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use errors::{Error, Kind, Result};
use formats::xbcrypt::{DIGEST_BYTES, XbcryptChunk, XbcryptEvent, XbcryptParser, XbcryptVersion};
use sha2::{Digest, Sha256};

/// Decrypts chunks as they come. It holds one.
pub(in super::super) struct Decrypt {
    key: DecryptingKey,
    parser: XbcryptParser,
    chunk: Option<XbcryptChunk>,
    data: Vec<u8>,
}

impl Decrypt {
    pub(super) fn new(key: Option<&[u8]>) -> Result<Self> {
        let no_key = || {
            Error::new(Kind::Tool, "it is encrypted, and no key is known").hint(
                "Name the file that the tool was given with `--encrypt-key-file` by the option encryption_key_file.",
            )
        };
        let key = key.ok_or_else(no_key)?;
        let length = || {
            let bytes = key.len();
            Error::new(Kind::Tool, format!("the key has {bytes} bytes, and not 16, 24 or 32"))
                .hint("The file holds the key itself, without a line end.")
        };
        let algorithm = match key.len() {
            16 => &AES_128,
            24 => &AES_192,
            32 => &AES_256,
            _ => return Err(length()),
        };
        let key = UnboundCipherKey::new(algorithm, key).and_then(DecryptingKey::ctr);
        let key = key.map_err(|_| length())?;
        Ok(Self { key, parser: XbcryptParser::new(), chunk: None, data: Vec::new() })
    }

    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>> {
        loop {
            match self.parser.next(input).map_err(damaged)? {
                None => return Ok(None),
                Some(XbcryptEvent::Chunk(chunk)) => {
                    self.data.clear();
                    self.chunk = Some(chunk);
                }
                Some(XbcryptEvent::Data(bytes)) => self.data.extend_from_slice(bytes),
                Some(XbcryptEvent::Checked) => {
                    let plain_bytes = self.decrypt()?;
                    return Ok(self.data.get(..plain_bytes));
                }
            }
        }
    }

    pub(super) fn finish(&self) -> Result<()> {
        self.parser.finish().map_err(damaged)
    }

    /// Decrypts the chunk where it is, proves it, and says how many bytes of it are the file's.
    fn decrypt(&mut self) -> Result<usize> {
        let wrong = |what: &str| Error::new(Kind::Checksum, format!("its encrypted chunk {what}"));
        let chunk = self.chunk.take().ok_or_else(|| wrong("has no beginning"))?;
        if chunk.version != XbcryptVersion::V3 {
            return Err(Error::new(Kind::Tool, "it is encrypted as old versions of the tool did")
                .hint("Decrypt it with `xtrabackup --decrypt` of the version that made it."));
        }
        if chunk.plain_bytes != chunk.data_bytes {
            return Err(wrong("has two lengths"));
        }
        let iv = <&[u8; 16]>::try_from(chunk.iv.as_slice());
        let iv = iv.map_err(|_| wrong("has no counter of 16 bytes"))?;
        let context = DecryptionContext::Iv128(FixedLength::from(iv));
        let plain = self.key.decrypt(&mut self.data, context);
        let plain = plain.map_err(|_| wrong("cannot be decrypted"))?;
        let digest_bytes = usize::try_from(DIGEST_BYTES).unwrap_or(usize::MAX);
        let bytes = plain.len().checked_sub(digest_bytes);
        let bytes = bytes.ok_or_else(|| wrong("is too short"))?;
        let (plain, digest) = plain.split_at(bytes);
        if Sha256::digest(plain).as_slice() != digest {
            return Err(Error::new(Kind::Checksum, "its decrypted chunk has another SHA-256")
                .hint("The key is probably another one."));
        }
        Ok(bytes)
    }
}
