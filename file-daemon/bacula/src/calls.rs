//! What the daemon calls. Nothing leaves by a panic, and whatever may be null is looked at first.
//!
//! The daemon takes most answers for success, whatever they say: what must fail a job was reported by
//! the core before a call answers here.

use crate::abi::{
    BEvent, BpContext, ERROR, EVENT_CANCEL, FT_PLUGIN_CONFIG, FT_RESTORE_FIRST, MORE, OK, Rc, SEEN,
    STOP,
};
use crate::event::{self, OPTIONS};
use crate::instance::{Instance, JOBS, Present, call};
use crate::layout::{Layout, SavePacket, ToKeep};
use file_daemon_plugin::ffi::{bytes, c_text, guard};
use file_daemon_plugin::{After, Next};
use std::ffi::{c_char, c_void};
use std::sync::atomic::Ordering;

/// A job begins, of any kind, and whether it has to do with us or not.
pub(crate) unsafe extern "C" fn new_plugin(context: *mut BpContext) -> Rc {
    let make = || {
        // SAFETY: as in `find`.
        let Some(context) = (unsafe { context.as_ref() }) else { return ERROR };
        context.ours.store(JOBS.insert(Instance::new()), Ordering::SeqCst);
        OK
    };
    guard(make).unwrap_or(ERROR)
}

/// A job is over, however it ended: every backend ends, if one is left.
pub(crate) unsafe extern "C" fn free_plugin(context: *mut BpContext) -> Rc {
    let free = || {
        // SAFETY: as in `new_plugin`.
        let Some(context) = (unsafe { context.as_ref() }) else { return ERROR };
        let key = context.ours.swap(std::ptr::null_mut(), Ordering::SeqCst);
        if let Some(instance) = JOBS.remove(key) {
            // A cancel that comes just now may hold it still: it must not be the one that waits.
            instance.context.end();
        }
        OK
    };
    guard(free).unwrap_or(ERROR)
}

pub(crate) unsafe extern "C" fn handle_plugin_event<L: Layout>(
    context: *mut BpContext,
    event: *mut BEvent,
    value: *mut c_void,
) -> Rc {
    // SAFETY: the daemon's event lives until this returns, or there is none.
    let Some(event) = (unsafe { event.as_ref() }) else { return ERROR };
    if event.kind == EVENT_CANCEL {
        return cancel(context);
    }
    call::<L>(context, |instance, host| {
        instance.provoke("event");
        // SAFETY: the value came with this event.
        unsafe { event::handle(instance, host, event.kind, value) }
    })
}

/// Comes from another thread while the job's thread is in a call, so it may do nothing else.
fn cancel(context: *mut BpContext) -> Rc {
    let cancel = || {
        // SAFETY: as in `find`.
        let key = unsafe { context.as_ref() }.map(|context| context.ours.load(Ordering::SeqCst));
        if let Some(instance) = key.and_then(|key| JOBS.get(key)) {
            instance.context.cancel();
        }
        OK
    };
    guard(cancel).unwrap_or(ERROR)
}

/// The daemon asks for the next file of the plugin line.
pub(crate) unsafe extern "C" fn start_backup_file<L: Layout>(
    context: *mut BpContext,
    packet: *mut L::Save,
) -> Rc {
    call::<L>(context, |instance, host| {
        // SAFETY: the daemon's packet is its own until this returns, or there is none.
        let Some(packet) = (unsafe { packet.as_mut() }) else { return ERROR };
        if !packet.is_known() {
            instance.context.panicked(host, "a file's packet has an unknown layout");
            return ERROR;
        }
        instance.provoke("start");
        let mut present = instance.present();
        let (index, file_type) = match instance.context.next_file(host) {
            Next::File(head) => {
                present.file(packet, &head);
                return OK;
            }
            Next::Object { name, index, bytes } => {
                (present.name, present.object) = (c_text(name), bytes);
                (index, FT_RESTORE_FIRST)
            }
            Next::Choices(text) => {
                (present.name, present.object) = (OPTIONS.to_owned(), text.into_bytes());
                (1, FT_PLUGIN_CONFIG)
            }
            Next::End => return STOP,
            Next::Failed => return ERROR,
        };
        let (name, bytes) = (&*present.name, &*present.object);
        packet.object(&ToKeep { name, bytes, index, file_type });
        OK
    })
}

/// The daemon is done with a file; also with one that failed.
pub(crate) unsafe extern "C" fn end_backup_file<L: Layout>(context: *mut BpContext) -> Rc {
    call::<L>(context, |instance, host| {
        *instance.present() = Present::default();
        instance.provoke("end");
        match instance.context.end_file(host) {
            After::More => MORE,
            After::End => OK,
            After::Failed => ERROR,
        }
    })
}

pub(crate) unsafe extern "C" fn start_restore_file<L: Layout>(
    context: *mut BpContext,
    line: *const c_char,
) -> Rc {
    call::<L>(context, |instance, _| {
        // SAFETY: the daemon's text lives until this returns, or there is none.
        instance.context.restore_line(&unsafe { bytes(line) });
        OK
    })
}

pub(crate) unsafe extern "C" fn end_restore_file(_: *mut BpContext) -> Rc {
    OK
}

/// An accurate job asks for each file of earlier jobs that was not sent again.
pub(crate) unsafe extern "C" fn check_file<L: Layout>(
    context: *mut BpContext,
    name: *const c_char,
) -> Rc {
    call::<L>(context, |instance, _| {
        // SAFETY: the daemon's text lives until this returns, or there is none.
        let name = unsafe { bytes(name) };
        if instance.context.keeps(&name) { SEEN } else { OK }
    })
}
