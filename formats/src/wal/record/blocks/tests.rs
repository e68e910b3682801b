use super::*;

/// A record's headers: its own is not looked at.
fn parts(major: u16, headers: &[u8], data: u32) -> Result<Parts, Malformed> {
    let bytes = [&[0; HEADER_BYTES], headers].concat();
    Parts::read(&bytes, u32::try_from(bytes.len()).unwrap() + data, major)
}

const RELATION: [u8; 16] = [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0];

/// A block with an image of 100 bytes, whose header ends with `info` and what that asks for.
fn image(info: &[u8]) -> Vec<u8> {
    [&[0, HAS_IMAGE, 0, 0, 100, 0, 0, 0], info, &RELATION].concat()
}

#[test]
fn an_image_has_a_hole_length_only_if_it_is_compressed() {
    let hole = [0; 2];
    for (major, info, has_length) in [
        (10, 0x01, false),
        (14, 0x01 | 0x04, false),
        (10, 0x02, false),
        (10, 0x01 | 0x02, true),
        (14, 0x01 | 0x02 | 0x04, true),
        (15, 0x01 | 0x02, false),
        (15, 0x04, false),
        (15, 0x01 | 0x02 | 0x04, true),
        (16, 0x01 | 0x08, true),
        (18, 0x01 | 0x10, true),
    ] {
        let with = parts(major, &image(&[&[info][..], &hole].concat()), 100);
        let without = parts(major, &image(&[info]), 100);
        let (right, wrong) = if has_length { (with, without) } else { (without, with) };
        let right = right.unwrap();
        assert_eq!(right.main_length, 0);
        let [block] = right.blocks[..] else { panic!("{right:?}") };
        assert_eq!(block.image, Some(100));
        assert_eq!((block.tablespace, block.database, block.relation, block.block), (1, 2, 3, 4));
        assert_ne!(wrong, Ok(right), "{major}: {info:#x}");
    }
}

#[test]
fn references_share_a_relation_and_data_comes_last() {
    let first = [&[0, HAS_DATA | 1, 8, 0], &RELATION[..]].concat();
    let second = [2, HAS_DATA | SAME_RELATION, 1, 0, 9, 0, 0, 0];
    let end = [ORIGIN, 7, 0, TOP_LEVEL_XID, 5, 0, 0, 0, DATA_SHORT, 6];
    let headers = [&first[..], &second, &end].concat();
    let found = parts(15, &headers, 8 + 1 + 6).unwrap();
    let [one, two] = found.blocks[..] else { panic!("{found:?}") };
    assert_eq!((one.fork, two.fork, two.relation, two.block, two.id), (1, 0, 3, 9, 2));
    assert_eq!((found.origin, found.top_level_xid), (Some(7), Some(Xid(5))));
    assert_eq!(found.main_length, 6);
    assert_eq!(found.main_offset as usize, HEADER_BYTES + headers.len() + 9);
    // 13 has no transaction above.
    assert_eq!(parts(13, &headers, 15), Err(Malformed));
    for wrong in [0, 14, 16] {
        assert_eq!(parts(15, &headers, wrong), Err(Malformed), "{wrong}");
    }
}

#[test]
fn refuses_headers_that_no_server_writes() {
    let block = |id: u8| [&[id, 0, 0, 0], &RELATION[..]].concat();
    assert!(parts(15, &block(32), 0).is_ok());
    let wrong = [
        block(33),
        [block(1), block(1)].concat(),
        [block(2), block(1)].concat(),
        vec![0, SAME_RELATION, 0, 0, 1, 0, 0, 0],
        [&[0, HAS_DATA, 0, 0], &RELATION[..]].concat(),
        [&[0, 0, 1, 0], &RELATION[..]].concat(),
        vec![DATA_SHORT],
        vec![DATA_LONG, 0, 0],
        vec![DATA_LONG, 0xFF, 0xFF, 0xFF, 0xFF],
    ];
    for headers in wrong {
        assert_eq!(parts(15, &headers, 0), Err(Malformed), "{headers:?}");
    }
    let all: Vec<u8> = (0..=32).flat_map(block).collect();
    assert_eq!(parts(15, &all, 0).unwrap().blocks.len(), 33);
}
