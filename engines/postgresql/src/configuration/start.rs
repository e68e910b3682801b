//! How a restored server is started when its configuration files lay outside its data directory.
//!
//! The restored `postgresql.conf` still names the original data directory and the original rules:
//! whatever it says of places must be said again on the command line, where it wins.

use super::Place;
use crate::recovery::shell_word;
use crate::roots;
use crate::state::State;
use errors::Result;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use stream::{Layout, Link, StartCommand};

/// `<directory>.<word>`, beside a directory.
pub(crate) fn beside(dir: &Path, word: &str) -> PathBuf {
    let mut name = dir.file_name().map(OsString::from).unwrap_or_default();
    name.push(".");
    name.push(word);
    dir.with_file_name(name)
}

/// The command that starts a restored server, where it is not the usual one.
///
/// # Errors
/// `manifest`: the link's state cannot be read.
pub(crate) fn start_command(link: &Link, layout: &Layout) -> Result<Option<StartCommand>> {
    let Some(places) = State::of(link)?.configuration else { return Ok(None) };
    let Some(data) = layout.roots.get(&roots::data_root()?) else { return Ok(None) };
    let held = layout.roots.get(&super::root()?);
    let configuration = held.cloned().unwrap_or_else(|| beside(data, super::ROOT));
    let named = [
        ("config_file", &places.config_file),
        ("hba_file", &places.hba_file),
        ("ident_file", &places.ident_file),
    ];
    let mut settings = vec![("data_directory", data.clone())];
    let mut notes = Vec::new();
    if held.is_some() {
        notes.push(format!(
            "configuration files that lay outside the data directory are copied to {}; nothing is \
             written to their old places",
            configuration.display()
        ));
    }
    notes.push(
        "what these files name by absolute path are still the original's places: start the server by \
         this command only, or it would run on the ORIGINAL data directory"
            .to_owned(),
    );
    for (name, place) in named {
        let path = place.restored(data, &configuration);
        if matches!(place, Place::Elsewhere(_)) {
            notes.push(format!(
                "{name} is not in the backup: the command names the original {}",
                path.display()
            ));
        }
        settings.push((name, path));
    }
    if places.external_pid_file {
        settings.push(("external_pid_file", beside(data, "pid")));
    }
    let options: Vec<String> = settings
        .iter()
        .map(|(name, path)| format!("-c {}", shell_word(&format!("{name}={}", path.display()))))
        .collect();
    let data = shell_word(&data.display().to_string());
    let command = format!("pg_ctl -D {data} -o {} start", shell_word(&options.join(" ")));
    Ok(Some(StartCommand { command, notes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beside_a_directory() {
        let wanted = Path::new("/srv/pg.configuration");
        assert_eq!(beside(Path::new("/srv/pg"), super::super::ROOT), wanted);
    }
}
