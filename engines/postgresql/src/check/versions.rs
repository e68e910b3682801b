//! Releases with known defects.

use super::{Doctor, Findings, catalogue as rule, one};
use stream::Diagnosis;

/// A defect, and the first minor release of each major that is free of it.
struct Defect {
    /// The first release that has it, as `server_version_num`, and the first that has not.
    releases: &'static [(i32, i32)],
    /// Whether it matters only where the server summarizes its log.
    of_summaries: bool,
    what: &'static str,
    remedy: &'static str,
}

const DEFECTS: &[Defect] = &[
    Defect {
        releases: &[(140_000, 140_004)],
        of_summaries: false,
        what: "CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY can make indexes that miss rows",
        remedy: "Then REINDEX what was built concurrently; amcheck finds which.",
    },
    Defect {
        releases: &[
            (100_000, 100_019),
            (110_000, 110_014),
            (120_000, 120_009),
            (130_000, 130_005),
            (140_000, 140_001),
        ],
        of_summaries: false,
        what: "an index that is built concurrently can miss the rows of prepared transactions",
        remedy: "Then REINDEX what was built concurrently, where transactions are prepared.",
    },
    Defect {
        releases: &[(170_000, 170_011), (180_000, 180_006)],
        of_summaries: true,
        what: "summaries of the log miss changes of the visibility map: incremental backups that \
               trust them come back wrong (summarize_wal is on)",
        remedy: "Then take a new full backup with every tool that uses the summaries.",
    },
];

/// What is known to be wrong with a release: what, and what to do.
#[must_use]
pub fn defects(version_num: i32, summarizes: bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for defect in DEFECTS.iter().filter(|defect| summarizes || !defect.of_summaries) {
        for (first, mended) in defect.releases {
            if (*first..*mended).contains(&version_num) {
                let release = format!("{}.{}", mended / 10_000, mended % 10_000);
                let remedy = format!("Install {release} or later. {}", defect.remedy);
                found.push((defect.what.to_owned(), remedy));
            }
        }
    }
    found
}

pub(super) fn look(doctor: &Doctor<'_>) -> Findings {
    let number: i32 = doctor.value("SELECT current_setting('server_version_num')::int4")?;
    let summarizes = doctor.value::<String>(
        // `true`: nothing instead of an error where the server does not know the setting.
        "SELECT coalesce(current_setting('summarize_wal', true), 'off')",
    );
    let found = defects(number, summarizes? == "on");
    if found.is_empty() {
        return one(Diagnosis::ok(&rule::DEFECTS, "no defect of this release is known here"));
    }
    let warn = |(what, remedy)| Diagnosis::warning(&rule::DEFECTS, what).hint(remedy);
    Ok(found.into_iter().map(warn).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defects_belong_to_their_releases() {
        let count = |number, summarizes| defects(number, summarizes).len();
        for (number, summarizes, expected) in [
            (100_018, false, 1),
            (100_023, false, 0),
            (130_004, false, 1),
            (130_005, false, 0),
            (140_000, false, 2),
            (140_003, false, 1),
            (140_004, false, 0),
            (150_000, true, 0),
            (170_010, false, 0),
            (170_010, true, 1),
            (170_011, true, 0),
            (180_005, true, 1),
            (180_006, true, 0),
        ] {
            assert_eq!(count(number, summarizes), expected, "{number} {summarizes}");
        }
        assert!(defects(140_001, false)[0].1.starts_with("Install 14.4 or later."));
    }
}
