//! `seawall check`: everything that would make a backup fail, found before it is taken.

use crate::args::Source;
use crate::config::{Request, Settings};
use crate::context::Context;
use crate::printer::Answer;
use errors::{Error, Kind, Result};
use serde_json::json;
use std::sync::Arc;
use stream::{Advice, Job, JobId, Level, Severity, Silent, TargetName};
use uuid::Uuid;

/// # Errors
/// `usage` and `config`; what is wrong with server or repository is a finding.
pub(crate) fn run(context: &Context, source: Source) -> Result<Answer> {
    let Source { place, target, sets } = source;
    let settings =
        context.settings(Request { place: Some(place), target, sets, flags: Vec::new() })?;
    let (engine, options) = settings.engine()?;
    let target = settings.target.clone().ok_or_else(|| Error::new(Kind::Bug, "no target"))?;
    context.end_on_signal()?;
    let mut found = repository_advice(&settings, &target);
    let job = Job {
        id: JobId::new(0),
        uuid: Uuid::new_v4(),
        target,
        level: Level::Full,
        options: options.clone(),
        links: Vec::new(),
        accepted: Vec::new(),
        cancel: context.cancel.clone(),
        progress: Arc::new(Silent),
    };
    found.extend(engine.check(&job)?);
    Ok(answer(&found))
}

fn repository_advice(settings: &Settings, target: &TargetName) -> Vec<Advice> {
    let looked = settings.open_repository().and_then(|repository| {
        let links = repository.unit(target, None).link_names()?.len();
        Ok(format!("the repository {} holds {links} backup(s) of {target}", repository.describe()))
    });
    let (severity, text, hints) = match looked {
        Ok(text) => (Severity::Ok, text, Vec::new()),
        Err(error) => (Severity::Error, error.line(), error.hints().to_vec()),
    };
    vec![Advice { id: "repository", severity, text, hints }]
}

fn answer(found: &[Advice]) -> Answer {
    let mut text = String::new();
    let mut items = Vec::new();
    for advice in found {
        let word = word(advice.severity);
        text.push_str(&format!("{word:7}  {}: {}\n", advice.id, advice.text));
        for hint in &advice.hints {
            text.push_str(&format!("         hint: {hint}\n"));
        }
        items.push(json!({
            "id": advice.id, "severity": word, "text": advice.text, "hints": advice.hints,
        }));
    }
    let worst = found.iter().map(|advice| advice.severity).max().unwrap_or(Severity::Ok);
    let mut answer =
        Answer::new("seawall.check/1", text, json!({"worst": word(worst)})).with_items(items);
    answer.exit = match worst {
        Severity::Ok => errors::EXIT_OK,
        Severity::Warning => errors::EXIT_WARNINGS,
        Severity::Error => Kind::Incomplete.entry().exit,
    };
    answer
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Ok => "ok",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
