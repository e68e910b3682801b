//! `seawall config`: what is set, and by whom.

use crate::args::{Config, ConfigShow};
use crate::config::Request;
use crate::context::Context;
use crate::human;
use crate::printer::Answer;
use errors::Result;
use serde_json::json;

/// # Errors
/// `config`: what is wrong, with file and line.
pub(crate) fn run(context: &Context, config: Config) -> Result<Answer> {
    match config {
        Config::Show(arguments) => show(context, arguments),
        Config::Check => check(context),
    }
}

fn show(context: &Context, arguments: ConfigShow) -> Result<Answer> {
    let request = Request { place: arguments.place, ..Request::default() };
    let settings = context.settings(request)?;
    let mut rows = Vec::new();
    let mut items = Vec::new();
    for merged in &settings.values {
        let mut row = vec![merged.name.to_owned(), merged.value.clone()];
        if arguments.origin {
            row.push(format!("({})", merged.origin));
        }
        rows.push(row);
        items.push(json!({"name": merged.name, "value": merged.value, "origin": merged.origin}));
    }
    let summary = json!({"target": settings.target, "repo": settings.repo.map(|(place, _)| place)});
    Ok(Answer::new("seawall.config-show/1", human::table(&rows), summary).with_items(items))
}

fn check(context: &Context) -> Result<Answer> {
    let files = context.files()?;
    // Merging looks at every section; each target's options are read as a job would read them.
    context.settings(Request::default())?;
    for target in files.targets.keys() {
        context.settings(Request { place: Some(target.clone()), ..Request::default() })?;
    }
    let paths: Vec<String> = files.paths.iter().map(|path| path.display().to_string()).collect();
    let read = if paths.is_empty() { "no file".to_owned() } else { paths.join(", ") };
    let (targets, repos) = (files.targets.len(), files.repos.len());
    let text = format!("{read}: {targets} target(s), {repos} repository(s), nothing wrong\n");
    Ok(Answer::new("seawall.config-check/1", text, json!({"files": paths})))
}
