//! Options of the engine in a restore: `tool`, `encryption_key_file`, and whatever else it has.

use crate::target::{self, Host, Wanted};
use errors::{Error, Result};
use stream::{Link, Options};
use system::Secret;

/// What the operator chose, else what stands in the plugin line that the backup was saved by, else
/// what the configuration of this host says.
///
/// A restore may run years later and on another host. Where the line or the configuration cannot be
/// read any more, the job log says so, and the restore goes on without them.
///
/// # Errors
/// What the operator chose is not valid.
pub(super) fn engine_options(
    host: &dyn Host,
    link: &Link,
    line: Option<&str>,
    chosen: &[(String, String)],
) -> Result<Options> {
    let engine = host.engine(&link.engine)?;
    let mut options = Options::new(engine.descriptor().options);
    let mut known: Vec<(&str, &str)> = Vec::new();
    for (name, value) in chosen {
        // What this engine does not know was chosen for another one of the same restore.
        let Some(spec) = options.spec(name) else { continue };
        options.set(spec.name, value)?;
        known.retain(|(other, _)| *other != spec.name);
        known.push((spec.name, value));
    }
    let merge = |line| merge(host, link, line, &options, &known);
    let merged = match line {
        None => merge(None),
        Some(line) => merge(Some(line)).or_else(|error| {
            not_used("the options of the backup's plugin line", &error);
            merge(None)
        }),
    };
    Ok(merged.unwrap_or_else(|error| {
        not_used("the options of this host's configuration", &error);
        options
    }))
}

fn not_used(what: &str, error: &Error) {
    tracing::warn!("{what} are not used: {}", error.line());
}

fn merge(
    host: &dyn Host,
    link: &Link,
    line: Option<&str>,
    specs: &Options,
    chosen: &[(&str, &str)],
) -> Result<Options> {
    let mut wanted = Wanted {
        target: Some(link.target.to_string()),
        engine: Some(link.engine.clone()),
        ..Wanted::default()
    };
    if let Some(line) = line {
        let mut line = target::read(line, host)?;
        wanted.url = target::plain(&mut line, "url");
        line.resolve(|name| specs.spec(name).map(|spec| spec.name))
            .map_err(|error| crate::line::refused(&error))?;
        let is_free = |name: &str| chosen.iter().all(|(other, _)| *other != name);
        let pairs = line.pairs.into_iter();
        let pairs = pairs.filter(|pair| specs.spec(&pair.name).is_some() && is_free(&pair.name));
        wanted.options = pairs.map(|pair| (pair.name, Secret::new(pair.value.expose()))).collect();
    }
    let chosen = chosen.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value)));
    wanted.options.extend(chosen);
    Ok(host.target(&wanted)?.options)
}
