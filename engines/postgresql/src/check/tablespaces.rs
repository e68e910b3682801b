//! Tablespaces: each location is looked at, whatever the others are.

use super::files::{entries, refuses};
use super::{Findings, catalogue as rule};
use crate::roots::LINKS;
use formats::ControlFile;
use std::fs;
use std::path::Path;
use stream::Diagnosis;
use system::Users;

pub(super) fn look(data: &Path, control: &ControlFile, major: u16) -> Findings {
    let links = data.join(LINKS);
    let version = format!("PG_{major}_{}", control.catalog_version);
    let (mut found, mut count) = (Vec::new(), 0);
    for entry in entries(&links)? {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.parse::<u32>().is_err() {
            continue;
        }
        count += 1;
        let location = fs::read_link(entry.path()).map_or(entry.path(), |to| links.join(to));
        found.extend(trouble(&name, &location, &version));
    }
    if found.is_empty() {
        let text = format!("{count} tablespace(s), each there and readable");
        return Ok(vec![
            Diagnosis::ok(&rule::TABLESPACE_MISSING, text.clone()),
            Diagnosis::ok(&rule::TABLESPACE_UNREADABLE, text),
        ]);
    }
    Ok(found)
}

fn trouble(name: &str, location: &Path, version: &str) -> Option<Diagnosis> {
    let shown = location.display();
    let directory = location.join(version);
    // Behind a closed directory nobody sees whether something is there.
    let refused = [location, &directory].into_iter().find(|path| is_closed(path));
    if let Some(refused) = refused.map(Path::to_owned).or_else(|| database(&directory)) {
        let me = Users::new().user(Users::effective_uid());
        let text =
            format!("the tablespace {name}: the user {me} cannot read {}", refused.display());
        return Some(
            Diagnosis::error(&rule::TABLESPACE_UNREADABLE, text)
                .hint(format!("chown -R {me} '{shown}' && chmod u+rwx '{}'", refused.display())),
        );
    }
    (!directory.is_dir()).then(|| {
        let text = format!("the tablespace {name} is missing: there is no {}", directory.display());
        Diagnosis::error(&rule::TABLESPACE_MISSING, text)
            .hint(format!("Mount the disk that belongs to {shown}."))
            .hint("If it is lost: restore, or drop what lay there and the tablespace.")
    })
}

fn is_closed(path: &Path) -> bool {
    let denied = |error: std::io::Error| error.kind() == std::io::ErrorKind::PermissionDenied;
    fs::metadata(path).is_err_and(denied) || refuses(path)
}

/// A database's directory that cannot be read.
fn database(directory: &Path) -> Option<std::path::PathBuf> {
    let databases = entries(directory).unwrap_or_default();
    databases.into_iter().map(|entry| entry.path()).find(|path| refuses(path))
}
