//! Partial files: ranges packed into members.

use super::receipts::PartReceipts;
use super::task::{Task, forks, may_be_shared, member, sources};
use crate::volume::MEMBER_RANGES;
use errors::{Error, Kind, Result};
use std::io::Cursor;
use std::sync::Arc;
use stream::{Body, FileKind, Link, PARTIAL_FILES_VERSION, PartialFile, Receipt, VirtualFile};

/// Cuts a partial file into tasks: each writes members of many small ranges, or of a part of a
/// large one. A file that can be read anywhere is read by several workers.
pub(super) fn split(
    file: VirtualFile,
    partial: &PartialFile,
    part_bytes: u64,
) -> (Vec<Task>, Receipt) {
    let pieces = partial.pieces(MEMBER_RANGES, part_bytes);
    let groups: Vec<Vec<PartialFile>> = match may_be_shared(&file) {
        true => pieces.into_iter().map(|piece| vec![piece]).collect(),
        false => vec![pieces],
    };
    let (receipts, receipt) = PartReceipts::new(groups.len());
    let member = member(&file, None);
    let mut taps = forks(file.tap, groups.len());
    let mut sources = sources(one_after_another(file.body), groups.len());
    let task = |(number, partial)| Task {
        member: member.clone(),
        source: sources.pop().unwrap_or(super::task::Source::Nothing),
        range: (0, 0),
        cut: None,
        partial,
        tap: taps.pop().flatten(),
        receipts: Arc::clone(&receipts),
        number,
    };
    (groups.into_iter().enumerate().map(task).collect(), receipt)
}

/// Bytes at hand hold the ranges one after another: they are not to be looked for at the offsets
/// that they have in the file.
fn one_after_another(body: Body) -> Body {
    match body {
        Body::Bytes(bytes) => Body::Reader(Box::new(Cursor::new(bytes))),
        other => other,
    }
}

/// # Errors
/// `bug`: what is partial is not a file.
pub(super) fn check(file: &VirtualFile) -> Result<()> {
    if file.partial.is_some() && file.kind != FileKind::File {
        let text = format!("{} is partial, and not a file", file.path);
        return Err(Error::new(Kind::Bug, text));
    }
    Ok(())
}

/// Says in the link that some of its files are partial: a program that does not know of them must
/// not lay it out.
///
/// # Errors
/// `bug`: no parent has the rest of them.
pub(super) fn mark(link: &mut Link) -> Result<()> {
    if link.parent.is_none() {
        let text = "the backup holds parts of files, and continues no other";
        return Err(Error::new(Kind::Bug, text));
    }
    link.version = link.version.max(PARTIAL_FILES_VERSION);
    Ok(())
}
