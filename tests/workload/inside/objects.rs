//! Sequences, large objects, materialised views.

use crate::model::Draft;

const LARGE_OBJECTS_MAX: u64 = 6;

pub(crate) fn nextval(draft: &mut Draft<'_>) {
    let count = draft.random.between(1, 100);
    draft.add(format!("SELECT max(nextval('seq')) FROM generate_series(1, {count})"));
}

/// Another file for the sequence, and lower values.
pub(crate) fn restart(draft: &mut Draft<'_>) {
    let start = draft.random.between(1, 50);
    draft.add(format!("ALTER SEQUENCE seq RESTART {start}"));
    nextval(draft);
}

pub(crate) fn write_large(draft: &mut Draft<'_>) {
    if draft.model.large_objects >= LARGE_OBJECTS_MAX {
        unlink_large(draft);
    }
    draft.model.large_objects += 1;
    let (first, last) = draft.model.ids(300);
    draft.add(format!(
        "INSERT INTO lo SELECT lo_from_bytea(0, convert_to(string_agg(md5(x::text), ''), 'UTF8')) \
         FROM generate_series({first}, {last}) x"
    ));
    draft.add("SELECT count(lo_put(id, 3000, '\\xdeadbeef')) FROM lo");
}

pub(crate) fn unlink_large(draft: &mut Draft<'_>) {
    if draft.model.large_objects == 0 {
        write_large(draft);
    }
    draft.model.large_objects -= 1;
    draft.add(
        "WITH gone AS (DELETE FROM lo WHERE id = (SELECT min(id) FROM lo) RETURNING id) \
         SELECT count(lo_unlink(id)) FROM gone",
    );
}

pub(crate) fn refresh(draft: &mut Draft<'_>) {
    change_base(draft);
    draft.add("REFRESH MATERIALIZED VIEW mv");
}

pub(crate) fn refresh_concurrently(draft: &mut Draft<'_>) {
    change_base(draft);
    draft.add("REFRESH MATERIALIZED VIEW CONCURRENTLY mv");
}

fn change_base(draft: &mut Draft<'_>) {
    let (first, last) = draft.model.ids(200);
    draft.add(format!("DELETE FROM base WHERE id < {first} - 3000"));
    draft.add(format!("INSERT INTO base SELECT g, g % 50 FROM generate_series({first}, {last}) g"));
}
