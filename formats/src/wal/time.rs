//! Times as servers count them.

use chrono::{DateTime, Datelike, Utc};

/// Microseconds from 1970 to 2000, where `TimestampTz` begins (`POSTGRES_EPOCH_JDATE`).
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A server's `TimestampTz`, microseconds since 2000-01-01 00:00 UTC. `None` outside of the years
/// 0 to 9999, which no clock shows and RFC 3339 cannot spell.
pub(crate) fn server_time(micros: i64) -> Option<DateTime<Utc>> {
    let time = DateTime::from_timestamp_micros(micros.checked_add(EPOCH_MICROS)?)?;
    (0..=9999).contains(&time.year()).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_2000() {
        let time = |micros| server_time(micros).map(|time| time.to_rfc3339());
        assert_eq!(time(0).as_deref(), Some("2000-01-01T00:00:00+00:00"));
        assert_eq!(time(-1).as_deref(), Some("1999-12-31T23:59:59.999999+00:00"));
        for micros in [i64::MIN, i64::MAX, 252_455_616_000_000_000, -63_113_990_400_000_000] {
            assert_eq!(time(micros), None, "{micros}");
        }
    }
}
