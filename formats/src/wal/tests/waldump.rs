//! Every record, compared with what the stock `pg_waldump` printed.

use super::*;

const FORKS: [&str; 4] = ["", "fork fsm ", "fork vm ", "fork init "];

/// The part of a line that needs no knowledge of the record's kind.
fn line(record: &Kept) -> String {
    let Kept { begin, header, parts, .. } = record;
    let images: u32 = parts.blocks.iter().filter_map(|block| block.image).map(u32::from).sum();
    let mut line = format!(
        "rmgr: {:<11} len (rec/tot): {:6}/{:6}, tx: {:10}, lsn: {}, prev {}",
        header.rmgr.to_string(),
        header.length - images,
        header.length,
        header.xid.0,
        padded(*begin),
        padded(header.prev),
    );
    for block in &parts.blocks {
        line += &format!(
            ", blkref #{}: rel {}/{}/{} {}blk {}{}",
            block.id,
            block.tablespace,
            block.database,
            block.relation,
            FORKS[usize::from(block.fork)],
            block.block,
            if block.image.is_some() { " FPW" } else { "" }
        );
    }
    line
}

fn padded(lsn: Lsn) -> String {
    format!("{:X}/{:08X}", lsn.0 >> 32, lsn.0 & 0xFFFF_FFFF)
}

fn time(time: &chrono::DateTime<chrono::Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S%.6f UTC").to_string()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

/// How the description of a record with an event begins.
fn description(event: &Event) -> String {
    let finish = |word: &str, finish: &Finish| match finish.prepared {
        true => format!("{word}_PREPARED {}: {}", finish.xid.unwrap(), time(&finish.time)),
        false => format!("{word} {}", time(&finish.time)),
    };
    match event {
        Event::Commit(end) => finish("COMMIT", end),
        Event::Abort(end) => finish("ABORT", end),
        Event::Prepare { gid, time: at, .. } => {
            format!("PREPARE gid {}: {}", text(gid), time(at))
        }
        Event::RestorePoint { name, .. } => format!("RESTORE_POINT {}", text(name)),
        Event::Switch => "SWITCH".to_owned(),
        Event::Checkpoint { kind, redo, timeline, previous } => {
            let kind = format!("{kind:?}").to_uppercase();
            format!("CHECKPOINT_{kind} redo {redo}; tli {timeline}; prev tli {previous};")
        }
        Event::CheckpointRedo => "CHECKPOINT_REDO".to_owned(),
        Event::BackupEnd { start } => format!("BACKUP_END {start}"),
        other => panic!("not in the fixtures: {other:?}"),
    }
}

fn agrees(folder: &str, wal: &str, dump: &str) {
    let (records, _, _) = walk(&fixture::wal(folder, wal), usize::MAX);
    let dump = fixture::text(&format!("{folder}/{dump}"));
    let mut lines = dump.lines();
    let mut found = 0;
    for record in &records {
        let expected = lines.next().unwrap_or_else(|| panic!("{folder}: no more than {found}"));
        let (head, tail) = expected.split_once(", desc: ").unwrap();
        let blocks = tail.find(", blkref #").map_or("", |at| &tail[at..]);
        assert_eq!(line(record), format!("{head}{}", blocks.trim_end()), "{folder} {wal}");
        if let Some(event) = &record.event {
            assert!(tail.starts_with(&description(event)), "{expected}: {event:?}");
        } else {
            let kinds = ["COMMIT", "ABORT", "PREPARE", "CHECKPOINT", "RESTORE", "SWITCH", "BACKUP"];
            assert!(!kinds.iter().any(|kind| tail.starts_with(kind)), "{expected}");
        }
        found += 1;
    }
    assert_eq!(lines.next(), None, "{folder} {wal}");
    assert!(found > 3);
}

#[test]
fn every_record_is_what_the_stock_program_prints() {
    for folder in ["15", "17", "18"] {
        agrees(folder, "000000010000000000000002", "waldump.txt");
        let short = "000000010000000000000003";
        agrees(folder, short, &format!("waldump-{short}.txt"));
    }
    agrees("15/segsize1", "000000010000000000000009", "waldump.txt");
    let short = "00000001000000000000000A";
    agrees("15/segsize1", short, &format!("waldump-{short}.txt"));
    let branch = "000000020000000000000003";
    agrees("15/timeline", branch, &format!("waldump-{branch}.txt"));
}
