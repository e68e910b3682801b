//! Files of MariaDB's and MySQL's backups: what is read does not depend on how the bytes came.

use crate::bytes::array_at;
use crate::checksum::{Crc32, adler32};
use crate::innodb_delta::{DeltaError, DeltaMeta, DeltaParser, DeltaSummary, PageSize};
use crate::lz4_frame::{Lz4FrameDecoder, Lz4FrameError};
use crate::mysql_texts::{BackupInfo, BinlogPosition, Checkpoints, Gtids};
use crate::qpress::{QpressDecoder, QpressError};
use crate::xbcrypt::{XbcryptError, XbcryptEvent, XbcryptParser, XbcryptProblem};

/// Copies that get one more right checksum each, so that more than the first chunk is reached.
const MENDED_MAX: usize = 16;

/// A delta's pages are counted alike, however its bytes came.
///
/// The first byte chooses the page size. A `.meta` is tried as well.
pub fn innodb_delta(data: &[u8]) {
    if let Ok(meta) = DeltaMeta::parse(data) {
        assert!(meta.zip_size.is_none_or(|size| size == meta.page_size));
    }
    let Some((&first, delta)) = data.split_first() else { return };
    let Some(size) = PageSize::new(1 << (10 + u32::from(first % 7))) else { return };
    let whole = delta_of(delta, size, delta.len().max(1));
    assert_eq!(delta_of(delta, size, 333), whole);
    if let (pages, Ok(summary)) = whole {
        let bytes = (summary.pages + summary.clusters) * u64::from(size.bytes());
        assert_eq!((bytes, pages), (delta.len() as u64, summary.pages * u64::from(size.bytes())));
    }
}

fn delta_of(delta: &[u8], size: PageSize, piece: usize) -> (u64, Result<DeltaSummary, DeltaError>) {
    let mut parser = DeltaParser::new(size);
    let mut bytes = 0;
    for mut piece in delta.chunks(piece) {
        loop {
            match parser.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(found)) => {
                    let end = u64::from(found.within) + found.bytes.len() as u64;
                    assert!(end <= u64::from(size.bytes()));
                    bytes += found.bytes.len() as u64;
                }
                Err(error) => return (bytes, Err(error)),
            }
        }
    }
    (bytes, parser.finish())
}

/// Frames become the same bytes, however they came.
pub fn lz4_frame(data: &[u8]) {
    let whole = plain_of_lz4(data, data.len().max(1));
    assert_eq!(plain_of_lz4(data, 7), whole);
}

/// The length and checksum of what was given out, and how it ended.
fn plain_of_lz4(data: &[u8], piece: usize) -> (u64, u32, Result<(), Lz4FrameError>) {
    let (mut decoder, mut bytes, mut sum) = (Lz4FrameDecoder::new(), 0, Crc32::new());
    for mut piece in data.chunks(piece) {
        loop {
            match decoder.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(plain)) => {
                    bytes += plain.len() as u64;
                    sum.update(plain);
                }
                Err(error) => return (bytes, sum.value(), Err(error)),
            }
        }
    }
    (bytes, sum.value(), decoder.finish())
}

/// Texts are read or refused, and GTIDs print as another spelling of the same.
pub fn mysql_texts(data: &[u8]) {
    let _ = Checkpoints::parse(data).map(|checkpoints| checkpoints.is_backwards());
    let info = BackupInfo::parse(data).ok().and_then(|info| info.binlog);
    let file = BinlogPosition::parse_file(data).ok().flatten();
    let text = str::from_utf8(data).unwrap_or_default();
    let sentence = BinlogPosition::parse_sentence(text).ok();
    for place in [info, file, sentence].into_iter().flatten() {
        assert!(!place.file.contains('/') && !place.file.is_empty());
        let gtids = place.gtids.as_ref().map(|gtids| format!("\t{gtids}")).unwrap_or_default();
        let line = format!("{}\t{}{gtids}\n", place.file, place.position);
        if !place.file.contains('\t') {
            assert_eq!(BinlogPosition::parse_file(line.as_bytes()), Ok(Some(place)));
        }
    }
    if let Ok(gtids) = text.parse::<Gtids>() {
        assert_eq!(gtids.to_string().parse(), Ok(gtids));
    }
}

/// Chunks are found alike, however the bytes came.
pub fn xbcrypt(data: &[u8]) {
    let mut bytes = data.to_vec();
    for _ in 0..MENDED_MAX {
        let whole = xbcrypt_of(&bytes, bytes.len().max(1));
        assert_eq!(xbcrypt_of(&bytes, 3), whole);
        let Err(XbcryptError { at, problem }) = whole.1 else { return };
        let XbcryptProblem::Checksum { computed, .. } = problem else { return };
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let field = bytes.get_mut(at..).and_then(|chunk| chunk.get_mut(32..36));
        field.into_iter().for_each(|field| field.copy_from_slice(&computed.to_le_bytes()));
    }
}

fn xbcrypt_of(bytes: &[u8], piece: usize) -> ((u64, u32), Result<(), XbcryptError>) {
    let mut parser = XbcryptParser::new();
    let (mut chunks, mut crc) = (0, Crc32::new());
    for mut piece in bytes.chunks(piece) {
        loop {
            match parser.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(XbcryptEvent::Chunk(_))) => chunks += 1,
                Ok(Some(XbcryptEvent::Data(bytes))) => crc.update(bytes),
                Ok(Some(XbcryptEvent::Checked)) => {}
                Err(error) => return ((chunks, crc.value()), Err(error)),
            }
        }
    }
    ((chunks, crc.value()), parser.finish())
}

/// An archive unpacks alike, however its bytes came.
///
/// The bytes are also tried as a packet, in an archive with a right checksum.
pub fn qpress(data: &[u8]) {
    let head = [b"qpress10", &65_536_u64.to_le_bytes()[..], b"F\x01\0\0\0a\0"].concat();
    let block = [b"NEWBNEWB", &[0; 8][..], &adler32(data).to_le_bytes(), data].concat();
    for archive in [data.to_vec(), [head, block, b"ENDSENDS\0\0\0\0\0\0\0\0".to_vec()].concat()] {
        let whole = unpack(&archive, archive.len().max(1));
        assert_eq!(unpack(&archive, 3), whole);
        if let (plain, Ok(bytes)) = &whole {
            assert_eq!(plain.len() as u64, *bytes);
            assert_eq!(array_at::<8>(&archive, 0).as_ref(), Some(b"qpress10"));
        }
    }
}

fn unpack(archive: &[u8], piece: usize) -> (Vec<u8>, Result<u64, QpressError>) {
    let mut decoder = QpressDecoder::new();
    let mut plain = Vec::new();
    for mut piece in archive.chunks(piece) {
        loop {
            match decoder.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(block)) => plain.extend_from_slice(block),
                Err(error) => return (plain, Err(error)),
            }
        }
    }
    let end = decoder.finish();
    (plain, end)
}
