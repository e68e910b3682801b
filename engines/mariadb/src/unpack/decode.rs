//! Files that the tool packed, plain again as they are written.

mod xbcrypt;
mod zstd;

use self::xbcrypt::Decrypt;
use self::zstd::Zstandard;
use errors::{Error, Kind, Result};
use formats::lz4_frame::Lz4FrameDecoder;
use formats::member_encoding::{Encoding, split_encoding};
use formats::qpress::QpressDecoder;

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
