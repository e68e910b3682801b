//! The tables and numbers of the interface, as they were measured.

use std::ffi::{c_char, c_int, c_void};
use std::mem::{offset_of, size_of};
use std::sync::atomic::AtomicPtr;

/// The interface's version, the same in all releases.
pub(crate) const VERSION: u32 = 10;

pub(crate) const MAGIC: &std::ffi::CStr = c"*FDPluginData*";

/// The one word for it that the daemon takes.
pub(crate) const LICENCE: &std::ffi::CStr = c"AGPLv3";

/// What a call returns.
pub(crate) mod code {
    use std::ffi::c_int;

    pub(crate) const OK: c_int = 0;
    pub(crate) const STOP: c_int = 1;
    pub(crate) const ERROR: c_int = 2;
    pub(crate) const MORE: c_int = 3;
    pub(crate) const SEEN: c_int = 5;
}

/// How bad a message is.
pub(crate) mod message {
    use std::ffi::c_int;

    pub(crate) const FATAL: c_int = 3;
    pub(crate) const ERROR: c_int = 4;
    pub(crate) const WARNING: c_int = 5;
    pub(crate) const INFO: c_int = 6;
}

/// Events that the plugin listens to.
pub(crate) mod event {
    use std::ffi::c_int;

    pub(crate) const JOB_END: c_int = 2;
    pub(crate) const END_RESTORE_JOB: c_int = 6;
    pub(crate) const BACKUP_COMMAND: c_int = 9;
    pub(crate) const RESTORE_COMMAND: c_int = 10;
    pub(crate) const ESTIMATE_COMMAND: c_int = 11;
    pub(crate) const SINCE: c_int = 13;
    pub(crate) const CANCEL: c_int = 14;
    pub(crate) const RESTORE_OBJECT: c_int = 15;
    pub(crate) const PLUGIN_COMMAND: c_int = 17;
    pub(crate) const PLUGIN_OPTIONS: c_int = 20;
}

/// Variables of the daemon.
pub(crate) mod variable {
    use std::ffi::c_int;

    pub(crate) const JOB: c_int = 1;
    pub(crate) const LEVEL: c_int = 3;
    pub(crate) const CLIENT: c_int = 5;
    pub(crate) const NAME: c_int = 6;
    pub(crate) const STATUS: c_int = 7;
    pub(crate) const SINCE: c_int = 8;
    pub(crate) const ACCURATE: c_int = 9;
    pub(crate) const WORKING_DIR: c_int = 12;
    pub(crate) const PLACE: c_int = 13;
    pub(crate) const VERSION: c_int = 16;
    pub(crate) const PREVIOUS: c_int = 18;
}

/// Types of files.
pub(crate) mod file_type {
    use std::ffi::c_int;

    pub(crate) const EMPTY: c_int = 2;
    pub(crate) const REGULAR: c_int = 3;
    pub(crate) const SYMLINK: c_int = 4;
    pub(crate) const DIRECTORY: c_int = 5;
    pub(crate) const DIRECTORY_BEFORE: c_int = 18;
    pub(crate) const OBJECT: c_int = 25;
}

/// What becomes of a file that comes back.
pub(crate) mod created {
    use std::ffi::c_int;

    pub(crate) const SKIP: c_int = 1;
    pub(crate) const ERROR: c_int = 2;
    pub(crate) const EXTRACT: c_int = 3;
    pub(crate) const CREATED: c_int = 4;
    pub(crate) const CORE: c_int = 5;
}

/// The daemon's handle for a job and a plugin.
#[repr(C)]
pub(crate) struct PluginContext {
    pub(crate) instance: u32,
    pub(crate) plugin: *mut c_void,
    pub(crate) of_core: *mut c_void,
    /// Ours: a number of the registry. A cancel reads it on another thread.
    pub(crate) of_plugin: AtomicPtr<c_void>,
}

const _: () = assert!(size_of::<PluginContext>() == 32);
const _: () = assert!(offset_of!(PluginContext, of_plugin) == 24);

/// What the plugin says of itself.
#[repr(C)]
pub(crate) struct Information {
    pub(crate) size: u32,
    pub(crate) version: u32,
    pub(crate) magic: *const c_char,
    pub(crate) licence: *const c_char,
    pub(crate) author: *const c_char,
    pub(crate) date: *const c_char,
    pub(crate) plugin_version: *const c_char,
    pub(crate) description: *const c_char,
    pub(crate) usage: *const c_char,
}

