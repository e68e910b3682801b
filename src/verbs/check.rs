//! `seawall check`: everything that would make a backup fail or hurt one day, found before it is
//! taken. It goes on as far as it can: what fails hides nothing else.

use super::source_request;
use crate::args::Source;
use crate::context::Context;
use crate::operations::check;
use crate::printer::Answer;
use errors::{Kind, Result};
use serde_json::json;
use stream::{Diagnosis, Job, Severity};

/// # Errors
/// `usage` and `config`; what is wrong with server or repository is a finding.
pub(crate) fn run(context: &Context, source: Source) -> Result<Answer> {
    let settings = context.settings(source_request(source))?;
    let (engine, options) = settings.engine()?;
    let target = settings.target()?;
    context.end_on_signal()?;
    let looked = check::look(&settings, &target);
    let mut found = looked.found;
    let job =
        Job { links: looked.links, accepted: looked.accepted, ..context.job(target, options) };
    let kept =
        looked.log.as_ref().map(|(log, place)| stream::Stored { log, place, free: looked.free });
    found.extend(engine.check(&job, kept.as_ref()));
    // The worst first; in the order of the looks otherwise.
    found.sort_by_key(|diagnosis| std::cmp::Reverse(diagnosis.severity));
    Ok(answer(&found))
}

fn answer(found: &[Diagnosis]) -> Answer {
    let mut text = String::new();
    let mut items = Vec::new();
    let width = found.iter().map(|diagnosis| diagnosis.rule.id().len()).max().unwrap_or(0);
    for Diagnosis { rule, severity, text: fact, hints } in found {
        let (word, id) = (word(*severity), rule.id());
        text.push_str(&format!("{word:7}  {id:width$}  {fact}\n"));
        for hint in hints {
            text.push_str(&format!("         hint: {hint}\n"));
        }
        items.push(json!({"id": id, "severity": word, "text": fact, "hints": hints}));
    }
    let worst = found.iter().map(|diagnosis| diagnosis.severity).max().unwrap_or(Severity::Ok);
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
