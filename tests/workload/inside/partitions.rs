//! Partitions of `part`: the partition with the number n holds `k` from 10 n to 10 n + 9.

use crate::model::Draft;

const PARTITIONS_MAX: usize = 4;

fn bounds(number: u64) -> String {
    format!("FOR VALUES FROM ({}) TO ({})", number * 10, number * 10 + 10)
}

pub(crate) fn create(draft: &mut Draft<'_>) {
    if draft.model.attached.len() + draft.model.detached.len() >= PARTITIONS_MAX {
        drop(draft);
    }
    let number = draft.model.fresh();
    let tablespace = draft.tablespace();
    draft.add(format!(
        "CREATE TABLE p{number} PARTITION OF part {} TABLESPACE {tablespace}",
        bounds(number)
    ));
    draft.model.attached.push(number);
    insert_into(draft, number);
}

/// The number of an attached partition.
pub(crate) fn some(draft: &mut Draft<'_>) -> u64 {
    if draft.model.attached.is_empty() {
        create(draft);
    }
    *draft.random.pick(&draft.model.attached)
}

pub(crate) fn insert(draft: &mut Draft<'_>) {
    let number = some(draft);
    // Emptied now and then: its rows are hashed at every commit.
    if draft.random.chance(20) {
        draft.add(format!("TRUNCATE p{number}"));
    }
    insert_into(draft, number);
}

fn insert_into(draft: &mut Draft<'_>, number: u64) {
    let count = draft.random.between(1, 150);
    let (first, last) = draft.model.ids(count);
    draft.add(format!(
        "INSERT INTO part SELECT g, {} + g % 10, md5(g::text) FROM generate_series({first}, {last}) g",
        number * 10
    ));
}

pub(crate) fn detach(draft: &mut Draft<'_>) {
    let number = some(draft);
    draft.add(format!("ALTER TABLE part DETACH PARTITION p{number}"));
    moved_out(draft, number);
}

/// The partition is a table of its own now.
pub(crate) fn moved_out(draft: &mut Draft<'_>, number: u64) {
    draft.model.attached.retain(|other| *other != number);
    draft.model.detached.push(number);
}

pub(crate) fn attach(draft: &mut Draft<'_>) {
    if draft.model.detached.is_empty() {
        detach(draft);
    }
    let number = draft.model.detached.remove(0);
    draft.add(format!("ALTER TABLE part ATTACH PARTITION p{number} {}", bounds(number)));
    draft.model.attached.push(number);
}

pub(crate) fn drop(draft: &mut Draft<'_>) {
    let number = match draft.model.detached.first() {
        Some(number) => *number,
        None => some(draft),
    };
    draft.add(format!("DROP TABLE p{number}"));
    draft.model.attached.retain(|other| *other != number);
    draft.model.detached.retain(|other| *other != number);
}
