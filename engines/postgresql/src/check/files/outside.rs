//! What belongs to the server and lies outside its data directory: not in a backup.

use super::{Files, entries};
use crate::check::{Findings, catalogue as rule, few};
use crate::exclude;
use crate::listing::belongs_to_server;
use errors::{Context, Error, Kind};
use std::fs;
use std::path::Path;
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

    pub(super) fn configuration(&self) -> Findings {
        let named = self.configuration.as_ref().map_err(Error::repeat)?;
        let data = fs::canonicalize(&self.path)
            .or_kind(Kind::SourceFiles, || format!("look at {}", self.path.display()))?;
        let outside = |path: &&String| {
            // A link in the data directory is followed where it leads to a file.
            let is_inside = Path::new(path.as_str()).starts_with(&self.path)
                || Path::new(path.as_str()).starts_with(&data);
            !is_inside
        };
        let outside: Vec<String> = named.iter().filter(outside).cloned().collect();
        if outside.is_empty() {
            let text = "all configuration files are in the data directory";
            return Ok(vec![Diagnosis::ok(&rule::CONFIGURATION, text)]);
        }
        let text = format!(
            "configuration files outside the data directory are not in the backup: {}",
            few(&outside)
        );
        Ok(vec![Diagnosis::warning(&rule::CONFIGURATION, text).hint(format!(
            "Copy them with every change: cp -a {} <safe place>",
            outside.join(" ")
        ))])
    }
}
