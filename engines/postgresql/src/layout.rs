//! Where the roots of a backup go, and whether a server runs there.

use crate::collector::TABLESPACE_MAP;
use crate::configuration;
use crate::data_directory::CONTROL;
use crate::roots;
use errors::{Context, Error, Kind, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use stream::{Layout, Link, RelPath, RestoreJob, RootInfo, RootName};

/// The data directory goes where the operator says; each tablespace to its mapped place, or back
/// to its own; configuration files beside the data directory, and never back to theirs.
///
/// # Errors
/// `usage`: the destination is not a directory; a mapping names no tablespace of the backup, or no
/// absolute path.
pub(crate) fn layout(link: &Link, job: &RestoreJob) -> Result<Layout> {
    let to = job.directory()?;
    let data = roots::data_root()?;
    let configuration = configuration::root()?;
    let mut targets = BTreeMap::from([(data.clone(), to.to_owned())]);
    for (root, info) in &link.roots {
        if *root == configuration {
            let beside = configuration::beside(to, configuration::ROOT);
            targets.insert(root.clone(), beside);
        } else if *root != data {
            targets.insert(root.clone(), original(info)?);
        }
    }
    for (wanted, new) in &job.mapping {
        let root = find(link, wanted)?;
        if root == data || !new.is_absolute() {
            return Err(Error::new(
                Kind::Usage,
                format!("{wanted}={} does not map a tablespace to an absolute path", new.display()),
            ));
        }
        targets.insert(root, new.clone());
    }
    let rel = |path: &str| RelPath::new(path).or_kind(Kind::Bug, || format!("name {path}"));
    Ok(Layout {
        main: data.clone(),
        roots: targets,
        // Without it no server starts; and it must not, before everything else is there.
        held_back: vec![(data.clone(), rel(CONTROL)?)],
        // The links it speaks of are made here: a map would make the server point them back.
        left_out: vec![(data, rel(TABLESPACE_MAP)?)],
    })
}

fn original(info: &RootInfo) -> Result<PathBuf> {
    let RootInfo { path, .. } = info;
    info.original()
        .ok_or_else(|| Error::new(Kind::Manifest, format!("{path:?} is not the path of a root")))
}

/// A tablespace by its number or by its original path.
fn find(link: &Link, wanted: &str) -> Result<RootName> {
    if wanted == configuration::ROOT && link.roots.contains_key(&configuration::root()?) {
        return configuration::root();
    }
    if wanted == configuration::ROOT {
        return Err(Error::new(
            Kind::Usage,
            "the backup has no configuration files from outside the data directory",
        ));
    }
    let tablespaces = link.roots.iter().filter(|(root, _)| root.as_str() != configuration::ROOT);
    for (root, info) in tablespaces {
        let by_number = roots::tablespace_of(root).is_some_and(|oid| oid.to_string() == wanted);
        if by_number || original(info)? == Path::new(wanted) {
            return Ok(root.clone());
        }
    }
    let known: Vec<String> = link
        .roots
        .iter()
        .filter_map(|(root, info)| Some(format!("{} ({})", roots::tablespace_of(root)?, info.path)))
        .collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(Error::new(Kind::Usage, format!("the backup has no tablespace {wanted:?}"))
        .hint(format!("Its tablespaces: {known}.")))
}

/// Refuses a data directory whose server is running.
///
/// # Errors
/// `target-running`.
pub(crate) fn refuse_running(layout: &Layout) -> Result<()> {
    let Some(data) = layout.roots.get(&roots::data_root()?) else { return Ok(()) };
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else { return Ok(()) };
    let pid = text.lines().next().and_then(|line| line.trim().parse::<u32>().ok());
    match pid.filter(|pid| runs_in(*pid, data)) {
        None => Ok(()),
        Some(pid) => Err(Error::new(
            Kind::TargetRunning,
            format!("a server is running in {} (process {pid})", data.display()),
        )
        .hint("Stop it, or restore to another directory.")),
    }
}

/// A server's working directory is its data directory. Where that cannot be seen, a process of
/// this number is taken for the server.
fn runs_in(pid: u32, data: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    match (fs::read_link(process.join("cwd")), fs::canonicalize(data)) {
        (Ok(cwd), Ok(data)) => cwd == data,
        _ => process.exists(),
    }
}
