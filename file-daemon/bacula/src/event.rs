//! What the daemon tells a job.

use crate::abi::{
    ERROR, EVENT_BACKUP, EVENT_END_RESTORE, EVENT_ESTIMATE, EVENT_JOB_END, EVENT_OBJECT,
    EVENT_PLUGIN_LINE, EVENT_RESTORE, EVENT_SINCE, EVENT_START_BACKUP, FT_PLUGIN_CONFIG_FILLED,
    FT_RESTORE_FIRST, OK, Rc, RestoreObjectPkt,
};
use crate::host::Host;
use crate::instance::Instance;
use crate::layout::{Layout, is_whole};
use file_daemon_plugin::ffi::bytes;
use file_daemon_plugin::is_ours;
use std::ffi::c_void;
use std::sync::atomic::Ordering;

/// The name of the object that declares what an operator may choose, and of what was chosen.
pub(crate) const OPTIONS: &std::ffi::CStr = c"RestoreOptions";

/// Why a second attempt under the number of the first is no backup. What it saves lies beside what the
/// first has saved, and files that the server has removed meanwhile would come back with it.
const GOES_ON: &str = "this job goes on where an earlier attempt broke off, and the files of two \
    attempts make no backup of a server\n\
    hint: run the job anew. With `Reschedule Incomplete Jobs = no` in its resource the director does \
    not try it again by itself";

/// Any event but the cancel, on the job's thread.
///
/// # Safety
/// `value` is what the daemon gives with events of this kind.
pub(crate) unsafe fn handle<L: Layout>(
    instance: &Instance,
    host: &Host<L>,
    kind: u32,
    value: *mut c_void,
) -> Rc {
    let context = &instance.context;
    // SAFETY: the value is a text where one of the events comes that call this.
    let line = || unsafe { bytes(value.cast()) };
    let answer = |is_good: bool| if is_good { OK } else { ERROR };
    match kind {
        EVENT_PLUGIN_LINE => answer(context.check_line(host, &line())),
        // A number in the place of an address.
        EVENT_SINCE => {
            instance.since.store(value.addr().cast_signed() as i64, Ordering::SeqCst);
            OK
        }
        // No file has been saved yet in this attempt.
        EVENT_START_BACKUP => {
            instance.goes_on.store(host.files() > 0, Ordering::SeqCst);
            OK
        }
        EVENT_BACKUP => {
            instance.provoke_later(&line());
            if instance.goes_on.load(Ordering::SeqCst) {
                context.refuse(host, GOES_ON);
                return ERROR;
            }
            answer(context.begin_backup(host, &line()))
        }
        EVENT_ESTIMATE => answer(context.begin_estimate(host, &line())),
        // To refuse would not be a failure: the daemon would restore the file by itself.
        EVENT_RESTORE => {
            instance.provoke_later(&line());
            context.restore_line(&line());
            OK
        }
        EVENT_OBJECT => {
            // SAFETY: such an event comes with an object's packet, and at last with none.
            if let Some(packet) = unsafe { value.cast::<RestoreObjectPkt>().as_ref() } {
                object(instance, host, packet);
            }
            OK
        }
        EVENT_END_RESTORE => {
            context.end_restore(host, host.is_good());
            OK
        }
        EVENT_JOB_END => {
            context.job_end(host);
            OK
        }
        _ => OK,
    }
}

/// What the director has kept; of every plugin, and of every job of the chain.
fn object<L: Layout>(instance: &Instance, host: &Host<L>, packet: &RestoreObjectPkt) {
    if !is_whole::<RestoreObjectPkt>(packet.pkt_size, packet.pkt_end) {
        return instance.context.panicked(host, "an object's packet has an unknown layout");
    }
    // SAFETY: the daemon's packets hold texts that end with a zero, or none.
    let (name, line) = unsafe { (bytes(packet.object_name), bytes(packet.plugin_name)) };
    let length = usize::try_from(packet.object_len).unwrap_or(0);
    if packet.object.is_null() || length == 0 || !is_ours(&line) {
        return;
    }
    // SAFETY: the daemon says that so many bytes are there, until this call returns.
    let kept = unsafe { std::slice::from_raw_parts(packet.object.cast::<u8>(), length) };
    match packet.object_type {
        FT_RESTORE_FIRST => instance.context.object(host, &name, packet.job, &line, kept),
        FT_PLUGIN_CONFIG_FILLED => {
            let end = kept.iter().position(|byte| *byte == 0).unwrap_or(kept.len());
            let text = &kept[..end];
            // A director sends what was chosen, or nothing at all. One of its catalogues (9.6 with
            // SQLite) gives some lengths back as rubbish: to go on without would restore something
            // else than was asked for.
            if text.contains(&b'=') && text.is_ascii() {
                instance.context.options_of_line(&line, text);
            } else {
                instance.context.options_lost(host);
            }
        }
        _ => {}
    }
}
