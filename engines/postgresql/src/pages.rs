//! Page checksums of what is copied, checked while it passes.
//!
//! A page may be read while the server writes it. So a mismatch is read again; a page that changed
//! in between, or that is newer than the backup's start, will be written again by recovery, because
//! the server logs full pages while a backup runs. What stays wrong and old is damage.

use formats::page::{PageState, verify_page};
use formats::relation::{Fork, RelationFile};
use formats::{ControlFile, Lsn};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use stream::{Finding, Tap};

/// Findings of one file that are told one by one; the rest is counted.
const FINDINGS_MAX: usize = 16;
const REREADS: u32 = 5;
const REREAD_PAUSE: Duration = Duration::from_millis(50);

/// What page checks need to know of the server.
pub(crate) struct PageChecks {
    block_size: usize,
    blocks_per_segment: u32,
    start: Lsn,
    /// Where the server writes now; asked only when a page is wrong.
    insert_lsn: Box<dyn Fn() -> Option<Lsn> + Send + Sync>,
}

impl PageChecks {
    /// `None` for a cluster without checksums.
    pub(crate) fn new(
        control: &ControlFile,
        start: Lsn,
        insert_lsn: impl Fn() -> Option<Lsn> + Send + Sync + 'static,
    ) -> Option<Arc<Self>> {
        (control.data_checksum_version > 0).then(|| {
            Arc::new(Self {
                block_size: usize::try_from(control.block_size).unwrap_or(8192),
                blocks_per_segment: control.relation_segment_blocks,
                start,
                insert_lsn: Box::new(insert_lsn),
            })
        })
    }
}

/// Checks the pages of one relation file.
pub(crate) struct PageTap {
    checks: Arc<PageChecks>,
    path: Arc<PathBuf>,
    file: RelationFile,
    findings: Vec<Finding>,
    more: u64,
}

impl PageTap {
    pub(crate) fn new(checks: &Arc<PageChecks>, path: &Path, file: RelationFile) -> Self {
        let (checks, path) = (Arc::clone(checks), Arc::new(path.to_owned()));
        Self { checks, path, file, findings: Vec::new(), more: 0 }
    }

    fn block_number(&self, offset: u64) -> u32 {
        let in_file = u32::try_from(offset / self.checks.block_size as u64).unwrap_or(u32::MAX);
        self.file.segment.wrapping_mul(self.checks.blocks_per_segment).wrapping_add(in_file)
    }

    fn look_again(&mut self, offset: u64, first: &[u8]) {
        let block = self.block_number(offset);
        let mut page = vec![0; self.checks.block_size];
        // Where a whole file is damaged, waiting for each page would take days.
        let rereads = if self.findings.len() < FINDINGS_MAX { REREADS } else { 1 };
        for reread in 0..rereads {
            std::thread::sleep(REREAD_PAUSE * reread.min(1));
            let read = File::open(self.path.as_path())
                .and_then(|file| file.read_exact_at(&mut page, offset));
            // Truncated or dropped meanwhile: the log says so.
            if read.is_err() || page != first || is_sound(verify_page(&page, block)) {
                return;
            }
        }
        if !self.will_be_written_again(&page) {
            self.report(offset, block, verify_page(&page, block));
        }
    }

    /// A page newer than the backup's start is restored from the log. An impossible position is
    /// no proof of youth: damage may have reached it.
    fn will_be_written_again(&self, page: &[u8]) -> bool {
        let Some(lsn) = formats::page::page_lsn(page) else { return false };
        lsn >= self.checks.start && (self.checks.insert_lsn)().is_some_and(|now| lsn <= now)
    }

    fn report(&mut self, offset: u64, block: u32, state: PageState) {
        if self.findings.len() >= FINDINGS_MAX {
            self.more += 1;
            return;
        }
        let what = match state {
            PageState::Mismatch { stored, computed, .. } => {
                format!("checksum {stored:04x} is stored, {computed:04x} is right")
            }
            _ => "it is marked as new but not empty".to_owned(),
        };
        // The free space map is not logged, and the server repairs it by itself.
        let id = if self.file.fork == Fork::Fsm { "page-checksum-fsm" } else { "page-checksum" };
        let text = format!("page {block} of {}: {what}", self.path.display());
        self.findings.push(Finding { id: id.to_owned(), offset, text });
    }
}

fn is_sound(state: PageState) -> bool {
    matches!(state, PageState::Zero | PageState::Valid)
}

impl Tap for PageTap {
    fn bytes(&mut self, offset: u64, bytes: &[u8]) {
        let size = self.checks.block_size;
        let mut at = offset;
        // A partial page at the end is a truncation in progress.
        for page in bytes.chunks_exact(size) {
            if !is_sound(verify_page(page, self.block_number(at))) {
                self.look_again(at, page);
            }
            at += size as u64;
        }
    }

    fn findings(self: Box<Self>) -> Vec<Finding> {
        let mut findings = self.findings;
        if self.more > 0 {
            let text = format!("{} more pages of {} are wrong", self.more, self.path.display());
            findings.push(Finding { id: "page-checksum".to_owned(), offset: 0, text });
        }
        findings
    }

    fn fork(&self) -> Option<Box<dyn Tap>> {
        Some(Box::new(Self {
            checks: Arc::clone(&self.checks),
            path: Arc::clone(&self.path),
            file: self.file,
            findings: Vec::new(),
            more: 0,
        }))
    }
}

#[cfg(test)]
mod tests;
