//! Volumes: tar in zstd frames, and beside each its rows. See `docs/format.md`.
//!
//! A frame starts at a tar header. A member larger than [`FRAME_BYTES`] has a frame of its own;
//! smaller ones share one, so that a single file is read back without reading its volume.

mod fetch;
mod frames;
mod members;
mod reader;
mod row;
mod rows;
mod wanted;
mod writer;

pub(crate) use fetch::{Fetcher, Place};
pub(crate) use reader::read_volume;
pub(crate) use row::{Member, Part, RootedPath, Row};
pub(crate) use rows::Rows;
pub(crate) use wanted::read_wanted;
pub(crate) use writer::VolumeWriter;

/// Plain bytes after which a shared frame ends.
pub(crate) const FRAME_BYTES: u64 = 1 << 20;
/// No volume is larger, as stored.
pub(crate) const MAX_VOLUME_BYTES: u64 = 4 << 30;
/// Where parts of cut bodies lie in the tar: no root has such a name.
pub(crate) const PARTS: &str = ".parts";
/// Where ranges of partial files lie in the tar: whoever puts parts together by hand does not take
/// them for whole files.
pub(crate) const RANGES: &str = ".ranges";
/// Ranges in one member: more small ones share a header, and a row stays short.
pub(crate) const MEMBER_RANGES: usize = 1024;
