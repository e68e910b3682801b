//! Where recovery ends, as the command line says it.

use crate::args::{self, Action, Target};
use chrono::{DateTime, Local, NaiveDateTime, TimeZone, Utc};
use errors::{Error, Kind, Result};
use stream::{Engine, LinkName, RecoveryRequest, RecoveryTarget, TargetAction, exact_time};

/// Reads the flags.
///
/// # Errors
/// `usage`.
pub(crate) fn request(
    engine: &dyn Engine,
    target: &Target,
    link: Option<LinkName>,
) -> Result<RecoveryRequest> {
    let end = end(engine, target)?;
    let has_point = !matches!(end, RecoveryTarget::Latest | RecoveryTarget::Immediate);
    if !has_point && (target.inclusive || target.exclusive) {
        let text = "--inclusive and --exclusive need a time, an LSN or a transaction";
        return Err(Error::new(Kind::Usage, text));
    }
    if end == RecoveryTarget::Latest && target.target_action.is_some() {
        return Err(Error::new(Kind::Usage, "--target-action needs a target")
            .hint("Without one the server is a primary as soon as the log ends."));
    }
    let action = target.target_action.map(|action| match action {
        Action::Pause => TargetAction::Pause,
        Action::Promote => TargetAction::Promote,
        Action::Shutdown => TargetAction::Shutdown,
    });
    let inclusive = match (target.inclusive, target.exclusive) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let history = target.target_timeline.clone();
    Ok(RecoveryRequest { target: end, inclusive, action, link, history })
}

fn end(engine: &dyn Engine, target: &Target) -> Result<RecoveryTarget> {
    if let Some(text) = target.target_time.as_deref().filter(|text| *text != args::LATEST) {
        return Ok(RecoveryTarget::Time(parse_time(text)?));
    }
    if let Some(text) = &target.target_lsn {
        let log = engine.log().ok_or_else(|| {
            let name = engine.descriptor().name;
            Error::new(Kind::Usage, format!("backups of {name} have no positions"))
        })?;
        return Ok(RecoveryTarget::Position(log.parse_position(text)?));
    }
    if let Some(text) = &target.target_xid {
        return Ok(RecoveryTarget::Transaction(text.clone()));
    }
    if let Some(name) = &target.target_name {
        return Ok(RecoveryTarget::Name(name.clone()));
    }
    Ok(if target.target_immediate { RecoveryTarget::Immediate } else { RecoveryTarget::Latest })
}

/// A time with its offset. Without one nobody knows whose clock is meant.
fn parse_time(text: &str) -> Result<DateTime<Utc>> {
    let with_offset = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"))
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f %#z"));
    if let Ok(time) = with_offset {
        return Ok(time.with_timezone(&Utc));
    }
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f"));
    let example = "For example 2026-11-20T14:00:00Z, or 2026-11-20 15:00:00+01:00.";
    let Ok(naive) = naive else {
        return Err(Error::new(Kind::Usage, format!("{text:?} is not a time")).hint(example));
    };
    let error = Error::new(Kind::Usage, format!("the time {text:?} has no offset"));
    let error = error.hint(format!("In UTC: {}", exact_time(&naive.and_utc())));
    match Local.from_local_datetime(&naive).earliest() {
        Some(local) => Err(error.hint(format!("In local time: {}", exact_time(&local)))),
        None => Err(error.hint(example)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_and_servers_write_them() {
        let wanted = Utc.with_ymd_and_hms(2026, 11, 20, 13, 25, 50).unwrap();
        for text in [
            "2026-11-20T13:25:50Z",
            "2026-11-20 13:25:50Z",
            "2026-11-20T14:25:50+01:00",
            "2026-11-20 13:25:50+00",
            "2026-11-20 14:25:50.000000+0100",
            "2026-11-20 13:25:50 +00",
        ] {
            assert_eq!(parse_time(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn a_time_without_offset_is_refused_with_both_meanings() {
        let error = parse_time("2026-11-20 13:25:50").unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert_eq!(error.hints()[0], "In UTC: 2026-11-20T13:25:50Z");
        assert!(error.hints()[1].starts_with("In local time: 2026-11-20T13:25:50"));
        assert_eq!(parse_time("yesterday").unwrap_err().message(), "\"yesterday\" is not a time");
    }
}
