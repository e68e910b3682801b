//! `seawall version`.

use crate::printer::Answer;
use crate::registry;
use serde_json::json;

pub(crate) fn run() -> Answer {
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("seawall {version}\n");
    let mut engines = Vec::new();
    for engine in registry::all() {
        let descriptor = engine.descriptor();
        let (name, supported) = (descriptor.name, descriptor.supported);
        text.push_str(&format!("{name}: {supported}\n"));
        engines.push(json!({"name": name, "supported": supported}));
    }
    let summary = json!({"version": version, "format": stream::FORMAT_VERSION});
    Answer::new("seawall.version/1", text, summary).with_items(engines)
}
