use sha2::{Digest, Sha256};

use super::*;

fn example() -> PieceHead {
    PieceHead {
        key: "000000010000000000000002".to_owned(),
        length: 16 << 20,
        sha256: Sha256::digest(b"plain").into(),
        written_at: DateTime::from_timestamp(1_795_181_150, 679_967_000).unwrap(),
        facts: BTreeMap::new(),
    }
}

/// A head's frame around any JSON object.
fn frame(object: &str) -> Vec<u8> {
    let json = sealed::seal(object).unwrap();
    let length = u32::try_from(json.len()).unwrap();
    [&HEAD_MAGIC.to_le_bytes(), &length.to_le_bytes(), json.as_bytes()].concat()
}

#[test]
fn a_head_is_readable_by_eye() {
    let bytes = encode_head(&example()).unwrap();
    let text = String::from_utf8(bytes[8..].to_vec()).unwrap();
    let digest = text::to_hex(&Sha256::digest(b"plain"));
    let expected = format!(
        "{{\"seawall\":\"log-piece\",\"version\":1,\"key\":\"000000010000000000000002\",\
         \"length\":16777216,\"plain_sha256\":\"{digest}\",\
         \"written_at\":\"2026-11-20T13:25:50.679967Z\",\n\"sha256\":\""
    );
    assert!(text.starts_with(&expected), "{text}");
}

#[test]
fn a_head_comes_back_from_any_number_of_bytes() {
    let mut head = example();
    head.facts.insert("last_commit".to_owned(), "2026-11-20T13:25:50.7Z".to_owned());
    let bytes = encode_head(&head).unwrap();
    for given in 0..bytes.len() {
        let needed = if given < 8 { 8 } else { bytes.len() };
        assert_eq!(decode_head(&bytes[..given]), Err(PieceError::NeedMore(needed)), "{given}");
    }
    let consumed = bytes.len();
    assert_eq!(decode_head(&bytes), Ok((head.clone(), consumed)));
    assert_eq!(decode_head(&[bytes.as_slice(), b"content"].concat()), Ok((head, consumed)));
}

#[test]
fn stock_zstd_sees_the_content_only() {
    let content = zstd::encode_all(&b"plain"[..], 3).unwrap();
    let mut stored = [encode_head(&example()).unwrap(), content].concat();
    let trailer = encode_trailer(&Sha256::digest(&stored).into());
    stored.extend(trailer);
    assert_eq!(zstd::decode_all(stored.as_slice()).unwrap(), b"plain");
    let (before, end) = stored.split_last_chunk().unwrap();
    assert_eq!(decode_trailer(end), Ok(Sha256::digest(before).into()));
}

#[test]
fn every_flipped_bit_of_head_and_trailer_is_noticed() {
    let head = encode_head(&example()).unwrap();
    for bit in 0..head.len() * 8 {
        let mut bad = head.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(decode_head(&bad).is_err(), "bit {bit}");
    }
    let trailer = encode_trailer(&[0xA5; 32]);
    for bit in 0..16 * 8 {
        let mut bad = trailer;
        bad[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(decode_trailer(&bad), Err(PieceError::Trailer), "bit {bit}");
    }
}

#[test]
fn later_versions_are_named_and_later_members_ignored() {
    let later = frame(r#"{"seawall":"log-piece","version":2,"all":"different"}"#);
    assert_eq!(decode_head(&later), Err(PieceError::NewerFormat { version: 2 }));
    let json = encode_head(&example()).unwrap();
    let json = str::from_utf8(&json[8..]).unwrap();
    let (members, _) = json.split_once(",\n\"sha256\"").unwrap();
    let more = frame(&format!("{members},\"later\":[1]}}"));
    assert_eq!(decode_head(&more).unwrap().0, example());
}

#[test]
fn says_what_is_wrong() {
    let digest = "0".repeat(64);
    let members = format!(
        r#""key":"k","length":1,"plain_sha256":"{digest}","written_at":"2026-11-20T13:25:50.000000Z""#
    );
    let decode = |start: &str, members: &str| {
        decode_head(&frame(&format!("{{{start},{members}}}"))).map(|(head, _)| head.length)
    };
    let version = r#""seawall":"log-piece","version":1"#;
    assert_eq!(decode(version, &members), Ok(1));
    let reason = |start, members: &str| match decode(start, members) {
        Err(PieceError::Head { reason }) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(r#""seawall":"link","version":1"#, &members), "it belongs to something else");
    assert_eq!(
        reason(r#""seawall":"log-piece","version":0"#, &members),
        "it belongs to something else"
    );
    let upper = members.replace(&digest, &"A".repeat(64));
    assert_eq!(reason(version, &upper), "plain_sha256 is no digest");
    for time in ["T25:25:50.000000Z", "T13:25:50Z", "T13:25:50.000000+00:00"] {
        let time = members.replace("T13:25:50.000000Z", time);
        assert_eq!(reason(version, &time), "written_at is no time in UTC to the microsecond");
    }
    reason(version, &members.replace("\"length\"", "\"size\""));

    assert_eq!(decode_head(b"\x28\xB5\x2F\xFD"), Err(PieceError::NotAPiece));
    let long = [HEAD_MAGIC.to_le_bytes(), u32::MAX.to_le_bytes()].concat();
    assert_eq!(decode_head(&long), Err(PieceError::HeadTooLong { bytes: u64::from(u32::MAX) }));
}

#[test]
fn refuses_to_write_what_it_could_not_read() {
    let mut head = example();
    head.facts.insert("x".to_owned(), "y".repeat(64 << 10));
    assert!(matches!(encode_head(&head), Err(PieceError::HeadTooLong { .. })));
    for year_off in [-1, 10_000] {
        let mut head = example();
        head.written_at = head.written_at.with_year(year_off).unwrap();
        assert_eq!(encode_head(&head), Err(PieceError::Time(head.written_at)));
    }
}
