//! Configuration files outside the data directory, as Debian has them: which there are, and how a
//! restored server is started with their copies.

mod includes;

use crate::recovery::shell_word;
use crate::roots;
use crate::session::Session;
use crate::state::{Place, Places, State};
use errors::{Context, Kind, Result};
use includes::Search;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};
use stream::{Finding, Layout, Link, RootName, StartCommand};

/// The root of such files; the path below it is their absolute path.
pub(crate) const ROOT: &str = "configuration";

/// The first major whose rules of access may include other files.
const INCLUDING_RULES: u16 = 16;

/// The configuration files of a server, as far as they can be found and read.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    /// Outside the data directory, in order, each once.
    pub(crate) outside: Vec<PathBuf>,
    /// In the data directory: paths below it.
    pub(crate) inside: Vec<PathBuf>,
    /// What could not be read.
    pub(crate) findings: Vec<Finding>,
    /// What a restored server must be told; nothing where all files are in the data directory.
    pub(crate) places: Option<Places>,
}

/// The root's name.
pub(crate) fn root() -> Result<RootName> {
    RootName::new(ROOT).or_kind(Kind::Bug, || "name the configuration")
}

impl Configuration {
    /// Asks the server for its files, and reads them for those that they include.
    ///
    /// # Errors
    /// The session's own.
    pub(crate) fn ask(session: &Session, data: &Path, major: u16) -> Result<Self> {
        let row = session.ask(
            "SELECT current_setting('data_directory'), current_setting('config_file'), \
             current_setting('hba_file'), current_setting('ident_file'), \
             coalesce(current_setting('external_pid_file'), '') <> '', \
             (SELECT coalesce(array_agg(setting), '{}') FROM pg_settings \
              WHERE name LIKE 'ssl\\_%\\_file' AND setting <> '')",
            &[],
        )?;
        let told_data: String = row.get(0);
        let named = [row.get::<_, String>(1), row.get(2), row.get(3)].map(PathBuf::from);
        let mut search = Search::new(data, Path::new(&told_data));
        let [config_file, hba_file, ident_file] = &named;
        search.settings(config_file);
        search.rules(hba_file);
        search.rules(ident_file);
        for path in sources(session, major) {
            search.add(&path);
        }
        let mut found = search.found();
        let used: Vec<String> = row.get(5);
        for path in used.into_iter().map(PathBuf::from) {
            let is_relative = path.is_relative();
            let below = includes::below(&path, data, Path::new(&told_data));
            found.inside.extend(if is_relative { Some(path) } else { below });
        }
        let places = named.map(|path| found.place(&path, data, Path::new(&told_data)));
        let is_elsewhere = places.iter().any(|place| !matches!(place, Place::Data(_)));
        if is_elsewhere || !found.outside.is_empty() {
            let [config_file, hba_file, ident_file] = places;
            let external_pid_file = row.get(4);
            found.places = Some(Places { config_file, hba_file, ident_file, external_pid_file });
        }
        Ok(found)
    }

    fn place(&self, path: &Path, data: &Path, told_data: &Path) -> Place {
        if self.outside.iter().any(|held| held == path) {
            return Place::configuration(path);
        }
        match includes::below(path, data, told_data) {
            Some(below) => Place::data(&below),
            None => Place::elsewhere(path),
        }
    }
}

/// Files that the server read settings or rules from: it may tell more than we can read.
fn sources(session: &Session, major: u16) -> Vec<PathBuf> {
    let mut questions = vec![
        "SELECT coalesce(array_agg(DISTINCT sourcefile), '{}') FROM pg_settings \
         WHERE sourcefile IS NOT NULL",
        "SELECT coalesce(array_agg(DISTINCT sourcefile), '{}') FROM pg_file_settings \
         WHERE sourcefile IS NOT NULL",
    ];
    if major >= INCLUDING_RULES {
        questions.push(
            "SELECT coalesce(array_agg(DISTINCT file_name), '{}') FROM \
             (SELECT file_name FROM pg_hba_file_rules UNION \
              SELECT file_name FROM pg_ident_file_mappings) f WHERE file_name IS NOT NULL",
        );
    }
    let mut found = Vec::new();
    for question in questions {
        // Some of these views are for superusers: the files themselves tell the same.
        let Ok(row) = session.ask(question, &[]) else { continue };
        found.extend(row.get::<_, Vec<String>>(0).into_iter().map(PathBuf::from));
    }
    // What is gone since was perhaps meant to go; what cannot be reached is told.
    found.retain(|path| match fs::symlink_metadata(path) {
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    });
    found
}

/// `<directory>.<word>`, beside a directory.
pub(crate) fn beside(dir: &Path, word: &str) -> PathBuf {
    let mut name = dir.file_name().map(OsString::from).unwrap_or_default();
    name.push(".");
    name.push(word);
    dir.with_file_name(name)
}

/// The command that starts a restored server, where it is not the usual one.
///
/// The restored `postgresql.conf` still names the original data directory and the original rules:
/// whatever it says of places must be said again on the command line, where it wins.
///
/// # Errors
/// `manifest`: the link's state cannot be read.
pub(crate) fn start_command(link: &Link, layout: &Layout) -> Result<Option<StartCommand>> {
    let Some(places) = State::of(link)?.configuration else { return Ok(None) };
    let Some(data) = layout.roots.get(&roots::data_root()?) else { return Ok(None) };
    let held = layout.roots.get(&root()?);
    let configuration = held.cloned().unwrap_or_else(|| beside(data, ROOT));
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
        assert_eq!(beside(Path::new("/srv/pg"), ROOT), wanted);
    }
}