const _: () = assert!(size_of::<Information>() == 64);
const _: () = assert!(offset_of!(Information, magic) == 8);
const _: () = assert!(offset_of!(Information, licence) == 16);
const _: () = assert!(offset_of!(Information, plugin_version) == 40);
const _: () = assert!(offset_of!(Information, usage) == 56);

/// What the daemon says of its interface.
#[repr(C)]
pub(crate) struct Definition {
    pub(crate) size: u32,
    pub(crate) version: u32,
}

const _: () = assert!(size_of::<Definition>() == 8);

/// An event.
#[repr(C)]
pub(crate) struct Event {
    pub(crate) number: u32,
}

const _: () = assert!(size_of::<Event>() == 4);

/// Registers events: how many, and their numbers.
pub(crate) type Register = unsafe extern "C" fn(*mut PluginContext, c_int, ...) -> c_int;
/// Gives a variable's value.
pub(crate) type GetValue = unsafe extern "C" fn(*mut PluginContext, c_int, *mut c_void) -> c_int;
/// Writes a message: source, line, severity, time, format and its arguments.
pub(crate) type JobMessage = unsafe extern "C" fn(
    *mut PluginContext,
    *const c_char,
    c_int,
    c_int,
    i64,
    *const c_char,
    ...
) -> c_int;
/// The same for whoever looks for a fault: a level in place of a severity, and no time.
pub(crate) type DebugMessage = unsafe extern "C" fn(
    *mut PluginContext,
    *const c_char,
    c_int,
    c_int,
    *const c_char,
    ...
) -> c_int;

/// What the daemon can do for the plugin. What the plugin does not use has no type here.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Core {
    pub(crate) size: u32,
    pub(crate) version: u32,
    pub(crate) register_events: Option<Register>,
    unregister_events: usize,
    instance_count: usize,
    pub(crate) get_value: Option<GetValue>,
    set_value: usize,
    pub(crate) job_message: Option<JobMessage>,
    pub(crate) debug_message: Option<DebugMessage>,
    others: [usize; 14],
}

const _: () = assert!(size_of::<Core>() == 176);
const _: () = assert!(offset_of!(Core, register_events) == 8);
const _: () = assert!(offset_of!(Core, get_value) == 32);
const _: () = assert!(offset_of!(Core, job_message) == 48);
const _: () = assert!(offset_of!(Core, debug_message) == 56);

/// A function that takes nothing but the context.
pub(crate) type Plain = unsafe extern "C" fn(*mut PluginContext) -> c_int;
/// A function that takes a packet.
pub(crate) type With<T> = unsafe extern "C" fn(*mut PluginContext, *mut T) -> c_int;
/// A function that gets or sets a variable of the plugin.
pub(crate) type Value = unsafe extern "C" fn(*mut PluginContext, c_int, *mut c_void) -> c_int;
/// The function for events.
pub(crate) type Handle = unsafe extern "C" fn(*mut PluginContext, *mut Event, *mut c_void) -> c_int;

/// What the plugin can do for the daemon.
#[repr(C)]
pub(crate) struct Functions {
    pub(crate) size: u32,
    pub(crate) version: u32,
    pub(crate) new: Plain,
    pub(crate) free: Plain,
    pub(crate) get_value: Value,
    pub(crate) set_value: Value,
    pub(crate) handle_event: Handle,
    pub(crate) start_backup_file: With<c_void>,
    pub(crate) end_backup_file: Plain,
    pub(crate) start_restore_file: With<c_char>,
    pub(crate) end_restore_file: Plain,
    pub(crate) plugin_io: With<c_void>,
    pub(crate) create_file: With<c_void>,
    pub(crate) set_file_attributes: With<c_void>,
    pub(crate) check_file: Option<With<c_char>>,
    /// Access lists and extended attributes: there are none. The daemon takes no function for that.
    pub(crate) lists_and_attributes: [usize; 4],
}

const _: () = assert!(size_of::<Functions>() == 144);
const _: () = assert!(offset_of!(Functions, handle_event) == 40);
const _: () = assert!(offset_of!(Functions, start_backup_file) == 48);
const _: () = assert!(offset_of!(Functions, start_restore_file) == 64);
const _: () = assert!(offset_of!(Functions, plugin_io) == 80);
const _: () = assert!(offset_of!(Functions, create_file) == 88);
const _: () = assert!(offset_of!(Functions, check_file) == 104);
const _: () = assert!(offset_of!(Functions, lists_and_attributes) == 112);
