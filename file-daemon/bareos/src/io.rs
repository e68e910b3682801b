//! Bytes of bodies.

use crate::abi::{PluginContext, code};
use crate::call::{Call, call};
use crate::entry::words;
use crate::packets::Io;
use crate::plain::Asked;
use std::ffi::{c_int, c_void};

const OPEN: c_int = 1;
const READ: c_int = 2;
const WRITE: c_int = 3;
const CLOSE: c_int = 4;

/// What the daemon wants of a body.
pub(crate) unsafe extern "C" fn io(context: *mut PluginContext, packet: *mut c_void) -> c_int {
    // SAFETY: the daemon's context, and its packet.
    unsafe {
        call(context, "io", |call| {
            let Some((packet, _)) = call.packet::<Io>(packet) else { return code::ERROR };
            (packet.windows_error, packet.is_windows) = (0, false);
            // Should this panic, the daemon must not take what it finds for success.
            (packet.status, packet.errno) = (-1, libc::EIO);
            match pass(call, packet) {
                Ok(status) => {
                    (packet.status, packet.errno) = (status, 0);
                    code::OK
                }
                Err(errno) => {
                    packet.errno = errno;
                    code::ERROR
                }
            }
        })
    }
}

/// A file that is restored as a plain one; `None`: it is none.
///
/// # Safety
/// As [`pass`].
unsafe fn plain(call: &Call<'_>, packet: &Io) -> Option<Result<c_int, c_int>> {
    // SAFETY: the caller promises it.
    let (place, bytes) = unsafe { (words(packet.name), bytes(packet)) };
    let place = place.unwrap_or_default();
    let (asked, status) = match packet.call {
        OPEN => (Asked::Open(&place), 0),
        WRITE => (Asked::Write(bytes), packet.count),
        CLOSE => (Asked::Close, 0),
        _ => return None,
    };
    let done = call.own.with_plain(|plain| plain.pass(&asked))?;
    Some(done.map(|()| status).map_err(|error| error.raw_os_error().unwrap_or(libc::EIO)))
}

/// # Safety
/// As [`pass`].
unsafe fn bytes(packet: &Io) -> &[u8] {
    let count = usize::try_from(packet.count).unwrap_or(0);
    if packet.call != WRITE || packet.buffer.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller promises it.
    unsafe { std::slice::from_raw_parts(packet.buffer, count) }
}

/// # Safety
/// The packet's name is a text, and its buffer has as many bytes as its count says.
unsafe fn pass(call: &Call<'_>, packet: &Io) -> Result<c_int, c_int> {
    // SAFETY: the caller promises it.
    if let Some(done) = unsafe { plain(call, packet) } {
        return done;
    }
    let (context, host) = (call.context(), &call.host);
    let count =
        if packet.buffer.is_null() { 0 } else { usize::try_from(packet.count).unwrap_or(0) };
    let all = |is_good: bool, status| if is_good { Ok(status) } else { Err(libc::EIO) };
    match packet.call {
        // A file was begun when the daemon asked for it, or brought it.
        OPEN => Ok(0),
        READ if count > 0 => {
            // SAFETY: the caller promises it; the daemon does not look at it meanwhile.
            let buffer = unsafe { std::slice::from_raw_parts_mut(packet.buffer, count) };
            let read = context.read(host, buffer)?;
            c_int::try_from(read).map_err(|_| libc::EIO)
        }
        WRITE if count > 0 => {
            // SAFETY: the caller promises it.
            let bytes = unsafe { bytes(packet) };
            all(context.write(host, bytes), packet.count)
        }
        WRITE if packet.count == 0 => Ok(0),
        CLOSE => all(context.close(host), 0),
        other => {
            let text =
                format!("the file daemon asks for bytes in a way that was not agreed ({other})");
            context.refuse(host, &text);
            Err(libc::EINVAL)
        }
    }
}
