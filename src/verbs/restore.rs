//! `seawall restore`: a backup to where it is wanted, and the log up to a chosen moment.

mod plan_text;

use super::{stored_request, target};
use crate::args;
use crate::config::{Request, Settings};
use crate::context::Context;
use crate::human;
use crate::operations::restore::{Place, Prepared, Restore, Restored, absolute, log_source};
use crate::operations::stored;
use crate::printer::Answer;
use errors::{Error, Kind, Result};
use repository::{Repository, UnitStore};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;
use stream::{Destination, Engine, Options, RestoreJob, Restorer};

/// # Errors
/// Before anything is written: no backup serves, the log has a gap, the place is not empty. Later:
/// damage, a full disk. A directory that is not finished cannot be started.
pub(crate) fn run(context: &Context, arguments: &args::Restore) -> Result<Answer> {
    let began = Instant::now();
    let settings = context.settings(request(arguments))?;
    let repository = settings.open_repository()?;
    let target = stored::target(&settings, &repository)?;
    let stores = stored::stores(&repository, &target, &arguments.stored.units.patterns)?;
    context.end_on_signal()?;
    context.printer.start("restore");
    let with = With { context, arguments, settings: &settings, repository: &repository, began };
    match stores.as_slice() {
        [] => Err(Error::new(Kind::NotFound, format!("there are no backups of {target}"))),
        [only] => with.restore(only, None),
        several => with.restore_each(several),
    }
}

fn request(arguments: &args::Restore) -> Request {
    // `restore main --target latest` names a moment: `main` is the target's name already.
    let stored = &arguments.stored;
    let is_name = |target: &String| stored.place.is_none() || target != args::LATEST;
    Request {
        target: stored.target.clone().filter(is_name),
        engine: arguments.engine.clone(),
        flags: arguments.workers.clone().map(|value| ("workers", value)).into_iter().collect(),
        sets: arguments.options.0.clone(),
        ..stored_request(stored)
    }
}

/// What the restore of each unit works with.
struct With<'a> {
    context: &'a Context,
    arguments: &'a args::Restore,
    settings: &'a Settings,
    repository: &'a Repository,
    began: Instant,
}

