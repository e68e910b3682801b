//! `seawall backup`: from a server into a repository.

use super::dry_run::DryRun;
use crate::args::{self, Source};
use crate::config::{Request, Settings};
use crate::context::{Context, label};
use crate::human;
use crate::printer::Answer;
use errors::{Error, Kind, Result};
use repository::{Claim, LinkDocument, RepositorySink, SinkOptions, StoredRows, UnitStore};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;
use stream::{Engine, Job, Looking, Sink, Unit, VirtualFile};

/// # Errors
/// Whatever makes the backup unusable; then no link exists.
pub(crate) fn run(context: &Context, arguments: args::Backup) -> Result<Answer> {
    let (level, dry_run) = (arguments.level, arguments.dry_run);
    let settings = context.settings(request(arguments))?;
    let (engine, options) = settings.engine()?;
    let target = settings.target.clone().ok_or_else(|| Error::new(Kind::Bug, "no target"))?;
    let repository = settings.open_repository()?;
    context.end_on_signal()?;
    context.printer.start("backup");
    let mut job =
        Job { id: label(), level, progress: context.progress(), ..context.job(target, options) };
    let mut answer = None;
    for unit in engine.units(&job)? {
        let store = repository.unit(&job.target, unit.name.as_ref());
        job.links = store.links()?.into_iter().map(|document| document.link).collect();
        job.accepted = store.accepted_lineages()?;
        job.parent_rows = Some(Arc::new(StoredRows::new(store.clone())));
        answer = Some(if dry_run {
            list_files(engine, &job, &unit)?
        } else {
            back_up(engine, &mut job, &unit, &store, &settings)?
        });
    }
    answer.ok_or_else(|| Error::new(Kind::NotFound, "the target has nothing to back up"))
}

fn request(arguments: args::Backup) -> Request {
    let Source { place, target, sets } = arguments.source;
    let mut flags = Vec::new();
    flags.extend(arguments.workers.map(|value| ("workers", value)));
    flags.extend(arguments.compression_level.map(|value| ("compression_level", value)));
    Request { place: Some(place), target, flags, sets, ..Request::default() }
}

fn back_up(
    engine: &dyn Engine,
    job: &mut Job,
    unit: &Unit,
    store: &UnitStore,
    settings: &Settings,
) -> Result<Answer> {
    let began = Instant::now();
    // The label is claimed first: from here on everything of this job has its name.
    let claim = Claim::take(store, job.uuid, job.level, job.id)?;
    job.id = claim.job();
    let options = sink_options(settings)?;
    let sink = RepositorySink::start(claim, options, job.cancel.clone(), job.progress.clone())?;
    let link = engine.backup(job, unit, &sink)?;
    let name = link.name();
    // All or nothing: the link is what makes the backup exist.
    Box::new(sink).finish(link)?;
    Ok(answer(engine, &store.link(&name)?, began))
}

fn sink_options(settings: &Settings) -> Result<SinkOptions> {
    let defaults = SinkOptions::default();
    let level = settings.general.count("compression_level").unwrap_or(3);
    if level > 19 {
        return Err(Error::new(
            Kind::Config,
            format!("compression_level is {level}, but ends at 19"),
        ));
    }
    let volume_bytes = settings.general.bytes("volume_size").unwrap_or(defaults.volume_bytes);
    if !((128 << 20)..=(4 << 30)).contains(&volume_bytes) {
        return Err(Error::new(Kind::Config, "volume_size must be from 128MiB to 4GiB"));
    }
    let level = i32::try_from(level).unwrap_or(defaults.level);
    Ok(SinkOptions { workers: settings.workers(), level, volume_bytes, ..defaults })
}

fn answer(engine: &dyn Engine, document: &LinkDocument, began: Instant) -> Answer {
    let link = &document.link;
    let elapsed = began.elapsed();
    let per_second = u128::from(link.totals.bytes) * 1000 / elapsed.as_millis().max(1);
    let rate = human::bytes(u64::try_from(per_second).unwrap_or(u64::MAX));
    let memory = system::peak_memory_bytes();
    let text = format!(
        "backup       {}\ntarget       {}\nlevel        {}\nconsistent   {}\nserves from  {}\n\
         files        {} ({})\nstored       {} in {} volume(s)\ntime         {:.1} s ({rate}/s)\npeak memory  {}\n{}",
        link.name(),
        link.target,
        link.level,
        engine.print_position(link.to),
        link.earliest
            .as_ref()
            .map_or_else(|| "-".to_owned(), |earliest| human::time(earliest.time)),
        link.totals.files,
        human::bytes(link.totals.bytes),
        human::bytes(document.stored_bytes()),
        document.volumes.len(),
        elapsed.as_secs_f64(),
        memory.map_or_else(|| "unknown".to_owned(), human::bytes),
        warnings(link),
    );
    let summary = json!({
        "backup": link.name().to_string(),
        "link": link,
        "stored_bytes": document.stored_bytes(),
        "volumes": document.volumes.len(),
        "elapsed_ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        "peak_memory_bytes": memory,
    });
    Answer::new("seawall.backup/1", text, summary).with_warnings(!link.findings.is_empty())
}

fn warnings(link: &stream::Link) -> String {
    link.findings.iter().map(|finding| format!("warning      {}\n", finding.text)).collect()
}

/// What a backup would read. The server enters and leaves backup mode as for a real one.
fn list_files(engine: &dyn Engine, job: &Job, unit: &Unit) -> Result<Answer> {
    let seen = DryRun::default();
    let sink = Looking(|file: &VirtualFile| {
        seen.see(file);
        Ok(())
    });
    let link = engine.backup(job, unit, &sink)?;
    let (text, items) = seen.take();
    let totals = format!("{} files, {}\n", link.totals.files, human::bytes(link.totals.bytes));
    let summary =
        json!({"files": link.totals.files, "bytes": link.totals.bytes, "level": job.level});
    Ok(Answer::new("seawall.backup-plan/1", text + &totals, summary).with_items(items))
}
