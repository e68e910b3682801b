//! Backups and restores, call by call, as the daemon does them.

use crate::job::{ATTRIBUTES, CREATE, END, Job, Packet, START, START_RESTORE};
use std::ffi::CString;
use std::ptr::null_mut;

/// What the daemon saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Saved {
    pub(crate) file_type: i32,
    pub(crate) name: String,
    pub(crate) link: String,
    pub(crate) mode: u32,
    pub(crate) size: i64,
    pub(crate) index: i32,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) const LINE: &str = "seawall:stand-in:target=x";
const BUFFER: usize = 65_536;

/// Everything from the fileset to the end of the files, as the daemon does it.
pub(crate) fn save(job: &Job<'_>, line: &str, has_bodies: bool) -> Vec<Saved> {
    job.fileset(line);
    job.event(3, null_mut());
    let mut saved = Vec::new();
    if job.event_text(if has_bodies { 9 } else { 11 }, line) == 0 {
        while let Some(one) = save_one(job, has_bodies) {
            saved.push(one);
            match job.call(END, null_mut()) {
                3 => {}
                _ => break,
            }
        }
    }
    job.event(4, null_mut());
    saved
}

fn save_one(job: &Job<'_>, has_bodies: bool) -> Option<Saved> {
    let at = &job.version.save;
    let mut packet = Packet::new(at.size, at.end);
    packet.put_u64(at.flags, 0x5000_0021);
    if job.call(START, packet.pointer()) != 0 {
        return None;
    }
    let file_type = packet.i32(at.file_type);
    let stat = packet.stat(at.stat);
    let mut saved = Saved {
        file_type,
        name: String::new(),
        link: String::new(),
        mode: stat.st_mode,
        size: stat.st_size,
        index: 0,
        bytes: Vec::new(),
    };
    if matches!(file_type, 25 | 27) {
        let length = usize::try_from(packet.i32(at.object_len)).unwrap();
        saved.name = packet.text(at.object_name);
        saved.bytes = packet.bytes(at.object, length);
        saved.index = packet.i32(at.index);
        return Some(saved);
    }
    (saved.name, saved.link) = (packet.text(at.fname), packet.text(at.link));
    assert_eq!(packet.u64(at.flags), 1, "holes, deltas and offsets must be off");
    assert_eq!((stat.st_nlink, stat.st_uid, stat.st_mtime), (1, 1001, 1_700_000_000));
    if has_bodies && packet.byte(at.no_read) == 0 {
        saved.bytes = body(job);
    }
    Some(saved)
}

/// Opens, reads to the end, closes: every buffer is full but the last.
fn body(job: &Job<'_>) -> Vec<u8> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; BUFFER]);
    let mut was_short = false;
    if job.io(1, &mut []).status < 0 {
        return bytes;
    }
    loop {
        let status = job.io(2, &mut buffer).status;
        let Ok(read) = usize::try_from(status) else { break };
        if read == 0 {
            break;
        }
        assert!(!was_short, "a short record in the middle of a body");
        was_short = read < BUFFER;
        bytes.extend_from_slice(&buffer[..read]);
    }
    job.io(4, &mut []);
    bytes
}

/// A file that comes back: what the plugin answered to it, and to its attributes.
pub(crate) fn create(job: &Job<'_>, place: &str, file_type: i32, size: i64) -> (i32, i32) {
    let line = CString::new(LINE).unwrap();
    assert_eq!(job.event(10, line.as_ptr().cast_mut().cast()), 0);
    assert_eq!(job.call(START_RESTORE, line.as_ptr().cast_mut().cast()), 0);
    let place = CString::new(place).unwrap();
    let mut packet = Packet::new(232, 228);
    packet.put_i32(job.version.restore_type, file_type);
    packet.put_u64(184, place.as_ptr() as u64);
    packet.put_u64(32 + std::mem::offset_of!(libc::stat, st_size) as u64 as usize, size as u64);
    packet.put_i32(220, 2);
    assert_eq!(job.call(CREATE, packet.pointer()), 0);
    let created = packet.i32(220);
    packet.put_i32(220, 2);
    assert_eq!(job.call(ATTRIBUTES, packet.pointer()), 0);
    (created, packet.i32(220))
}

pub(crate) fn restore(job: &Job<'_>, saved: &[Saved]) {
    for file in saved.iter().filter(|file| file.file_type < 20) {
        let (created, _) = create(job, &format!("/where{}", file.name), file.file_type, file.size);
        if created == 3 {
            job.io(1, &mut []);
            for chunk in file.bytes.clone().chunks_mut(BUFFER) {
                let length = i32::try_from(chunk.len()).unwrap();
                assert_eq!(job.io(3, chunk).status, length);
            }
            assert_eq!(job.io(4, &mut []).status, 0);
        }
    }
    job.event(6, null_mut());
    job.event(2, null_mut());
}
