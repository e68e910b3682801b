//! Loading, and the table of functions.

use crate::abi::{
    Core, Definition, Event, Functions, Information, LICENCE, MAGIC, PluginContext, VERSION, code,
};
use crate::{call, daemon, events, io, restoring, saving};
use file_daemon_plugin::ffi;
use std::ffi::{c_char, c_int, c_void};
use std::mem::size_of;

/// Tables of addresses that never change.
struct Fixed<T>(T);

// SAFETY: nobody writes to it, and what it points to is static as well.
unsafe impl<T> Sync for Fixed<T> {}

static INFORMATION: Fixed<Information> = Fixed(Information {
    size: 64,
    version: VERSION,
    magic: MAGIC.as_ptr(),
    licence: LICENCE.as_ptr(),
    author: c"the Seawall maintainers".as_ptr(),
    date: c"2026".as_ptr(),
    plugin_version: concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast(),
    description: c"Seawall: hot backups of databases".as_ptr(),
    usage: c"seawall:engine=NAME:option=value...".as_ptr(),
});

static FUNCTIONS: Fixed<Functions> = Fixed(Functions {
    size: 144,
    version: VERSION,
    new: new_plugin,
    free: free_plugin,
    get_value: nothing_of_value,
    set_value: nothing_of_value,
    handle_event,
    start_backup_file: saving::start,
    end_backup_file: saving::end,
    start_restore_file: restoring::start,
    end_restore_file: restoring::end,
    plugin_io: io::io,
    create_file: restoring::create,
    set_file_attributes: restoring::attributes,
    check_file: Some(saving::check),
    lists_and_attributes: [0; 4],
});

/// The daemon loads the plugin.
///
/// # Safety
/// The daemon calls it, with its own tables and two places for ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loadPlugin(
    definition: *const c_void,
    core: *const c_void,
    information: *mut *const c_void,
    functions: *mut *const c_void,
) -> c_int {
    if definition.is_null() || core.is_null() || information.is_null() || functions.is_null() {
        return code::ERROR;
    }
    // SAFETY: the daemon's definition; two numbers in all releases.
    let version = unsafe { (*definition.cast::<Definition>()).version };
    // SAFETY: every table begins with its size.
    let size = unsafe { core.cast::<u32>().read() };
    if version != VERSION || usize::try_from(size).is_ok_and(|size| size < size_of::<Core>()) {
        return code::ERROR;
    }
    // SAFETY: the table has all that is read of it.
    daemon::keep(unsafe { core.cast::<Core>().read() });
    // SAFETY: places for one address each.
    unsafe {
        information.write((&raw const INFORMATION.0).cast());
        functions.write((&raw const FUNCTIONS.0).cast());
    }
    code::OK
}

/// The daemon ends. Its jobs have ended before.
#[unsafe(no_mangle)]
pub extern "C" fn unloadPlugin() -> c_int {
    code::OK
}

unsafe extern "C" fn new_plugin(context: *mut PluginContext) -> c_int {
    // SAFETY: the daemon's context.
    ffi::guard(|| unsafe { call::begin(context) }).unwrap_or(code::ERROR)
}

unsafe extern "C" fn free_plugin(context: *mut PluginContext) -> c_int {
    // SAFETY: the daemon's context.
    let _ = ffi::guard(|| unsafe { call::end(context) });
    code::OK
}

unsafe extern "C" fn nothing_of_value(_: *mut PluginContext, _: c_int, _: *mut c_void) -> c_int {
    code::OK
}

unsafe extern "C" fn handle_event(
    context: *mut PluginContext,
    event: *mut Event,
    value: *mut c_void,
) -> c_int {
    if event.is_null() {
        return code::ERROR;
    }
    // SAFETY: the daemon's event.
    let Ok(number) = c_int::try_from(unsafe { (*event).number }) else { return code::OK };
    // SAFETY: the daemon's context, and a value as the event's number says.
    unsafe { call::call(context, "event", |call| events::handle(call, number, value)) }
}

/// A text of the daemon; none where it has none.
///
/// # Safety
/// As [`ffi::bytes`].
pub(crate) unsafe fn words(text: *const c_char) -> Option<Vec<u8>> {
    // SAFETY: the caller promises it.
    (!text.is_null()).then(|| unsafe { ffi::bytes(text) })
}
