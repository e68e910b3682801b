//! Files on their way out.

use crate::abi::{PluginContext, code, file_type};
use crate::call::{Call, call};
use crate::entry::words;
use crate::packets::Save;
use file_daemon_plugin::{After, FileType, Head, Next, ffi};
use std::ffi::{c_char, c_int, c_void};

/// Options of the daemon that would change a body: holes left out, places recorded, parts chained.
const FLAGS_OFF: [usize; 3] = [5, 28, 30];

const BLOCK: i64 = 4096;
const SECTOR: i64 = 512;

/// What a piece of state looks like as a file.
const OBJECT_MODE: u32 = 0o600;

/// The daemon asks for the next file.
pub(crate) unsafe extern "C" fn start(context: *mut PluginContext, packet: *mut c_void) -> c_int {
    // SAFETY: the daemon's context, and its packet.
    unsafe {
        call(context, "start", |call| {
            let Some((packet, _)) = call.packet::<Save>(packet) else { return code::ERROR };
            next(call, packet)
        })
    }
}

fn next(call: &Call<'_>, packet: &mut Save) -> c_int {
    loop {
        return match call.context().next_file(&call.host) {
            Next::File(head) => {
                file(call, packet, &head);
                code::OK
            }
            Next::Object { name, index, bytes } => {
                object(call, packet, &name, index, bytes);
                code::OK
            }
            // This daemon has no place for them.
            Next::Choices(_) => continue,
            Next::End => code::STOP,
            Next::Failed => code::ERROR,
        };
    }
}

fn file(call: &Call<'_>, packet: &mut Save, head: &Head) {
    let name = ffi::c_text(head.name.clone());
    let (kind, format, link) = match head.file_type {
        FileType::File => (file_type::REGULAR, libc::S_IFREG, head.name.clone()),
        FileType::Directory => {
            (file_type::DIRECTORY, libc::S_IFDIR, [head.name.as_slice(), b"/"].concat())
        }
        FileType::Symlink => (file_type::SYMLINK, libc::S_IFLNK, head.link.clone()),
    };
    let link = ffi::c_text(link);
    packet.name = name.as_ptr();
    packet.link = link.as_ptr();
    packet.file_type = kind;
    // Whatever has no body must say so: the daemon would read it as well.
    packet.no_read = head.file_type != FileType::File;
    attributes(&mut packet.stat, format | (head.mode & 0o7777), head.size, head.mtime);
    (packet.stat.st_uid, packet.stat.st_gid) = (head.uid, head.gid);
    plain(packet);
    call.own.keep(vec![name, link], Vec::new());
}

fn object(call: &Call<'_>, packet: &mut Save, name: &str, index: i32, bytes: Vec<u8>) {
    let name = ffi::c_text(name);
    packet.name = name.as_ptr();
    packet.link = name.as_ptr();
    packet.file_type = file_type::OBJECT;
    packet.no_read = true;
    packet.object_name = name.as_ptr();
    packet.object = bytes.as_ptr().cast();
    // The core lets nobody send more than a kilobyte.
    packet.object_bytes = c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
    packet.index = index;
    let size = i64::from(packet.object_bytes);
    attributes(&mut packet.stat, libc::S_IFREG | OBJECT_MODE, size, 0);
    plain(packet);
    call.own.keep(vec![name], bytes);
}

fn attributes(stat: &mut libc::stat, mode: u32, size: i64, mtime: i64) {
    // SAFETY: all zeros are a valid value.
    *stat = unsafe { std::mem::zeroed() };
    stat.st_mode = mode;
    // More names than one would be looked for.
    stat.st_nlink = 1;
    stat.st_size = size.max(-1);
    stat.st_blksize = BLOCK;
    stat.st_blocks = size.max(0).saturating_add(SECTOR - 1) / SECTOR;
    (stat.st_atime, stat.st_mtime, stat.st_ctime) = (mtime, mtime, mtime);
}

fn plain(packet: &mut Save) {
    for flag in FLAGS_OFF {
        packet.flags[flag / 8] &= !(1 << (flag % 8));
    }
}

/// The daemon is done with a file.
pub(crate) unsafe extern "C" fn end(context: *mut PluginContext) -> c_int {
    // SAFETY: the daemon's context.
    unsafe {
        call(context, "end", |call| match call.context().end_file(&call.host) {
            After::More => code::MORE,
            After::End => code::OK,
            After::Failed => code::ERROR,
        })
    }
}

/// An accurate job has not seen an earlier job's file.
pub(crate) unsafe extern "C" fn check(context: *mut PluginContext, name: *mut c_char) -> c_int {
    // SAFETY: the daemon's context, and a text or null.
    unsafe {
        call(context, "check", |call| {
            let is_kept = words(name).is_some_and(|name| call.context().keeps(&name));
            if is_kept { code::SEEN } else { code::OK }
        })
    }
}
