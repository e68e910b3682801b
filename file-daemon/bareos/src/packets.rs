//! The packets, of every release. Each begins and ends with its size; releases that tell the same
//! version send different ones, so the size decides, and what has another size is not touched.

use std::ffi::{c_char, c_int, c_void};
use std::mem::{offset_of, size_of};

/// A packet with a size that is known.
///
/// # Safety
/// Whatever lies at an address given as `Self` has the layout up to `Self`'s end if [`Sized::SIZES`]
/// knows its size.
pub(crate) unsafe trait Packet {
    /// Its name, for messages.
    const NAME: &'static str;

    /// Known sizes, each with the place where it is repeated.
    const SIZES: &'static [(c_int, usize)];
}

/// The packet at an address, with its size, if it is one that is known.
///
/// # Safety
/// The address is null or that of a packet of this kind, of any release, which nobody else uses
/// meanwhile.
pub(crate) unsafe fn packet<'a, P: Packet>(address: *mut c_void) -> Option<(&'a mut P, c_int)> {
    if address.is_null() {
        return None;
    }
    let number = |at: usize| {
        // SAFETY: every packet begins with its size, and has all bytes up to its known end.
        unsafe { address.byte_add(at).cast::<c_int>().read() }
    };
    let size = number(0);
    let (_, end) = P::SIZES.iter().find(|(known, _)| *known == size)?;
    if number(*end) != size {
        return None;
    }
    // SAFETY: the size is known, so the layout is; the caller promises the rest.
    Some((unsafe { &mut *address.cast::<P>() }, size))
}

/// A file that is to be saved.
#[repr(C)]
pub(crate) struct Save {
    size: c_int,
    pub(crate) name: *const c_char,
    pub(crate) link: *const c_char,
    pub(crate) stat: libc::stat,
    pub(crate) file_type: c_int,
    pub(crate) flags: [u8; 5],
    pub(crate) no_read: bool,
    portable: bool,
    accurate_found: bool,
    command: *const c_char,
    save_time: i64,
    delta: u32,
    pub(crate) object_name: *const c_char,
    pub(crate) object: *const c_char,
    pub(crate) object_bytes: c_int,
    pub(crate) index: c_int,
    end: c_int,
}

const _: () = assert!(size_of::<libc::stat>() == 144);
const _: () = assert!(size_of::<Save>() == 240);
const _: () = assert!(offset_of!(Save, stat) == 24);
const _: () = assert!(offset_of!(Save, file_type) == 168);
const _: () = assert!(offset_of!(Save, flags) == 172);
const _: () = assert!(offset_of!(Save, no_read) == 177);
const _: () = assert!(offset_of!(Save, command) == 184);
const _: () = assert!(offset_of!(Save, delta) == 200);
const _: () = assert!(offset_of!(Save, object_name) == 208);
const _: () = assert!(offset_of!(Save, index) == 228);
const _: () = assert!(offset_of!(Save, end) == 232);

// SAFETY: this packet is the same in all releases.
unsafe impl Packet for Save {
    const NAME: &'static str = "save_pkt";
    const SIZES: &'static [(c_int, usize)] = &[(240, offset_of!(Self, end))];
}

/// A file that comes back: what all releases have of it. The last field is the end in 21.0.
#[repr(C)]
pub(crate) struct Restore {
    size: c_int,
    stream: c_int,
    data_stream: c_int,
    pub(crate) file_type: c_int,
    file_index: c_int,
    link_index: c_int,
    uid: u32,
    pub(crate) stat: libc::stat,
    extended: *const c_char,
    pub(crate) place: *const c_char,
    pub(crate) link: *const c_char,
    pub(crate) prefix: *const c_char,
    pub(crate) rule: *const c_char,
    pub(crate) replace: c_int,
    pub(crate) status: c_int,
    delta: u32,
    end_or_descriptor: c_int,
}

const _: () = assert!(size_of::<Restore>() == 232);
const _: () = assert!(offset_of!(Restore, file_type) == 12);
const _: () = assert!(offset_of!(Restore, stat) == 32);
const _: () = assert!(offset_of!(Restore, place) == 184);
const _: () = assert!(offset_of!(Restore, rule) == 208);
const _: () = assert!(offset_of!(Restore, replace) == 216);
const _: () = assert!(offset_of!(Restore, status) == 220);
const _: () = assert!(offset_of!(Restore, end_or_descriptor) == 228);

// SAFETY: later releases append fields only.
unsafe impl Packet for Restore {
    const NAME: &'static str = "restore_pkt";
    const SIZES: &'static [(c_int, usize)] =
        &[(232, offset_of!(Self, end_or_descriptor)), (240, 232), (256, 248)];
}

/// A call for bytes: what all releases have of it. The last field is the end in 21.0.
#[repr(C)]
pub(crate) struct Io {
    size: c_int,
    pub(crate) call: c_int,
    pub(crate) count: c_int,
    flags: c_int,
    mode: u32,
    pub(crate) buffer: *mut u8,
    pub(crate) name: *const c_char,
    pub(crate) status: c_int,
    pub(crate) errno: c_int,
    pub(crate) windows_error: c_int,
    whence: c_int,
    offset: i64,
    pub(crate) is_windows: bool,
    end_or_descriptor: c_int,
}

const _: () = assert!(size_of::<Io>() == 72);
const _: () = assert!(offset_of!(Io, buffer) == 24);
const _: () = assert!(offset_of!(Io, status) == 40);
const _: () = assert!(offset_of!(Io, errno) == 44);
const _: () = assert!(offset_of!(Io, offset) == 56);
const _: () = assert!(offset_of!(Io, is_windows) == 64);
const _: () = assert!(offset_of!(Io, end_or_descriptor) == 68);

// SAFETY: later releases append a field only.
unsafe impl Packet for Io {
    const NAME: &'static str = "io_pkt";
    const SIZES: &'static [(c_int, usize)] = &[(72, offset_of!(Self, end_or_descriptor)), (80, 72)];
}

/// A piece of state that the director had kept.
#[repr(C)]
pub(crate) struct Object {
    size: c_int,
    pub(crate) name: *const c_char,
    pub(crate) bytes: *const u8,
    /// The whole plugin line of the job that kept it.
    pub(crate) line: *const c_char,
    object_type: c_int,
    pub(crate) length: c_int,
    full_length: c_int,
    index: c_int,
    compression: c_int,
    stream: c_int,
    pub(crate) job: u32,
    end: c_int,
}

const _: () = assert!(size_of::<Object>() == 64);
const _: () = assert!(offset_of!(Object, line) == 24);
const _: () = assert!(offset_of!(Object, length) == 36);
const _: () = assert!(offset_of!(Object, job) == 56);
const _: () = assert!(offset_of!(Object, end) == 60);

// SAFETY: this packet is the same in all releases.
unsafe impl Packet for Object {
    const NAME: &'static str = "restore_object_pkt";
    const SIZES: &'static [(c_int, usize)] = &[(64, offset_of!(Self, end))];
}
