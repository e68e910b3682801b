//! What both shared objects need where they speak C: texts that may be missing, and panics that must
//! not leave.

#![allow(unsafe_code, reason = "texts come as addresses")]

use crate::text::TEXT_BYTES;
use std::any::Any;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of a text of the daemon, at most 64 KiB of them; none where it has none.
///
/// # Safety
/// `text` is null, or a text that ends with a zero and stays as it is until this returns.
#[must_use]
pub unsafe fn bytes(text: *const c_char) -> Vec<u8> {
    if text.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller promises a text that ends with a zero; no more than that is read.
    let length = unsafe { libc::strnlen(text, TEXT_BYTES) };
    // SAFETY: so many bytes were just found there, and they stay until this returns.
    unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) }.to_vec()
}

/// The same as text; what is not UTF-8 becomes a sign for it.
///
/// # Safety
/// As [`bytes`].
#[must_use]
pub unsafe fn text(text: *const c_char) -> String {
    // SAFETY: the caller promises what `bytes` wants.
    String::from_utf8_lossy(&unsafe { bytes(text) }).into_owned()
}

/// A text for the daemon. It ends where it has a zero: what follows would not be seen anyway.
#[must_use]
pub fn c_text(bytes: impl Into<Vec<u8>>) -> CString {
    let mut bytes: Vec<u8> = bytes.into();
    bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    CString::new(bytes).unwrap_or_default()
}

/// Does something for the daemon. A panic ends here: one that left would end the daemon, with all its
/// jobs.
///
/// # Errors
/// It panicked; so it said.
pub fn guard<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // What a panic leaves half done belongs to one job, and that job fails.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| said(&*panic))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
