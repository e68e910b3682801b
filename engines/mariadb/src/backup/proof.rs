//! The proof that what passed is a backup.
//!
//! No single witness is enough (all measured): a tool that fails leaves a stream that looks whole;
//! some say `completed OK!` with redo log missing; `--history` fails after the last byte.

use super::run::Lane;
use crate::stream_tap::Seen;
use crate::tool::Child;
use errors::{Context, Error, Kind, Result};
use formats::xbstream::Summary;
use std::process::ExitStatus;
use std::sync::Arc;
use stream::Totals;

/// Waits for the streams' ends. A sink that failed broke the pipe: its error is the cause, and the
/// tool's complaint what came of it.
pub(super) fn redeem(
    lanes: Vec<Lane>,
    child: &Child,
    status: ExitStatus,
) -> Result<(Vec<Arc<Seen>>, Vec<String>)> {
    let (mut seen, mut names) = (Vec::new(), Vec::new());
    for lane in lanes {
        let outcome = lane.receipt.redeem();
        if let Err(error) = outcome {
            let is_the_pipe = error.kind() == Kind::SourceFiles && !status.success();
            return Err(if is_the_pipe { child.failure(status) } else { error });
        }
        seen.push(lane.seen);
        names.push(lane.name);
    }
    Ok((seen, names))
}

/// Every witness must say that the backup is whole.
pub(super) fn prove(child: &Child, status: ExitStatus, seen: &[Arc<Seen>]) -> Result<Totals> {
    if !status.success() {
        return Err(child.failure(status));
    }
    if !child.messages.say_success() {
        let text =
            format!("the tool ended without the words of success: {}", child.messages.complaint());
        return Err(Error::new(Kind::Tool, text));
    }
    let mut all = Summary::default();
    for seen in seen {
        all = all.plus(seen.summary()?);
    }
    all.check().or_kind(Kind::Tool, || "the tool's stream is no whole backup")?;
    Ok(Totals { files: all.members, bytes: all.bytes, ..Totals::default() })
}
