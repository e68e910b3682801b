//! Bacula's C interface, as far as it is the same in all versions: `x86_64` and other 64-bit Linux.
//!
//! | file | interface version | Bacula |
//! |---|---|---|
//! | `v14` | 14 | 9.4 to 9.6 |
//! | `v21` | 21 | 11.0 |
//! | `v22` | 22 | 11.3, 13.0 |
//! | `v23` | 23 | 15.0 |

pub(crate) mod v14;
pub(crate) mod v21;
pub(crate) mod v22;
pub(crate) mod v23;

use std::ffi::{c_char, c_int, c_void};
use std::mem::offset_of;
use std::sync::atomic::AtomicPtr;

/// What a call answers.
pub(crate) type Rc = c_int;
pub(crate) const OK: Rc = 0;
pub(crate) const STOP: Rc = 1;
pub(crate) const ERROR: Rc = 2;
pub(crate) const MORE: Rc = 3;
pub(crate) const SEEN: Rc = 5;

/// What becomes of a file that comes back.
pub(crate) const CF_SKIP: c_int = 1;
pub(crate) const CF_ERROR: c_int = 2;
pub(crate) const CF_EXTRACT: c_int = 3;
pub(crate) const CF_CREATED: c_int = 4;
pub(crate) const CF_CORE: c_int = 5;

/// What is to be done with a file's bytes.
pub(crate) const IO_OPEN: c_int = 1;
pub(crate) const IO_READ: c_int = 2;
pub(crate) const IO_WRITE: c_int = 3;
pub(crate) const IO_CLOSE: c_int = 4;

/// Kinds of files.
pub(crate) const FT_REGE: c_int = 2;
pub(crate) const FT_REG: c_int = 3;
pub(crate) const FT_LNK: c_int = 4;
pub(crate) const FT_DIREND: c_int = 5;
pub(crate) const FT_RESTORE_FIRST: c_int = 25;
pub(crate) const FT_PLUGIN_CONFIG: c_int = 27;
pub(crate) const FT_PLUGIN_CONFIG_FILLED: c_int = 28;

/// What the daemon does with a file's bytes on their way: holes, deltas and offsets would change what
/// a plugin is asked for.
pub(crate) const FO_UNWANTED: u64 = 0x20 | 0x1000_0000 | 0x4000_0000;

/// Variables with the same number in all versions.
pub(crate) const VAR_JOB_ID: c_int = 1;
pub(crate) const VAR_LEVEL: c_int = 3;
pub(crate) const VAR_CLIENT: c_int = 5;
pub(crate) const VAR_JOB_NAME: c_int = 6;
pub(crate) const VAR_JOB_STATUS: c_int = 7;
pub(crate) const VAR_SINCE: c_int = 8;
pub(crate) const VAR_ACCURATE: c_int = 9;
pub(crate) const VAR_WORKING_DIR: c_int = 13;

/// Events.
pub(crate) const EVENT_JOB_END: u32 = 2;
pub(crate) const EVENT_START_BACKUP: u32 = 3;
pub(crate) const EVENT_END_RESTORE: u32 = 6;
pub(crate) const EVENT_BACKUP: u32 = 9;
pub(crate) const EVENT_RESTORE: u32 = 10;
pub(crate) const EVENT_ESTIMATE: u32 = 11;
pub(crate) const EVENT_SINCE: u32 = 13;
pub(crate) const EVENT_CANCEL: u32 = 14;
pub(crate) const EVENT_OBJECT: u32 = 18;
pub(crate) const EVENT_PLUGIN_LINE: u32 = 20;

/// Messages of a kind that is numbered alike in all versions.
pub(crate) const M_DEBUG: c_int = 2;

/// One for each job and plugin.
#[repr(C)]
pub(crate) struct BpContext {
    pub(crate) core: *mut c_void,
    /// Ours: the number of a job, never an address. A cancel reads it on another thread.
    pub(crate) ours: AtomicPtr<c_void>,
}

/// What the daemon says of itself.
#[repr(C)]
pub(crate) struct BInfo {
    pub(crate) size: u32,
    pub(crate) version: u32,
}

/// What the plugin says of itself.
#[repr(C)]
pub(crate) struct PInfo {
    pub(crate) size: u32,
    pub(crate) version: u32,
    pub(crate) magic: *const c_char,
    pub(crate) license: *const c_char,
    pub(crate) author: *const c_char,
    pub(crate) date: *const c_char,
    pub(crate) plugin_version: *const c_char,
    pub(crate) description: *const c_char,
}