impl With<'_> {
    /// One unit; `below` is the directory of its own where there are several.
    fn restore(&self, store: &UnitStore, below: Option<&Path>) -> Result<Answer> {
        let arguments = self.arguments;
        let documents = store.links()?;
        let chosen = arguments.backup.as_deref();
        let chosen = chosen.map(|word| stored::find_backup(store, word)).transpose()?;
        let engine = stored::engine(self.settings, &documents, chosen)?;
        let name = engine.descriptor().name;
        let store = &store.clone().with_log(engine.descriptor().log_scope);
        // Each restore sees only the backups of its own engine.
        let documents: Vec<_> =
            documents.into_iter().filter(|document| document.link.engine == name).collect();
        let request = target::request(engine, &arguments.target, chosen)?;
        let job = self.job(engine, store, below)?;
        let layout_only = arguments.layout_only;
        let restore = Restore { repository: self.repository, store, engine, job, layout_only };
        let prepared = restore.prepare(documents, &request)?;
        let text = plan_text::print(engine, &prepared)?;
        if arguments.dry_run {
            let summary = summary(&prepared);
            return Ok(Answer::new("seawall.restore-plan/1", text, summary.into()));
        }
        let is_stream = matches!(restore.job.destination, Destination::Stream);
        let restored = restore.run(&prepared, &mut self.context.printer.raw())?;
        let mut answer = self.answer(&prepared, &restored, &text);
        if is_stream {
            // Standard output holds what was restored, and nothing else.
            answer.is_silent = true;
        }
        Ok(answer)
    }

    /// Several units, one after the other; a unit that fails costs no other its restore.
    fn restore_each(&self, stores: &[UnitStore]) -> Result<Answer> {
        if self.arguments.backup.is_some() || self.arguments.to == "-" {
            // It names the units that there are.
            let patterns = &self.arguments.stored.units.patterns;
            stored::store(self.repository, stores[0].target(), patterns)?;
        }
        let (mut text, mut items, mut failed) = (String::new(), Vec::new(), Vec::new());
        for store in stores {
            let unit =
                store.unit().ok_or_else(|| Error::new(Kind::Bug, "a unit without a name"))?;
            let below = PathBuf::from(unit.encoded().as_str());
            match self.restore(store, Some(&below)) {
                Ok(answer) => {
                    text.push_str(&format!("unit         {unit}\n{}\n", answer.text));
                    let mut item = answer.summary;
                    item.insert("unit".to_owned(), json!(unit));
                    item.insert("result".to_owned(), "ok".into());
                    items.push(Value::Object(item));
                }
                Err(error) if error.kind() == Kind::Interrupted => return Err(error),
                Err(error) => {
                    text.push_str(&format!("failed       {unit}: {}\n\n", error.line()));
                    items.push(json!({
                        "unit": unit, "result": "failed", "code": error.kind().entry().code,
                        "message": error.line(), "hints": error.hints(),
                    }));
                    failed.push(unit.to_string());
                }
            }
        }
        let summary = json!({"units": items.len(), "failed": failed.len()});
        let mut answer = Answer::new("seawall.restore-units/1", text, summary).with_items(items);
        if !failed.is_empty() {
            answer.exit = Kind::Incomplete.entry().exit;
        }
        Ok(answer)
    }

    fn job(
        &self,
        engine: &'static dyn Engine,
        store: &UnitStore,
        below: Option<&Path>,
    ) -> Result<RestoreJob> {
        let options = self.options(engine)?;
        let mut mapping = Vec::new();
        for (old, new) in &self.arguments.tablespaces {
            mapping.push((old.clone(), absolute(Path::new(new))?));
        }
        if let Some(dir) = &self.arguments.configuration {
            mapping.push(("configuration".to_owned(), absolute(dir)?));
        }
        Ok(RestoreJob {
            destination: destination(engine, &options, &self.arguments.to, below)?,
            options,
            mapping,
            workers: self.settings.workers(),
            cancel: self.context.cancel.clone(),
            progress: self.context.progress(),
            log: log_source(engine, self.repository, store)?,
            keep_archiving: self.arguments.keep_archiving,
        })
    }

    /// The engine's options: those of the target, where its engine is this one, and what was set.
    fn options(&self, engine: &'static dyn Engine) -> Result<Options> {
        let name = engine.descriptor().name;
        if let Some((of_target, options)) = &self.settings.engine
            && of_target.descriptor().name == name
        {
            return Ok(options.clone());
        }
        let sets = self.arguments.options.0.clone();
        let request = Request { engine: Some(name.to_owned()), sets, ..Request::default() };
        let settings = self.context.settings(request)?;
        settings.engine().map(|(_, options)| options.clone())
    }

    fn answer(&self, prepared: &Prepared, restored: &Restored, plan: &str) -> Answer {
        let memory = system::peak_memory_bytes();
        let mut summary = summary(prepared);
        let (schema, text) = match restored {
            Restored::Directory(dir) => {
                summary.insert("directory".to_owned(), json!(dir));
                ("seawall.restore/1", format!("{plan}restored     {}", dir.display()))
            }
            Restored::Trees(trees) => {
                let rows: Vec<Vec<String>> = trees
                    .iter()
                    .map(|tree| vec!["tree".to_owned(), tree.display().to_string()])
                    .collect();
                let summary = json!({"plan": prepared.plan, "trees": trees});
                return Answer::new("seawall.restore-trees/1", human::table(&rows), summary);
            }
            Restored::Elsewhere(done) => {
                let counts: Vec<String> =
                    done.restored.iter().map(|(what, count)| format!("{count} {what}")).collect();
                let notes = done.notes.iter().map(|note| format!("note         {note}\n"));
                let notes: String = notes.collect();
                summary.insert("restored".to_owned(), counted(&done.restored));
                summary.insert("notes".to_owned(), json!(done.notes));
                ("seawall.restore/1", format!("{plan}{notes}restored     {}", counts.join(", ")))
            }
        };
        summary.insert("peak_memory_bytes".to_owned(), json!(memory));
        let text = format!(
            "{text} in {:.1} s\npeak memory  {}\n",
            self.began.elapsed().as_secs_f64(),
            memory.map_or_else(|| "unknown".to_owned(), human::bytes)
        );
        Answer::new(schema, text, summary.into())
    }
}

fn counted(counts: &[(String, u64)]) -> Value {
    counts.iter().map(|(what, count)| (what.clone(), json!(count))).collect::<Map<_, _>>().into()
}

fn summary(prepared: &Prepared) -> Map<String, Value> {
    let mut summary = Map::new();
    summary.insert("plan".to_owned(), json!(prepared.plan));
    match &prepared.place {
        Place::Directories { start, .. } => summary.insert("start".to_owned(), json!(start)),
        Place::Elsewhere { notes } => summary.insert("notes".to_owned(), json!(notes)),
    };
    summary
}

/// Where `--to` leads: a server's URL, standard output, or a path that is a directory or a file as the
/// engine restores.
fn destination(
    engine: &dyn Engine,
    options: &Options,
    to: &str,
    below: Option<&Path>,
) -> Result<Destination> {
    if to == "-" {
        return Ok(Destination::Stream);
    }
    if to.contains("://") {
        let mut server = options.clone();
        for (name, value) in engine.url_options(to)? {
            server.set(&name, &value)?;
        }
        return Ok(Destination::Server(server));
    }
    let mut path = absolute(Path::new(to))?;
    path.extend(below);
    Ok(match engine.restorer() {
        Restorer::Server(_) => Destination::File(path),
        Restorer::Files(_) | Restorer::Streams(_) => Destination::Directory(path),
    })
}
