//! An engine whose units are books of two chapters, and whose server is a file.

use crate::target::{Host, PointInTime, Target, Wanted};
use chrono::Utc;
use errors::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use stream::{
    Body, BodySource, Chain, Descriptor, Destination, Diagnosis, Engine, FileKind, Job, Level,
    Link, Log, LogScope, LogView, OptionKind, OptionSpec, Options, Owner, Plan, Position,
    RecoveryRequest, RecoveryTarget, RelPath, RestoreJob, RestoreSummary, Restorer, RootName,
    ServerRestorer, Sink, Stored, TargetName, Totals, Unit, UnitName, VirtualFile, Window,
};

static DESCRIPTOR: Descriptor = Descriptor {
    name: "shelf",
    schemes: &["shelf"],
    supported: "tests",
    options: &[
        OptionSpec { aliases: &["tag"], ..OptionSpec::new("label", OptionKind::Text, "") },
        OptionSpec::new("copies", OptionKind::Count, ""),
        OptionSpec::new("password", OptionKind::Secret, ""),
        OptionSpec::new("place", OptionKind::Path, ""),
    ],
    levels: &[Level::Full],
    check_rules: &[],
    log_rules: &[],
    log_scope: LogScope::Target,
};

/// What goes wrong with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Before its first file.
    AtOnce,
    /// A body cannot be read on.
    InABody,
    /// The engine fails while a body is being read.
    BesideABody,
}

/// The engine.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// Its units; none: the target is the unit.
    pub(crate) units: Vec<&'static str>,
    pub(crate) faults: Vec<(&'static str, Fault)>,
    pub(crate) has_log: bool,
}

impl Shelf {
    pub(crate) fn leak(self) -> &'static Self {
        Box::leak(Box::new(self))
    }
}

/// Bytes, then a failure.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.0.min(out.len());
        out[..length].fill(b'x');
        self.0 -= length;
        if length == 0 { Err(io::Error::other("a page is torn")) } else { Ok(length) }
    }
}

fn file(path: &str, body: Body) -> VirtualFile {
    VirtualFile {
        root: RootName::new("data").unwrap(),
        path: RelPath::new(path).unwrap(),
        kind: FileKind::File,
        mode: 0o600,
        owner: Owner::default(),
        mtime: Utc::now(),
        size: None,
        partial: None,
        body,
        tap: None,
    }
}

impl Engine for Shelf {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn url_options(&self, url: &str) -> Result<Vec<(String, String)>> {
        match url.strip_prefix("shelf://") {
            Some(place) => Ok(vec![("place".to_owned(), place.to_owned())]),
            None => Err(Error::new(Kind::Usage, "not the URL of a shelf")),
        }
    }

    fn default_target(&self, _options: &Options) -> String {
        "shelf".to_owned()
    }

    fn units(&self, _job: &Job) -> Result<Vec<Unit>> {
        if self.units.is_empty() {
            return Ok(vec![Unit::whole_target()]);
        }
        let unit = |name: &&str| Unit { name: Some(UnitName::new(*name).unwrap()) };
        Ok(self.units.iter().map(unit).collect())
    }

    fn check(&self, _job: &Job, _stored: Option<&Stored<'_>>) -> Vec<Diagnosis> {
        Vec::new()
    }

    fn backup(&self, job: &Job, unit: &Unit, sink: &dyn Sink) -> Result<Link> {
        let name = unit.name.as_ref().map_or("all", UnitName::as_str);
        let fault = self.faults.iter().find(|(of, _)| *of == name).map(|(_, fault)| *fault);
        let failed = || Error::new(Kind::SourceFiles, format!("{name} is damaged"));
        if fault == Some(Fault::AtOnce) {
            return Err(failed());
        }
        let text = |number: u32| Body::Bytes(format!("{name} {number}\n").into_bytes());
        drop(sink.put(file("1", text(1)))?);
        match fault {
            Some(Fault::InABody) => {
                sink.put(file("2", Body::Reader(Box::new(Broken(100_000)))))?.redeem()?;
            }
            Some(Fault::BesideABody) => {
                let endless = io::repeat(b'y');
                drop(sink.put(file("2", Body::Reader(Box::new(endless))))?);
                return Err(failed());
            }
            _ => drop(sink.put(file("2", text(2)))?),
        }
        sink.settle()?;
        Ok(link(job, unit))
    }

    fn log(&self) -> Option<&dyn Log> {
        self.has_log.then_some(self as _)
    }

    fn restorer(&self) -> Restorer<'_> {
        Restorer::Server(self)
    }
}

/// A log of which one page is enough.
impl Log for Shelf {
    fn parse_position(&self, text: &str) -> Result<Position> {
        Err(Error::new(Kind::Usage, format!("{text:?} is not a page")))
    }

    fn print_position(&self, position: Position) -> String {
        format!("page {}", position.value())
    }

