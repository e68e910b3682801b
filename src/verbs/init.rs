//! `seawall init`: make a repository.

use crate::config::Request;
use crate::context::Context;
use crate::printer::Answer;
use errors::Result;
use repository::Repository;
use serde_json::json;

/// # Errors
/// `usage`, `exists`, `io`, `no-space`.
pub(crate) fn run(context: &Context) -> Result<Answer> {
    let settings = context.settings(Request::default())?;
    let repository = Repository::init(settings.storage()?)?;
    let (place, id) = (repository.describe(), repository.info().id);
    let text = format!("made the repository {id} at {place}\n");
    Ok(Answer::new("seawall.init/1", text, json!({"repository": id, "location": place})))
}
