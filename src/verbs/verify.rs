//! `seawall verify`: every stored byte, read again.

use super::stored_request;
use crate::args::One;
use crate::config::Request;
use crate::context::Context;
use crate::human;
use crate::operations::stored;
use crate::printer::Answer;
use errors::{Kind, Result};
use repository::{ExtractOptions, VerifyReport};
use serde_json::json;

/// # Errors
/// The repository is missing or cannot be read; damage is told in the answer, with exit status 30.
pub(crate) fn run(context: &Context, one: &One) -> Result<Answer> {
    let flags = one.workers.clone().map(|value| ("workers", value)).into_iter().collect();
    let settings = context.settings(Request { flags, ..stored_request(&one.stored) })?;
    let repository = settings.open_repository()?;
    context.end_on_signal()?;
    context.printer.start("verify");
    let patterns = &one.stored.units.patterns;
    let is_named = one.stored.place.is_some() || one.stored.target.is_some();
    let mut stores = Vec::new();
    if one.backup.is_some() {
        let target = stored::target(&settings, &repository)?;
        stores.push(stored::store(&repository, &target, patterns)?);
    } else if is_named || !patterns.is_empty() {
        let target = stored::target(&settings, &repository)?;
        stores = stored::stores(&repository, &target, patterns)?;
    } else {
        for target in repository.targets()? {
            stores.extend(stored::stores(&repository, &target, patterns)?);
        }
    }
    let progress = context.progress();
    let options = ExtractOptions {
        workers: settings.workers(),
        cancel: &context.cancel,
        progress: progress.as_ref(),
    };
    let mut whole = VerifyReport::default();
    let mut target = None;
    for store in stores {
        let only = one.backup.as_deref();
        let only = only.map(|word| stored::find_backup(&store, word)).transpose()?;
        let is_first = target.replace(store.target().clone()).as_ref() != Some(store.target());
        progress.phase(&format!("verify {}", stored::label(&store)));
        whole.add(repository::verify(&store, only, is_first, options)?);
    }
    drop(progress);
    Ok(answer(&whole))
}

fn answer(report: &VerifyReport) -> Answer {
    let mut text = String::new();
    let mut items = Vec::new();
    for damage in &report.damages {
        let line = damage.error.line();
        text.push_str(&format!("damaged  {line}\n"));
        items.push(json!({
            "backup": damage.link.map(|link| link.to_string()),
            "code": damage.error.kind().entry().code,
            "message": line,
        }));
    }
    let (links, volumes, pieces) = (report.links, report.volumes, report.pieces);
    let size = human::bytes(report.bytes);
    text.push_str(&format!(
        "{links} backup(s), {volumes} volume(s) and {pieces} piece(s) of log, {size}: {}\n",
        if items.is_empty() {
            "every byte is as it was written".to_owned()
        } else {
            format!("{} damage(s)", items.len())
        }
    ));
    let summary = json!({
        "backups": links, "volumes": volumes, "pieces": pieces, "bytes": report.bytes,
        "damages": items.len(), "peak_memory_bytes": system::peak_memory_bytes(),
    });
    let mut answer = Answer::new("seawall.verify/1", text, summary).with_items(items);
    if !report.damages.is_empty() {
        answer.exit = Kind::Checksum.entry().exit;
    }
    answer
}
