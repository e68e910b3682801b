//! The runbook of restores that end in a running server, a file or a stream; and the bodies of a link
//! that lie in a directory, because a file daemon has pushed them there.

use errors::{Error, Kind, Result};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use stream::{
    Bodies, BodySource, Chain, RelPath, RestoreJob, RestoreSummary, RootName, ServerRestorer,
};

/// Brings a chain to its destination: first everything that can be refused, then the work.
///
/// # Errors
/// The engine's.
pub fn restore_to_server(
    engine: &dyn ServerRestorer,
    chain: &Chain<'_>,
    bodies: &BodySource<'_>,
    job: &RestoreJob,
    out: &mut dyn Write,
) -> Result<RestoreSummary> {
    engine.check(chain, job)?;
    job.check_cancel()?;
    job.progress.phase("restore");
    job.progress.expect(chain.total_bytes());
    let summary = engine.restore(chain, bodies, job, out)?;
    out.flush().map_err(|error| Error::io(format!("write to {}", job.destination), error))?;
    Ok(summary)
}

/// The bodies of one link, as files `<dir>/<root>/<path>`.
pub struct DirectoryBodies {
    dir: PathBuf,
    names: Vec<(RootName, RelPath)>,
}

impl DirectoryBodies {
    /// The bodies of a directory that is filled with [`DirectoryBodies::add`].
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, names: Vec::new() }
    }

    /// Takes a body; answers its length in bytes.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn add(&mut self, root: &RootName, path: &RelPath, body: &mut dyn Read) -> Result<u64> {
        let place = self.place(root, path);
        let failed = |error| Error::io(format!("write {}", place.display()), error);
        place.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        let mut file = File::create_new(&place).map_err(failed)?;
        let length = io::copy(body, &mut file).map_err(failed)?;
        self.names.push((root.clone(), path.clone()));
        Ok(length)
    }

    /// Where the bodies lie.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a body lies.
    #[must_use]
    pub fn place(&self, root: &RootName, path: &RelPath) -> PathBuf {
        self.dir.join(root.as_str()).join(path.as_path())
    }
}

impl Bodies for &DirectoryBodies {
    fn names(&self) -> Result<Vec<(RootName, RelPath)>> {
        Ok(self.names.clone())
    }

    fn open(&self, root: &RootName, path: &RelPath) -> Result<Box<dyn Read + Send>> {
        let place = self.place(root, path);
        match File::open(&place) {
            Ok(file) => Ok(Box::new(io::BufReader::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::new(Kind::Manifest, format!("the backup does not hold {root}/{path}")))
            }
            Err(error) => Err(Error::io(format!("read {}", place.display()), error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_come_back_as_they_came() {
        let dir = tempfile::tempdir().unwrap();
        let mut bodies = DirectoryBodies::new(dir.path().join("link"));
        let root = RootName::new("data").unwrap();
        let path = |text: &str| RelPath::new(text).unwrap();
        for name in ["b/2", "a"] {
            assert_eq!(
                bodies.add(&root, &path(name), &mut name.as_bytes()).unwrap(),
                name.len() as u64
            );
        }
        let names = (&bodies).names().unwrap();
        assert_eq!(names, [(root.clone(), path("b/2")), (root.clone(), path("a"))]);
        let mut text = String::new();
        (&bodies).open(&root, &path("b/2")).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "b/2");
        let absent = (&bodies).open(&root, &path("c")).err().unwrap();
        assert_eq!(absent.kind(), Kind::Manifest);
        // Of two bodies of one name the second is not taken in silence.
        assert!(bodies.add(&root, &path("a"), &mut io::empty()).is_err());
    }
}
