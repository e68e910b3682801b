//! Names of files in the daemon's catalogue: `/@seawall/<target>/<job>/<root>/<path>`.

use errors::{Context, Kind, Result};
use protocol::NAMESPACE;
use stream::{EncodedUnit, JobId, Link, LinkName, RelPath, RootName, TargetName, UnitName};

/// What of a target is backed up, as it stands in names: `<target>`, or `<target>@<unit>`. The unit is
/// encoded as in a repository: of a long one only a hash says which it is, and its links name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject(String);

impl Subject {
    pub(crate) fn new(target: &TargetName, unit: Option<&UnitName>) -> Self {
        // Neither may hold the sign between them.
        let with_unit = |unit: &UnitName| format!("{target}@{}", unit.encoded());
        Self(unit.map_or_else(|| target.to_string(), with_unit))
    }

    /// What a link is a backup of.
    pub(crate) fn of(link: &Link) -> Self {
        Self::new(&link.target, link.unit.as_ref())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Where all its names begin.
    pub(crate) fn prefix(&self) -> String {
        format!("{NAMESPACE}{}/", self.0)
    }

    /// Where the names of one job begin.
    pub(crate) fn job_prefix(&self, job: JobId) -> String {
        format!("{}{job}/", self.prefix())
    }

    /// The name of a file.
    pub(crate) fn file(&self, job: JobId, root: &RootName, path: &RelPath) -> Vec<u8> {
        let mut name = self.job_prefix(job).into_bytes();
        name.extend_from_slice(&below(root, path));
        name
    }

    /// The name of a link's own file.
    pub(crate) fn link(&self, link: &LinkName) -> Vec<u8> {
        format!("{}{link}.json", self.job_prefix(link.job)).into_bytes()
    }
}

/// `<root>/<path>`.
pub(crate) fn below(root: &RootName, path: &RelPath) -> Vec<u8> {
    let mut name = root.as_str().as_bytes().to_vec();
    name.push(b'/');
    name.extend_from_slice(path.as_bytes());
    name
}

/// A name that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) subject: Subject,
    pub(crate) job: JobId,
    pub(crate) what: What,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A file of a backup.
    File(RootName, RelPath),
    /// A root's own directory, or a link's file.
    Other,
}

impl Name {
    /// Takes a name apart.
    ///
    /// # Errors
    /// `manifest`: it is none of ours.
    pub(crate) fn parse(name: &[u8]) -> Result<Self> {
        let parsed = Self::take_apart(name);
        parsed.or_kind(Kind::Manifest, || {
            format!("{} is no name of a backup", String::from_utf8_lossy(name))
        })
    }

    fn take_apart(name: &[u8]) -> Result<Self, Unknown> {
        let rest = name.strip_prefix(NAMESPACE.as_bytes()).ok_or(Unknown)?;
        let mut parts = rest.splitn(4, |&byte| byte == b'/');
        let mut text = || std::str::from_utf8(parts.next().ok_or(Unknown)?).map_err(|_| Unknown);
        let (subject, job, root) = (text()?, text()?, text()?);
        let what = match parts.next() {
            Some(path) if !path.is_empty() => What::File(
                RootName::new(root).map_err(|_| Unknown)?,
                RelPath::new(path).map_err(|_| Unknown)?,
            ),
            _ => What::Other,
        };
        let (target, unit) = match subject.split_once('@') {
            Some((target, unit)) => (target, Some(unit)),
            None => (subject, None),
        };
        let is_unit = unit.is_none_or(|unit| EncodedUnit::parse(unit).is_some());
        if TargetName::new(target).is_err() || !is_unit {
            return Err(Unknown);
        }
        let job = JobId::parse(job).ok_or(Unknown)?;
        Ok(Self { subject: Subject(subject.to_owned()), job, what })
    }
}

/// A name that is none of ours.
#[derive(Debug)]
struct Unknown;

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it is not /@seawall/<target>/<job>/<root>/<path>")
    }
}

impl std::error::Error for Unknown {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_were_given() {
        let target = TargetName::new("pg-main").unwrap();
        let (root, path) = (RootName::new("data").unwrap(), RelPath::new("base/5/1 \n").unwrap());
        let long = "größe/".repeat(20);
        let units = ["sales", "a@b/c d", "..", &long].map(|unit| UnitName::new(unit).unwrap());
        for unit in std::iter::once(None).chain(units.map(Some)) {
            let subject = Subject::new(&target, unit.as_ref());
            let name = subject.file(JobId::new(12), &root, &path);
            let parsed = Name::parse(&name).unwrap();
            assert_eq!((&parsed.subject, parsed.job), (&subject, JobId::new(12)));
            assert_eq!(parsed.what, What::File(root.clone(), path.clone()));
        }
        let parsed = Name::parse(b"/@seawall/pg-main/0000000012/0_1_2.json").unwrap();
        assert_eq!(parsed.what, What::Other);
        assert_eq!(Name::parse(b"/@seawall/pg-main/0000000012/data/").unwrap().what, What::Other);
    }

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for bad in [
            "/@seawall/",
            "/@seawall/pg/12/data/x",
            "/@seawall/pg/0000000012",
            "/@seawall/../0000000012/data/x",
            "/@seawall/pg/0000000012/data/../x",
            "/@seawall/pg/0000000012/data//x",
            "/@seawall/a@b@c/0000000012/data/x",
            "/@seawall/pg@/0000000012/data/x",
            "/@seawall/pg@../0000000012/data/x",
            "/etc/passwd",
        ] {
            assert!(Name::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
