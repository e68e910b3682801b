//! Events, and what comes with them.

use crate::abi::{code, event};
use crate::call::Call;
use crate::entry::words;
use crate::packets::Object;
use file_daemon_plugin::{PLUGIN, Severity};
use std::ffi::{c_int, c_void};

/// Objects are never longer: what is comes from nobody of ours.
const OBJECT_BYTES: usize = 64 << 10;

/// Does what an event asks. Events that nobody knows ask nothing; so do those whose value is missing,
/// but for the begin of a backup.
///
/// # Safety
/// `value` is what the daemon sends with events of this number, or null.
pub(crate) unsafe fn handle(call: &Call<'_>, number: c_int, value: *mut c_void) -> c_int {
    let (context, host) = (call.context(), &call.host);
    // SAFETY: for the events below that ask, the value is a text or null.
    let text = || unsafe { words(value.cast()) };
    let is_good = match number {
        event::CANCEL => {
            context.cancel();
            true
        }
        event::SINCE => {
            // The time itself stands where others have an address.
            call.own.note_since(value.addr().cast_signed() as i64);
            true
        }
        event::PLUGIN_COMMAND => text().is_none_or(|line| context.check_line(host, &line)),
        event::BACKUP_COMMAND => {
            has_no_choice(call) && context.begin_backup(host, &text().unwrap_or_default())
        }
        event::ESTIMATE_COMMAND => context.begin_estimate(host, &text().unwrap_or_default()),
        event::RESTORE_COMMAND => {
            if let Some(line) = text() {
                context.restore_line(&line);
            }
            true
        }
        event::PLUGIN_OPTIONS => {
            if let Some(text) = text() {
                choose(call, &text);
            }
            true
        }
        event::RESTORE_OBJECT => {
            // A null says that these were all.
            if !value.is_null() {
                // SAFETY: with this event comes a packet.
                unsafe { object(call, value) };
            }
            true
        }
        event::END_RESTORE_JOB => {
            context.end_restore(host, host.is_well());
            true
        }
        event::JOB_END => {
            context.job_end(host);
            true
        }
        _ => true,
    };
    if is_good { code::OK } else { code::ERROR }
}

/// An operator's options, which the backend reads. They come before the daemon itself knows whether
/// the job is a restore.
fn choose(call: &Call<'_>, text: &[u8]) {
    let own = text.strip_prefix(PLUGIN.as_bytes()).and_then(|rest| rest.strip_prefix(b":"));
    if !own.unwrap_or(text).trim_ascii().is_empty() {
        call.own.note_choice(text);
        call.context().options(text);
    }
}

/// In a backup there is nothing to choose, and what nobody reads must not look as if somebody had.
fn has_no_choice(call: &Call<'_>) -> bool {
    let Some(chosen) = call.own.choice() else { return true };
    let chosen = String::from_utf8_lossy(&chosen);
    let why = format!("plugin options are for restores, and this is none: {}", chosen.trim());
    call.context().refuse(&call.host, &why);
    false
}

/// A piece of state that the director had kept: all of a restore's jobs, or the one that a backup
/// continues.
///
/// # Safety
/// `value` is a packet.
unsafe fn object(call: &Call<'_>, value: *mut c_void) {
    // SAFETY: the caller promises it.
    let Some((object, _)) = (unsafe { call.packet::<Object>(value) }) else { return };
    // SAFETY: texts of the packet, or null.
    let (name, line) = unsafe { (words(object.name), words(object.line)) };
    let line = line.unwrap_or_default();
    let length = usize::try_from(object.length).unwrap_or(0);
    if !file_daemon_plugin::is_ours(&line) || object.bytes.is_null() || length == 0 {
        return;
    }
    if length > OBJECT_BYTES {
        let text = format!("a restore object of {length} bytes is none of ours: it is left out");
        return file_daemon_plugin::Daemon::report(&call.host, Severity::Warning, &text);
    }
    // SAFETY: the packet says that so many bytes are there.
    let bytes = unsafe { std::slice::from_raw_parts(object.bytes, length) };
    let name = name.unwrap_or_default();
    call.context().object(&call.host, &name, object.job, &line, bytes);
}
