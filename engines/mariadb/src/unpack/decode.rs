//! Files that the tool packed, plain again as they are written.

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use errors::{Error, Kind, Result};
use formats::lz4_frame::Lz4FrameDecoder;
use formats::member_encoding::{Encoding, split_encoding};
use formats::qpress::QpressDecoder;
use formats::xbcrypt::{DIGEST_BYTES, XbcryptChunk, XbcryptEvent, XbcryptParser, XbcryptVersion};
use sha2::{Digest, Sha256};
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe::DCtx;

/// Tools compress, and encrypt then.
const LAYERS_MAX: usize = 2;

/// Whether files are unpacked, and with what.
pub(super) struct Packing<'a> {
    pub(super) decode: bool,
    pub(super) key: Option<&'a [u8]>,
}

impl Packing<'_> {
    /// What a file is called in the tree, and what its bytes go through.
    pub(super) fn stages<'p>(&self, path: &'p [u8]) -> Result<(&'p [u8], Vec<Stage>)> {
        let (mut name, mut stages) = (path, Vec::new());
        while let Some((rest, encoding)) = split_encoding(name).filter(|_| self.decode) {
            if stages.len() == LAYERS_MAX {
                let path = path.escape_ascii();
                return Err(Error::new(Kind::Manifest, format!("{path} is packed too often")));
            }
            let stage = self.stage(encoding);
            stages.push(stage.map_err(|error| error.context(path.escape_ascii()))?);
            name = rest;
        }
        Ok((name, stages))
    }

    fn stage(&self, encoding: Encoding) -> Result<Stage> {
        Ok(match encoding {
            Encoding::Qpress => Stage::Qpress(Box::default()),
            Encoding::Zstd => Stage::Zstd(Box::new(Zstandard::new()?)),
            Encoding::Lz4 => Stage::Lz4(Box::default()),
            Encoding::Xbcrypt => Stage::Xbcrypt(Box::new(Decrypt::new(self.key)?)),
        })
    }
}

/// One layer that comes off.
pub(super) enum Stage {
    Qpress(Box<QpressDecoder>),
    Lz4(Box<Lz4FrameDecoder>),
    Zstd(Box<Zstandard>),
    Xbcrypt(Box<Decrypt>),
}

impl Stage {
    /// Takes bytes from the front of `input` and gives some without this layer; `None` when it took
    /// them all and gave out everything.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>> {
        match self {
            Self::Qpress(qpress) => qpress.next(input).map_err(damaged),
            Self::Lz4(lz4) => lz4.next(input).map_err(damaged),
            Self::Zstd(zstd) => zstd.next(input),
            Self::Xbcrypt(decrypt) => decrypt.next(input),
        }
    }

    /// Says that no more bytes come.
    pub(super) fn finish(&mut self) -> Result<()> {
        match self {
            Self::Qpress(qpress) => qpress.finish().map(drop).map_err(damaged),
            Self::Lz4(lz4) => lz4.finish().map_err(damaged),
            Self::Zstd(zstd) => zstd.finish(),
            Self::Xbcrypt(decrypt) => decrypt.finish(),
        }
    }
}

/// The packed bytes are not what the tool wrote.
fn damaged(error: impl std::error::Error) -> Error {
    Error::new(Kind::Checksum, error.to_string())
}

/// `.xbcrypt`: chunks in AES, in counter mode, decrypted as they come. It holds one.
pub(super) struct Decrypt {
    key: DecryptingKey,
    parser: XbcryptParser,
    chunk: Option<XbcryptChunk>,
    data: Vec<u8>,
}

impl Decrypt {
    fn new(key: Option<&[u8]>) -> Result<Self> {
        let no_key = || {
            Error::new(Kind::Tool, "it is encrypted, and no key is known").hint(
                "Name the file that the tool was given with `--encrypt-key-file` by the option encryption_key_file, or in SEAWALL_ENCRYPTION_KEY_FILE.",
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

    fn next(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>> {
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

    fn finish(&self) -> Result<()> {
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

/// `.zst`: Zstandard frames, one after another, unpacked as they come. An empty file has none.
pub(super) struct Zstandard {
    decoder: Decoder<'static>,
    plain: Vec<u8>,
    /// No frame has begun that has not ended.
    is_between: bool,
    /// The last call filled all of the room, so that there may be more.
    is_full: bool,
}

impl Zstandard {
    fn new() -> Result<Self> {
        let decoder = Decoder::new().map_err(|error| Error::io("begin with Zstandard", error))?;
        let plain = vec![0; DCtx::out_size()];
        Ok(Self { decoder, plain, is_between: true, is_full: false })
    }

    fn next(&mut self, input: &mut &[u8]) -> Result<Option<&[u8]>> {
        while self.is_full || !input.is_empty() {
            let mut from = InBuffer::around(input);
            let mut to = OutBuffer::around(self.plain.as_mut_slice());
            let left = self.decoder.run(&mut from, &mut to).map_err(damaged)?;
            let (read, written) = (from.pos(), to.pos());
            *input = input.get(read..).unwrap_or_default();
            self.is_between = left == 0;
            // After the end of a frame nothing is held back, and asking would begin another.
            self.is_full = left != 0 && written == self.plain.len();
            if written > 0 {
                return Ok(self.plain.get(..written));
            }
        }
        Ok(None)
    }

    fn finish(&self) -> Result<()> {
        if self.is_between {
            return Ok(());
        }
        Err(Error::new(Kind::Checksum, "it ends inside a frame"))
    }
}
