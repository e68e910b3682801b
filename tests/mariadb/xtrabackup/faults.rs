//! A tool that fails, or lies. Whatever it does: the backup fails and says why, nothing is listed,
//! and the next one is as if nothing had been.

use super::stage::Stage;

/// Fails as it should, over one stream and over two.
fn fails(stage: &Stage, level: &str, fault: &[(&str, &str)], says: &str) {
    let before = stage.listed();
    stage.tool.instruct(fault);
    for workers in ["1", "2"] {
        stage.refused(level, &["--workers", workers], 27, says);
    }
    stage.tool.instruct(&[]);
    assert_eq!(stage.listed(), before, "{fault:?}");
    let next = stage.backup(level, &[]);
    assert_eq!(next["link"]["level"], level, "{fault:?}: {next}");
    assert_eq!(stage.listed(), before + 1);
}

#[test]
fn it_ends_in_the_middle_of_the_stream() {
    let stage = Stage::new();
    for at in ["0", "1", "7", "50", "100000", "1048600", "2097152"] {
        let says = "xtrabackup ended with status 1: [ERROR] [MY-011825] [Xtrabackup] failed to copy datafile.";
        fails(&stage, "full", &[("FAIL_AT", at)], says);
    }
    for level in ["full", "incremental", "differential"] {
        fails(&stage, level, &[("FAIL_LAST", "yes")], "failed to copy datafile.");
        fails(&stage, level, &[("FAIL_AT", "1500")], "failed to copy datafile.");
    }
    stage.run(&["verify"]).ok();
}

#[test]
fn it_says_that_all_is_well_and_ends_with_another_status() {
    let stage = Stage::new();
    fails(&stage, "full", &[("OK_WITH_RC_1", "yes")], "xtrabackup ended with status 1");
    fails(&stage, "incremental", &[("OK_WITH_RC_1", "yes")], "xtrabackup ended with status 1");
}

#[test]
fn it_says_nothing_and_ends_as_if_all_were_well() {
    let stage = Stage::new();
    let says = "without the words of success: it said nothing";
    fails(&stage, "full", &[("SILENT_RC_0", "yes")], says);
}

#[test]
fn it_stops_between_two_chunks_and_says_that_all_is_well() {
    let stage = Stage::new();
    // Nothing at all; an open file; a whole one; and, of two streams, all but the metadata.
    for chunks in ["0", "1", "2", "11"] {
        fails(&stage, "full", &[("TRUNCATE", chunks)], "the tool's stream is");
    }
    let before = stage.listed();
    // All that the stand-in's stream has, but the last: open files, missing ones, no metadata.
    for chunks in 3..22_u8 {
        stage.tool.instruct(&[("TRUNCATE", &chunks.to_string())]);
        stage.refused("full", &[], 27, "the tool's stream is");
    }
    assert_eq!(stage.listed(), before);
    stage.tool.instruct(&[("TRUNCATE", "22")]);
    stage.backup("full", &[]);
}

#[test]
fn it_sends_bytes_that_are_not_what_their_checksum_says() {
    let stage = Stage::new();
    for chunk in ["0", "1", "2"] {
        fails(&stage, "full", &[("BAD_CRC", chunk)], "the tool's stream is damaged");
    }
}

#[test]
fn it_backs_up_from_another_point_than_it_was_asked_for() {
    let stage = Stage::new();
    let says = "the tool made another backup than was asked for";
    fails(&stage, "full", &[("WRONG_LSN", "5")], says);
    fails(&stage, "incremental", &[("WRONG_LSN", "5")], says);
    fails(&stage, "incremental", &[("TO_LSN", "5")], "the backup would go backwards");
    stage.restore("r", &[]);
}

#[test]
fn it_refuses_before_the_first_byte() {
    let stage = Stage::new();
    fails(&stage, "full", &[("EXPECT_LSN", "1")], "the test expects --incremental-lsn=1");
}

#[test]
fn it_waits_for_a_lock_for_ever() {
    let stage = Stage::new();
    stage.tool.instruct(&[("HANG", "lock")]);
    let limit = ["--set", "lock_timeout_secs=1"];
    stage.refused("full", &limit, 60, "the tool waited 1 s for a lock of the server");
    assert_eq!(stage.listed(), 0);
    stage.tool.instruct(&[]);
    stage.backup("full", &limit);
}
