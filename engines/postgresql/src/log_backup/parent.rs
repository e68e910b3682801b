//! What a log backup continues: the newest link of the same cluster, if today's history comes from
//! there.

use super::source::Source;
use crate::cover::Course;
use crate::server::Server;
use crate::wal;
use errors::{Error, Kind, Result};
use formats::{Lsn, TimelineId};
use stream::{Job, Link};
use uuid::Uuid;

/// The link before, and the timelines from there to now.
pub(super) struct Parent {
    pub(super) link: Uuid,
    /// Where it ends: here the log begins.
    pub(super) to: Lsn,
    pub(super) course: Course,
}

impl Parent {
    /// # Errors
    /// `not-found`: there is none; `log-gap`: the server's history does not come from there.
    pub(super) fn find(
        job: &Job,
        server: &Server,
        timeline: TimelineId,
        source: &Source<'_>,
    ) -> Result<Self> {
        let ours = server.system_identifier.to_string();
        let is_ours = |link: &&Link| link.lineage.get("system_identifier") == Some(&ours);
        let link = job.links.iter().rfind(is_ours).ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                format!("there is no backup of the cluster {ours} to continue"),
            )
            .hint("Take a full first: --level full.")
        })?;
        let to = wal::lsn(link.to);
        let before = link.lineage.get("timeline").and_then(|text| text.parse().ok());
        let before = before.and_then(TimelineId::new).ok_or_else(|| {
            Error::new(Kind::Manifest, format!("the backup {} tells no timeline", link.name()))
        })?;
        let course = course(source, before, to, timeline)?.ok_or_else(|| {
            Error::new(
                Kind::LogGap,
                format!(
                    "the server is on timeline {timeline}, which does not come from the end of the backup {} ({to} on timeline {before})",
                    link.name()
                ),
            )
            .hint("The server was restored to an earlier moment. Take a full: --level full.")
        })?;
        Ok(Self { link: link.id, to, course })
    }
}

/// The timelines from one to another; `None` where the first was left before the position, or never
/// was on the way.
fn course(
    source: &Source<'_>,
    from: TimelineId,
    at: Lsn,
    to: TimelineId,
) -> Result<Option<Course>> {
    if from == to {
        return Ok(Some(Course::alone(to)));
    }
    let path = source.history(to).ok_or_else(|| {
        Error::new(Kind::LogGap, format!("the history of timeline {to} is missing"))
            .hint("It is a file of pg_wal, and of the directory that archive_command fills.")
    })?;
    Ok(Course::through(&wal::check_history(&path, to)?, from, at, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::History;

    #[test]
    fn a_parent_beyond_a_fork_is_no_parent() {
        let timeline = |number| TimelineId::new(number).unwrap();
        let history = History::parse(timeline(3), b"1\t0/5000000\tx\n2\t0/7000000\ty\n").unwrap();
        let from = |number, at| Course::through(&history, timeline(number), Lsn(at), timeline(3));
        let legs = from(1, 0x0500_0000).unwrap().legs;
        let ends: Vec<_> = legs.iter().map(|leg| leg.switch).collect();
        assert_eq!(ends, [Some(Lsn(0x0500_0000)), Some(Lsn(0x0700_0000)), None]);
        assert!(from(1, 0x0500_0001).is_none(), "the parent has what was undone");
        assert_eq!(from(2, 0x0600_0000).unwrap().legs.len(), 2);
        assert!(from(4, 0x0600_0000).is_none());
    }
}
