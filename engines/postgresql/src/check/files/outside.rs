//! Links that lead out of the data directory: what lies there is not in a backup.

use super::{Files, entries};
use crate::check::{Findings, catalogue as rule, few};
use crate::exclude;
use crate::listing::belongs_to_server;
use std::fs;
use stream::Diagnosis;

/// Entries that are looked at for links: an administrator's own directories are small.
const ENTRIES_MAX: usize = 10_000;

impl Files {
    /// Links outside the server's own directories whose targets are directories, or gone.
    pub(super) fn links(&self) -> Findings {
        let (mut left, mut links, mut seen) = (vec![self.path.clone()], Vec::new(), 0);
        while let Some(dir) = left.pop() {
            // Unreadable directories are a finding of their own.
            for entry in entries(&dir).unwrap_or_default() {
                seen += 1;
                let path = entry.path();
                let below = path.strip_prefix(&self.path).unwrap_or(&path);
                let top = below.components().next().map(|part| part.as_os_str().to_owned());
                let top = top.unwrap_or_default().to_string_lossy().into_owned();
                let is_servers = belongs_to_server(below)
                    || exclude::is_emptied(&top)
                    || exclude::is_left_out_at_top(&top)
                    || ["pg_wal", "pg_tblspc"].contains(&top.as_str());
                let Ok(kind) = entry.file_type() else { continue };
                if is_servers || seen > ENTRIES_MAX {
                    continue;
                }
                if kind.is_dir() {
                    left.push(path);
                } else if kind.is_symlink() && !fs::metadata(&path).is_ok_and(|m| m.is_file()) {
                    let to = fs::read_link(&path).unwrap_or_default();
                    links.push(format!("{} -> {}", below.display(), to.display()));
                }
            }
        }
        links.sort();
        if links.is_empty() {
            let text = "a backup follows every link in the data directory";
            return Ok(vec![Diagnosis::ok(&rule::LINKS, text)]);
        }
        let text = format!("kept as links, what lies there is not in the backup: {}", few(&links));
        Ok(vec![
            Diagnosis::warning(&rule::LINKS, text)
                .hint("Back those directories up yourself, or move them into the data directory.")
                .hint(
                    "For server logs nothing is lost: the link comes back, make its target first.",
                ),
        ])
    }
}