    fn choose<'a>(&self, links: &'a [Link], _request: &RecoveryRequest) -> Result<Vec<Chain<'a>>> {
        Ok(links.iter().map(Chain::alone).collect())
    }

    fn prove(
        &self,
        _chains: &[Chain<'_>],
        _log: &dyn LogView,
        _request: &RecoveryRequest,
    ) -> Result<Plan> {
        Err(Error::new(Kind::LogGap, "not asked here"))
    }

    fn window(&self, _link: &Link, log: &dyn LogView, _history: Option<&str>) -> Result<Window> {
        let pages = log.names(DESCRIPTOR.name, "1", "0")?.len() as u64;
        Ok(Window {
            history: String::new(),
            to: Position::new(pages),
            last: None,
            latest: None,
            is_whole: pages > 0,
            gap: None,
        })
    }
}

fn link(job: &Job, unit: &Unit) -> Link {
    Link {
        version: stream::FORMAT_VERSION,
        id: job.uuid,
        parent: None,
        engine: DESCRIPTOR.name.to_owned(),
        target: job.target.clone(),
        unit: unit.name.clone(),
        job: job.id,
        level: job.level,
        from: Position::new(0),
        to: Position::new(0),
        base: BTreeMap::new(),
        earliest: None,
        lineage: BTreeMap::new(),
        state: serde_json::Value::Null,
        roots: BTreeMap::new(),
        server: BTreeMap::new(),
        started_at: Utc::now(),
        finished_at: Utc::now(),
        totals: Totals::default(),
        log: Vec::new(),
        findings: Vec::new(),
    }
}

/// A shelf's server is a file: at `place`, or where a file is wanted.
fn place(job: &RestoreJob) -> Result<PathBuf> {
    match &job.destination {
        Destination::File(path) => Ok(path.clone()),
        Destination::Server(options) => options
            .text("place")
            .map(PathBuf::from)
            .ok_or_else(|| Error::new(Kind::Usage, "no place is named")),
        other => Err(Error::new(Kind::Usage, format!("a shelf is not restored to {other}"))),
    }
}

impl ServerRestorer for Shelf {
    fn check(&self, _chain: &Chain<'_>, job: &RestoreJob) -> Result<Vec<String>> {
        let place = place(job)?;
        let label = job.options.text("label").unwrap_or("no label");
        if place.exists() {
            let text = format!("{} is there already", place.display());
            return Err(Error::new(Kind::TargetNotEmpty, text));
        }
        Ok(vec![format!("the books go to {} with {label}", place.display())])
    }

    fn restore(
        &self,
        chain: &Chain<'_>,
        bodies: &BodySource<'_>,
        job: &RestoreJob,
        _out: &mut dyn Write,
    ) -> Result<RestoreSummary> {
        let bodies = bodies(chain.newest())?;
        let mut text = String::new();
        let names = bodies.names()?;
        for (root, path) in &names {
            let mut body = bodies.open(root, path)?;
            body.read_to_string(&mut text).map_err(|error| Error::io("read a book", error))?;
        }
        fs::write(place(job)?, text).map_err(|error| Error::io("write the books", error))?;
        let chapters = names.len() as u64;
        Ok(RestoreSummary {
            restored: vec![("chapters".to_owned(), chapters), ("books".to_owned(), 1)],
            notes: vec!["the index is not rebuilt".to_owned()],
        })
    }
}

/// What the command would answer: one engine, and a configuration of labels by targets.
pub(crate) struct Command {
    pub(crate) engine: &'static Shelf,
    pub(crate) labels: BTreeMap<&'static str, &'static str>,
}

impl Host for Command {
    fn targets(&self) -> Result<Vec<String>> {
        Ok(self.labels.keys().map(|name| (*name).to_owned()).collect())
    }

    fn engine(&self, name: &str) -> Result<&'static dyn Engine> {
        match name == DESCRIPTOR.name {
            true => Ok(self.engine),
            false => Err(Error::new(Kind::Config, format!("there is no engine {name}"))),
        }
    }

    fn engine_of(&self, _wanted: &Wanted) -> Result<&'static dyn Engine> {
        Ok(self.engine)
    }

    fn target(&self, wanted: &Wanted) -> Result<Target> {
        let name = wanted.target.as_deref().unwrap_or("shelf");
        let mut options = Options::new(DESCRIPTOR.options);
        if let Some(label) = self.labels.get(name) {
            options.set("label", label)?;
        }
        if let Some(url) = &wanted.url {
            for (name, value) in self.engine.url_options(url)? {
                options.set(&name, &value)?;
            }
        }
        for (name, value) in &wanted.options {
            options.set(name, value.expose())?;
        }
        Ok(Target {
            engine: self.engine,
            options,
            name: TargetName::new(name).unwrap(),
            allow_inline_secrets: true,
            state_dir: None,
        })
    }

    fn configuration_dir(&self) -> PathBuf {
        PathBuf::from("/nowhere")
    }

    fn point_in_time(&self, _engine: &dyn Engine, _point: &PointInTime) -> Result<RecoveryRequest> {
        let target = RecoveryTarget::Latest;
        Ok(RecoveryRequest { target, inclusive: None, action: None, link: None, history: None })
    }
}