#[repr(C)]
pub(crate) struct BEvent {
    pub(crate) kind: u32,
}

/// The head of the daemon's functions, which is the same in all versions.
#[repr(C)]
pub(crate) struct BFuncs {
    pub(crate) size: u32,
    pub(crate) version: u32,
    pub(crate) register_events: *const c_void,
    pub(crate) get_value: Option<unsafe extern "C" fn(*mut BpContext, c_int, *mut c_void) -> Rc>,
    pub(crate) set_value: *const c_void,
    pub(crate) job_message: Option<
        unsafe extern "C" fn(
            *mut BpContext,
            *const c_char,
            c_int,
            c_int,
            i64,
            *const c_char,
            ...
        ) -> Rc,
    >,
    pub(crate) debug_message: Option<
        unsafe extern "C" fn(*mut BpContext, *const c_char, c_int, c_int, *const c_char, ...) -> Rc,
    >,
}

/// A file's bytes.
#[repr(C)]
pub(crate) struct IoPkt {
    pub(crate) pkt_size: i32,
    pub(crate) func: i32,
    pub(crate) count: i32,
    pub(crate) flags: i32,
    pub(crate) mode: u32,
    pub(crate) buf: *mut c_char,
    pub(crate) fname: *const c_char,
    pub(crate) status: i32,
    pub(crate) io_errno: i32,
    pub(crate) lerror: i32,
    pub(crate) whence: i32,
    pub(crate) offset: i64,
    pub(crate) win32: bool,
    pub(crate) pkt_end: i32,
}

/// What the director has kept.
#[repr(C)]
pub(crate) struct RestoreObjectPkt {
    pub(crate) pkt_size: i32,
    pub(crate) object_name: *const c_char,
    pub(crate) object: *const c_char,
    pub(crate) plugin_name: *const c_char,
    pub(crate) object_type: i32,
    pub(crate) object_len: i32,
    pub(crate) object_full_len: i32,
    pub(crate) object_index: i32,
    pub(crate) object_compression: i32,
    pub(crate) stream: i32,
    pub(crate) job: u32,
    pub(crate) pkt_end: i32,
}

/// A function whose packet this plugin does not look into.
pub(crate) type Opaque = Option<unsafe extern "C" fn(*mut BpContext, *mut c_void) -> Rc>;
pub(crate) type OfContext = unsafe extern "C" fn(*mut BpContext) -> Rc;
pub(crate) type Of<T> = unsafe extern "C" fn(*mut BpContext, *mut T) -> Rc;
pub(crate) type OfText = unsafe extern "C" fn(*mut BpContext, *const c_char) -> Rc;
pub(crate) type OfEvent = unsafe extern "C" fn(*mut BpContext, *mut BEvent, *mut c_void) -> Rc;
/// A variable of the plugin's: there is none.
pub(crate) type OfVariable = Option<unsafe extern "C" fn(*mut BpContext, c_int, *mut c_void) -> Rc>;

/// Compares a structure with what a C compiler said of the daemon's own.
macro_rules! layout {
    ($type:ty, $size:literal, $($field:ident $offset:literal),* $(,)?) => {
        const _: () = {
            assert!(size_of::<$type>() == $size);
            $(assert!(std::mem::offset_of!($type, $field) == $offset);)*
        };
    };
}
pub(crate) use layout;

layout!(BpContext, 16, core 0, ours 8);
layout!(BInfo, 8, size 0, version 4);
layout!(BEvent, 4, kind 0);
layout!(PInfo, 56, size 0, version 4, magic 8, license 16, author 24, date 32, plugin_version 40, description 48);
layout!(IoPkt, 72, pkt_size 0, func 4, count 8, flags 12, mode 16, buf 24, fname 32, status 40, io_errno 44,
    lerror 48, whence 52, offset 56, win32 64, pkt_end 68);
layout!(RestoreObjectPkt, 64, pkt_size 0, object_name 8, object 16, plugin_name 24, object_type 32, object_len 36,
    object_full_len 40, object_index 44, object_compression 48, stream 52, job 56, pkt_end 60);
const _: () = assert!(size_of::<libc::stat>() == 144);
const _: () = assert!(
    offset_of!(BFuncs, register_events) == 8
        && offset_of!(BFuncs, get_value) == 16
        && offset_of!(BFuncs, set_value) == 24
        && offset_of!(BFuncs, job_message) == 32
        && offset_of!(BFuncs, debug_message) == 40
);
