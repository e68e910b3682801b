//! Bytes of files, to and from the daemon.

use crate::abi::{BpContext, ERROR, IO_CLOSE, IO_OPEN, IO_READ, IO_WRITE, IoPkt, OK, Rc};
use crate::host::Host;
use crate::instance::{Instance, call};
use crate::layout::{Layout, is_whole};
use std::ffi::{c_char, c_int};

/// Bytes of the present file. The daemon looks at the packet alone, never at the answer, and does not
/// clear the packet before.
pub(crate) unsafe extern "C" fn plugin_io<L: Layout>(
    context: *mut BpContext,
    packet: *mut IoPkt,
) -> Rc {
    // SAFETY: the daemon's packet is its own until this returns, or there is none.
    let Some(packet) = (unsafe { packet.as_mut() }) else { return ERROR };
    (packet.status, packet.io_errno, packet.lerror) = (-1, libc::EIO, 0);
    (packet.offset, packet.win32) = (0, false);
    let mut done = None;
    let (func, buffer, count) = (packet.func, packet.buf, packet.count);
    let is_known = is_whole::<IoPkt>(packet.pkt_size, packet.pkt_end);
    let rc = call::<L>(context, |instance, host| {
        if !is_known {
            instance.context.panicked(host, "a packet of bytes has an unknown layout");
            return ERROR;
        }
        instance.provoke("io");
        // SAFETY: the daemon's buffer has so many bytes, until this returns.
        done = unsafe { transfer(instance, host, func, buffer, count) };
        if done.is_some() { OK } else { ERROR }
    });
    if let (OK, Some(status)) = (rc, done) {
        (packet.status, packet.io_errno) = (status, 0);
    }
    rc
}

/// # Safety
/// `buffer` is null or has `count` bytes.
unsafe fn transfer<L: Layout>(
    instance: &Instance,
    host: &Host<L>,
    func: c_int,
    buffer: *mut c_char,
    count: c_int,
) -> Option<c_int> {
    let context = &instance.context;
    let length = usize::try_from(count).ok().filter(|length| *length > 0 && !buffer.is_null());
    match func {
        IO_OPEN => Some(0),
        IO_READ => {
            // SAFETY: the caller promises so many bytes; the daemon had them cleared or read before.
            let out = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length?) };
            context.read(host, out).ok().and_then(|read| c_int::try_from(read).ok())
        }
        IO_WRITE if count == 0 => Some(0),
        IO_WRITE => {
            // SAFETY: the caller promises so many bytes.
            let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), length?) };
            context.write(host, bytes).then_some(count)
        }
        IO_CLOSE => context.close(host).then_some(0),
        _ => None,
    }
}
