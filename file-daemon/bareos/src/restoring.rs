//! Files on their way back.

use crate::abi::{PluginContext, code, created, file_type};
use crate::call::{Call, RestoreFacts, call};
use crate::entry::words;
use crate::packets::Restore;
use file_daemon_plugin::{Create, Daemon, FileType, Reply, Severity};
use std::ffi::{c_char, c_int, c_void};

/// A file's plugin line, once more: the event had it.
pub(crate) unsafe extern "C" fn start(context: *mut PluginContext, line: *mut c_char) -> c_int {
    // SAFETY: the daemon's context, and a text or null.
    unsafe {
        call(context, "line", |call| {
            if let Some(line) = words(line) {
                call.context().restore_line(&line);
            }
            code::OK
        })
    }
}

/// What becomes of a file.
pub(crate) unsafe extern "C" fn create(context: *mut PluginContext, packet: *mut c_void) -> c_int {
    // SAFETY: the daemon's context, and its packet.
    unsafe {
        call(context, "create", |call| {
            let Some((packet, _)) = call.packet::<Restore>(packet) else { return code::ERROR };
            packet.status = created::ERROR;
            packet.status = decide(call, packet);
            call.own.note_plain(packet.status == created::CORE);
            code::OK
        })
    }
}

/// # Safety
/// The packet's texts are texts, or null.
unsafe fn decide(call: &Call<'_>, packet: &Restore) -> c_int {
    // SAFETY: the caller promises it.
    let (place, link, prefix, rule) = unsafe {
        (words(packet.place), words(packet.link), words(packet.prefix), words(packet.rule))
    };
    let (place, link) = (place.unwrap_or_default(), link.unwrap_or_default());
    let has_rule = rule.is_some_and(|rule| !rule.is_empty());
    let replace = u8::try_from(packet.replace).unwrap_or(b'a');
    call.own.note_restore(RestoreFacts { prefix, has_rule, replace });
    let Some(kind) = kind(packet.file_type) else {
        let place = String::from_utf8_lossy(&place);
        let text = format!("{place} is of type {}, which no file of ours has", packet.file_type);
        call.context().refuse(&call.host, &text);
        return created::ERROR;
    };
    let stat = &packet.stat;
    let file = Create {
        place: &place,
        file_type: kind,
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        size: stat.st_size,
        mtime: stat.st_mtime,
        link: if kind == FileType::Symlink { &link } else { b"" },
    };
    match call.context().create(&call.host, &file) {
        Reply::Extract => created::EXTRACT,
        Reply::Skip => created::SKIP,
        Reply::Core => created::CORE,
        Reply::Made => created::CREATED,
        Reply::Failed => created::ERROR,
    }
}

fn kind(number: c_int) -> Option<FileType> {
    match number {
        file_type::REGULAR | file_type::EMPTY => Some(FileType::File),
        file_type::DIRECTORY | file_type::DIRECTORY_BEFORE => Some(FileType::Directory),
        file_type::SYMLINK => Some(FileType::Symlink),
        _ => None,
    }
}

/// The backend knows the attributes since the file was created. Those of a plain file are ours to set:
/// the daemon passes over files that a plugin saved, even those that it creates itself.
pub(crate) unsafe extern "C" fn attributes(
    context: *mut PluginContext,
    packet: *mut c_void,
) -> c_int {
    // SAFETY: the daemon's context, and its packet.
    unsafe {
        call(context, "attributes", |call| {
            let Some((packet, _)) = call.packet::<Restore>(packet) else { return code::ERROR };
            let place = words(packet.place).unwrap_or_default();
            let done = call.own.with_plain(|plain| plain.attributes(packet, &place));
            if let Some(Err(error)) = done {
                let place = String::from_utf8_lossy(&place);
                let text = format!("{place}: owner, mode and time cannot be set: {error}");
                call.host.report(Severity::Error, &text);
            }
            code::OK
        })
    }
}

/// The daemon is done with a file; closing it told all.
pub(crate) unsafe extern "C" fn end(_: *mut PluginContext) -> c_int {
    code::OK
}
