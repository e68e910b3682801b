//! Values as bytes: numbers are little-endian, texts and bytes have their length before them.

use crate::kinds::{Daemon, FileType, Purpose, Reply, Severity};
use std::fmt;

/// Why a message cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

/// A value of a message.
pub(crate) trait Wire: Sized {
    fn put(&self, out: &mut Vec<u8>);

    /// Takes the value from the front.
    fn take(from: &mut &[u8]) -> Result<Self, Malformed>;
}

fn take_array<const N: usize>(from: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (array, rest) = from.split_first_chunk().ok_or(Malformed("it ends too early"))?;
    *from = rest;
    Ok(*array)
}

macro_rules! number {
    ($($type:ty)*) => {
        $(impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
                take_array(from).map(Self::from_le_bytes)
            }
        })*
    };
}

number! { u8 u32 u64 i32 i64 }

macro_rules! byte {
    ($($type:ty)*) => {
        $(impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(self.byte());
            }

            fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
                Self::from_byte(u8::take(from)?).ok_or(Malformed("it has an unknown kind"))
            }
        })*
    };
}

byte! { Daemon Purpose Severity FileType Reply }

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
        match u8::take(from)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed("a flag is neither 0 nor 1")),
        }
    }
}

impl Wire for Vec<u8> {
    fn put(&self, out: &mut Vec<u8>) {
        // What is longer than a frame is refused when the frame is sent.
        u32::try_from(self.len()).unwrap_or(u32::MAX).put(out);
        out.extend_from_slice(self);
    }

    fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
        let length = usize::try_from(u32::take(from)?).unwrap_or(usize::MAX);
        let (bytes, rest) = from.split_at_checked(length).ok_or(Malformed("it ends too early"))?;
        *from = rest;
        Ok(bytes.to_vec())
    }
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        u32::try_from(self.len()).unwrap_or(u32::MAX).put(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
        Self::from_utf8(Vec::take(from)?).map_err(|_| Malformed("a text is not UTF-8"))
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
        if bool::take(from)? { T::take(from).map(Some) } else { Ok(None) }
    }
}
