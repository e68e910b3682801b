//! Tables that lie elsewhere than in the data directory.

use crate::lab::Lab;
use fixtures::ScratchServer;
use fixtures::mariadb::Programs;

pub(crate) fn tables_from_elsewhere_come_back_inside_and_the_originals_are_left_alone(
    programs: &Programs,
) {
    let mut lab = Lab::of_with(programs, "symbolic-links = 1");
    let elsewhere = lab.scratch.make_dir("elsewhere").display().to_string();
    lab.server.sql(&format!(
        "CREATE DATABASE d; CREATE TABLE d.i (n INT PRIMARY KEY) ENGINE=InnoDB DATA DIRECTORY='{elsewhere}';
         CREATE TABLE d.m (n INT PRIMARY KEY) ENGINE=MyISAM DATA DIRECTORY='{elsewhere}' INDEX DIRECTORY='{elsewhere}';
         CREATE TABLE d.a (n INT PRIMARY KEY) ENGINE=Aria;
         INSERT INTO d.i VALUES (1), (2); INSERT INTO d.m VALUES (3); INSERT INTO d.a VALUES (4)"
    ));
    let sums = lab.server.checksums();
    lab.backup("full");
    lab.server.sql("INSERT INTO d.i VALUES (5); INSERT INTO d.m VALUES (6)");
    let later = lab.server.checksums();
    lab.backup("incremental");
    lab.server.stop();
    let original = format!("{elsewhere}/d/i.ibd");
    let was = std::fs::read(&original).unwrap();
    let full = lab.listed().remove(0);
    let restored = lab.restore("r", &["--backup", &full]);
    let mut copy = lab.start(&restored);
    assert_eq!(copy.checksums(), sums);
    copy.sql("INSERT INTO d.i VALUES (100); INSERT INTO d.m VALUES (100)");
    copy.stop();
    assert!(std::fs::read(&original).unwrap() == was, "the original's file was written to");
    // The original's own files were not touched, and are not in the copy's way.
    lab.server.start();
    assert_eq!(lab.server.checksums(), later);
    // Nor are they needed.
    lab.server.stop();
    std::fs::remove_dir_all(elsewhere).unwrap();
    let restored = lab.restore("r2", &[]);
    assert_eq!(lab.start(&restored).checksums(), later);
}
