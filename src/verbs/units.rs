//! `seawall units`: what of a server can be backed up and restored alone.

use super::source_request;
use crate::args::Source;
use crate::context::Context;
use crate::printer::Answer;
use errors::Result;
use serde_json::json;

/// # Errors
/// The server cannot be asked.
pub(crate) fn run(context: &Context, source: Source) -> Result<Answer> {
    let settings = context.settings(source_request(source))?;
    let (engine, options) = settings.engine()?;
    let target = settings.target()?;
    context.end_on_signal()?;
    let units = engine.units(&context.job(target.clone(), options))?;
    let mut text = String::new();
    let mut items = Vec::new();
    for unit in &units {
        match &unit.name {
            Some(name) => text.push_str(&format!("{name}\n")),
            None => text.push_str(&format!("{target} is one unit\n")),
        }
        items.push(json!({"target": target, "unit": unit.name}));
    }
    let summary =
        json!({"target": target, "engine": engine.descriptor().name, "units": items.len()});
    Ok(Answer::new("seawall.units/1", text, summary).with_items(items))
}
