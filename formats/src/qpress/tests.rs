//! Archives of a real backup, against the same files of another one, and damaged ones.

use super::*;
use crate::fixture::mysql;
use crate::member_encoding::{Encoding, split_encoding};
use crate::mysql_texts::BackupInfo;

/// The plain bytes of an archive that comes in chunks of that size.
fn unpack(archive: &[u8], chunk: usize) -> Result<Vec<u8>, QpressError> {
    let mut decoder = QpressDecoder::new();
    let mut plain = Vec::new();
    for mut chunk in archive.chunks(chunk) {
        loop {
            match decoder.next(&mut chunk) {
                Ok(None) => break,
                Ok(Some(block)) => plain.extend_from_slice(block),
                Err(error) => {
                    assert_eq!(decoder.finish(), Err(error));
                    return Err(error);
                }
            }
        }
    }
    let bytes = decoder.finish()?;
    assert_eq!(bytes, plain.len() as u64);
    Ok(plain)
}

const STREAM: &str = "xtrabackup-2.4/full-qp";

/// An uncompressed backup of the same server has the same files, and most of them did not change.
#[test]
fn archives_hold_what_the_plain_backup_holds() {
    let (packed, _) = mysql::members(STREAM, |_| true);
    let (plain, _) = mysql::members("xtrabackup-2.4/full", |_| true);
    let mut same = 0;
    let mut pages = 0;
    for (path, content) in &packed {
        let Some((name, encoding)) = split_encoding(path.as_bytes()) else {
            assert_eq!(path, "xtrabackup_checkpoints");
            continue;
        };
        assert_eq!((encoding, encoding.check(content)), (Encoding::Qpress, Ok(())));
        let name = str::from_utf8(name).unwrap();
        let found = unpack(content, 1 << 16).unwrap_or_else(|error| panic!("{path}: {error}"));
        same += usize::from(plain.get(name) == Some(&found));
        // A page ends with the low half of the position at which it was changed last, so one that
        // was unpacked wrongly does not fit together.
        if name.ends_with(".ibd") && name != "app/cmp.ibd" || name == "ibdata1" {
            assert!(found.len().is_multiple_of(16_384), "{path}");
            for page in found.as_chunks::<16_384>().0 {
                assert_eq!(page[20..24], page[16_380..], "{path}");
                pages += 1;
            }
        }
    }
    assert_eq!(packed.len(), 288);
    assert!(same > 250 && pages > 4000, "{same} {pages}");
    let info = unpack(&packed["xtrabackup_info.qp"], 7).unwrap();
    assert_eq!(BackupInfo::parse(&info).unwrap().compressed, Some(true));
}

fn sample(name: &str) -> Vec<u8> {
    let (mut members, _) = mysql::members(STREAM, |path| path == name);
    members.remove(name).unwrap()
}

#[test]
fn chunks_of_any_size_give_the_same_bytes() {
    let archive = sample("mysql/help_relation.ibd.qp");
    let whole = unpack(&archive, archive.len()).unwrap();
    assert!(whole.len() > 64 << 10, "more than one block");
    for chunk in [1, 2, 19, 4096] {
        assert!(unpack(&archive, chunk).as_ref() == Ok(&whole), "chunks of {chunk}");
    }
}

#[test]
fn damage_is_recognised() {
    let archive = sample("backup-my.cnf.qp");
    for cut in 0..archive.len() {
        let error = unpack(&archive[..cut], 64).unwrap_err();
        assert_eq!(error, QpressError { at: cut as u64, problem: QpressProblem::Cut });
    }
    for at in 0..archive.len() {
        let mut copy = archive.clone();
        copy[at] ^= 0x81;
        // The name, and the longest block while it is long enough.
        let is_free = (21..34).contains(&at) || (8..11).contains(&at);
        assert_eq!(unpack(&copy, 64).is_ok(), is_free, "byte {at}");
    }
    let at = archive.len() as u64;
    let longer = [&archive[..], b"x"].concat();
    let trailing = QpressError { at, problem: QpressProblem::Trailing };
    assert_eq!(unpack(&longer, 64), Err(trailing));
    let long = [b"qpress10", &u64::MAX.to_le_bytes()[..]].concat();
    let problem = QpressProblem::BlockTooLong { bytes: u64::MAX };
    assert_eq!(unpack(&long, 64), Err(QpressError { at: 0, problem }));
}

/// Packets whose checksum is right and whose content is not.
#[test]
fn hostile_packets_are_refused() {
    let archive = |packet: &[u8]| {
        let head = [b"qpress10", &65_536_u64.to_le_bytes()[..], b"F\x01\0\0\0a\0"].concat();
        let block = [b"NEWBNEWB", &[0; 8][..], &adler32(packet).to_le_bytes(), packet].concat();
        [head, block, b"ENDSENDS\0\0\0\0\0\0\0\0".to_vec()].concat()
    };
    assert_eq!(unpack(&archive(b"\x44\x05\x02ab"), 9), Ok(b"ab".to_vec()));
    let cases: [(&[u8], QuickLzError); 6] = [
        // Plain, and of another length than it says.
        (b"\x44\x05\x03ab", QuickLzError::Lengths),
        // A match before anything that it could repeat.
        (b"\x45\x09\x28\x01\0\0\x80\x01\0", QuickLzError::Match),
        // A control word that never ends.
        (b"\x45\x08\x28\0\0\0\0a", QuickLzError::Control),
        // No control word.
        (b"\x45\x05\x28ab", QuickLzError::Cut),
        (b"\x48\x05\x02ab", QuickLzError::Flags { flags: 0x48 }),
        (b"\x45\x02\x02", QuickLzError::Lengths),
    ];
    for (packet, expected) in cases {
        let error = unpack(&archive(packet), 9).unwrap_err();
        assert_eq!(error.problem, QpressProblem::Packet(expected), "{}", packet.escape_ascii());
    }
    let huge = [&[0x47][..], &20_u32.to_le_bytes(), &u32::MAX.to_le_bytes(), &[0; 11]].concat();
    let error = unpack(&archive(&huge), 9).unwrap_err();
    assert_eq!(error.problem, QpressProblem::BlockTooLong { bytes: u64::from(u32::MAX) });
}
