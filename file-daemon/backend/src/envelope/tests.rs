//! Envelopes in pieces.

use super::*;
use serde_json::json;

/// Any link's.
pub(crate) fn envelope(job: u64) -> Envelope {
    let link: Link = serde_json::from_value(json!({
        "version": 1, "id": Uuid::from_u128(job.into()), "parent": null, "engine": "postgresql",
        "target": "pg-main", "job": job, "level": "full", "from": "0".repeat(20), "to": "00000000000016777216", "base": {},
        "earliest": null, "log_from": null, "lineage": {}, "state": null, "roots": {},
        "server": {"noise": noise(3000)}, "started_at": "2026-11-20T11:58:29Z",
        "finished_at": "2026-11-20T11:58:30Z",
        "totals": {"files": 1, "bytes": 2, "vanished": 0}, "log": [], "findings": [],
    }))
    .unwrap();
    Envelope::new(link, Content { count: 1, bytes: 2, digest: "d".to_owned() })
}

/// Text that does not compress.
fn noise(length: u32) -> String {
    let letter = |number: u32| {
        let mixed = number.wrapping_mul(2_654_435_761) >> 7;
        char::from_digit(mixed % 36, 36).unwrap()
    };
    (0..length).map(letter).collect()
}

#[test]
fn pieces_come_back_in_any_order_and_among_others() {
    let (one, two) = (envelope(1), envelope(2));
    let mut pieces = [two.pieces().unwrap(), one.pieces().unwrap()].concat();
    assert!(pieces.len() > 3, "several pieces each");
    for piece in &pieces {
        assert!(piece.len() <= OBJECT_PIECE_MAX && piece.len() % 3 == 0, "{}", piece.len());
    }
    pieces.reverse();
    pieces.push(pieces[0].clone());
    let (envelopes, useless) = assemble(pieces.iter().map(Vec::as_slice));
    assert_eq!((envelopes, useless), (vec![one, two], 0));
}

#[test]
fn what_is_damaged_is_of_no_use_and_harms_no_other() {
    let (one, two) = (envelope(1), envelope(2));
    let mut pieces = one.pieces().unwrap();
    let last = pieces[0].len() - 1;
    pieces[0][last - 3] ^= 1;
    pieces.extend(two.pieces().unwrap());
    pieces.push(b"rubbish of a catalogue".to_vec());
    pieces.push(Vec::new());
    let (envelopes, useless) = assemble(pieces.iter().map(Vec::as_slice));
    assert_eq!(envelopes, vec![two.clone()]);
    assert_eq!(useless, one.pieces().unwrap().len() + 2);
    let (envelopes, _) = assemble(two.pieces().unwrap().iter().skip(1).map(Vec::as_slice));
    assert!(envelopes.is_empty(), "a piece is missing");
}

#[test]
fn a_log_of_many_pieces_still_fits() {
    let mut large = envelope(1);
    let pieces = (0..30_000).map(|number| format!("00000000/{number:08X}{}", noise(16))).collect();
    large.link.log = vec![stream::LogReach {
        lineage: "7".to_owned(),
        lane: "00000001".to_owned(),
        root: stream::RootName::new("data").unwrap(),
        directory: stream::RelPath::new("pg_wal").unwrap(),
        pieces,
    }];
    let state: usize = large.pieces().unwrap().iter().map(Vec::len).sum();
    assert!(state < 300 << 10, "{state}");
    let (back, _) = assemble(large.pieces().unwrap().iter().map(Vec::as_slice));
    assert_eq!(back[0].files, large.files);
}

#[test]
fn what_a_newer_program_wrote_is_refused_by_name() {
    let parse = |version: u32, link: u32| {
        let mut value = serde_json::to_value(envelope(1)).unwrap();
        value["version"] = version.into();
        value["link"]["version"] = link.into();
        if version > 1 || link > 2 {
            // It may have lost what this program looks for.
            value["files"] = "in another way".into();
            value["link"].as_object_mut().unwrap().remove("totals");
        }
        Envelope::parse(value.to_string().as_bytes())
    };
    // Version 2 are links with partial files: no daemon's stream holds them, but they can be read.
    assert!(parse(1, 1).is_ok() && parse(1, 2).is_ok());
    for (version, link) in [(2, 1), (1, 3)] {
        let error = parse(version, link).unwrap_err();
        assert_eq!(error.kind(), Kind::FormatTooNew);
        let wanted = format!(
            "the state of a backup has format version {version} and its link {link}, this program knows 1 and 2"
        );
        assert_eq!(error.message(), wanted);
    }
    let mut newer = envelope(7);
    newer.link.version = 3;
    let (envelopes, useless) = assemble(newer.pieces().unwrap().iter().map(Vec::as_slice));
    assert_eq!((envelopes.len(), useless), (0, newer.pieces().unwrap().len()));
}
