//! What the plugin asks for, before it says `Start`.

use crate::inbox::Inbox;
use errors::{Error, Kind, Result};
use protocol::{Daemon, Purpose, ToBackend, VERSION};
use std::path::PathBuf;
use stream::{JobId, Level};

/// More bytes of objects than any chain has.
const OBJECT_BYTES_MAX: usize = 64 << 20;

/// One plugin line of a daemon's job.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) daemon: Daemon,
    pub(crate) purpose: Purpose,
    pub(crate) number: JobId,
    /// The job's unique name.
    pub(crate) name: String,
    pub(crate) level: Level,
    /// The unique name of the job that this one continues.
    pub(crate) previous: Option<String>,
    pub(crate) working_dir: PathBuf,
    /// Where files are restored to; `None`: their names are rewritten by a rule.
    pub(crate) prefix: Option<Vec<u8>>,
    /// What shall happen to what is there: `a`, `w`, `o`, `n`.
    pub(crate) replace: u8,
    pub(crate) line: String,
    pub(crate) objects: Vec<Object>,
    /// What the operator chose for a restore: plugin lines, and what was chosen for each.
    pub(crate) options: Vec<(String, String)>,
}

/// A piece of state.
#[derive(Debug)]
pub(crate) struct Object {
    /// The plugin line that it was kept for.
    pub(crate) line: String,
    pub(crate) piece: Vec<u8>,
}

impl Asked {
    /// Listens until everything is said.
    ///
    /// # Errors
    /// The plugin is of another version, says something else, or is gone.
    pub(crate) fn read(inbox: &mut Inbox) -> Result<Self> {
        let daemon = match inbox.message()? {
            ToBackend::Hello { version: VERSION, daemon, .. } => daemon,
            ToBackend::Hello { version, .. } => {
                let text = format!("the plugin speaks version {version}, this program {VERSION}");
                return Err(Error::new(Kind::Config, text)
                    .hint("Install plugin and program of one version: scripts/install-plugin."));
            }
            other => return Err(unexpected(&other)),
        };
        let mut asked = Self::of(inbox.message()?, daemon)?;
        let mut bytes_left = OBJECT_BYTES_MAX;
        loop {
            match inbox.message()? {
                ToBackend::Object { line, bytes, .. } => {
                    bytes_left = bytes_left
                        .checked_sub(bytes.len() + line.len())
                        .ok_or_else(|| Error::new(Kind::Manifest, "too many restore objects"))?;
                    asked.objects.push(Object { line, piece: bytes });
                }
                ToBackend::Options { line, text } => asked.options.push((line, text)),
                ToBackend::Start {} => return Ok(asked),
                other => return Err(unexpected(&other)),
            }
        }
    }

    fn of(message: ToBackend, daemon: Daemon) -> Result<Self> {
        let ToBackend::Job {
            purpose,
            number,
            name,
            level,
            previous,
            working_dir,
            prefix,
            replace,
            line,
            ..
        } = message
        else {
            return Err(unexpected(&message));
        };
        use std::os::unix::ffi::OsStringExt;
        Ok(Self {
            daemon,
            purpose,
            number: JobId::new(number.into()),
            name,
            level: level_of(level, purpose)?,
            previous: Some(previous).filter(|name| !name.is_empty()),
            working_dir: PathBuf::from(std::ffi::OsString::from_vec(working_dir)),
            prefix,
            replace,
            line,
            objects: Vec::new(),
            options: Vec::new(),
        })
    }
}

/// The daemons know three levels, and a restore has none.
fn level_of(letter: u8, purpose: Purpose) -> Result<Level> {
    match letter {
        b'D' => Ok(Level::Differential),
        // Since a time: what lies before it is not asked for.
        b'I' | b'S' => Ok(Level::Incremental),
        b'F' => Ok(Level::Full),
        _ if purpose != Purpose::Backup => Ok(Level::Full),
        other => {
            let text = format!("there is no backup of level {:?}", char::from(other));
            Err(Error::new(Kind::Usage, text).hint("Use Full, Differential or Incremental."))
        }
    }
}

fn unexpected(message: &ToBackend) -> Error {
    let name = format!("{message:?}");
    let name = name.split([' ', '{']).next().unwrap_or_default().to_owned();
    Error::new(Kind::Bug, format!("the plugin says {name} where it must not"))
}
