//! Plugin lines that are wrong, with the real program.

use super::row::{Row, rows};
use crate::stage::{self, PROGRAM};
use fixtures::Lab;
use fixtures::bacula::{JobResult, JobSpec, Level, Programs};

/// What is done is the line.
const ROWS: &[Row] = rows! {
    unknown_option: "seawall:engine=postgresql:colour=red" => Bad(1), 0,
        "Fatal error: plugin line: unknown option \"colour\"\nhint: Known options of postgresql: ";
    no_value: "seawall:target" => Bad(1), 0,
        "Fatal error: plugin line, character 9: no option: it begins with no name and \"=\"\nhint: ";
    open_quotes: "seawall:target=\"pg" => Bad(1), 0,
        "Fatal error: plugin line, option target: a quote does not end\nhint: ";
    unknown_target: "seawall:target=nowhere" => Bad(1), 0,
        "Fatal error: read the plugin line: there is no target \"nowhere\" in the configuration\n";
    colon_alone: "seawall:" => Bad(1), 0,
        "Fatal error: read the plugin line: the plugin line names no target\nhint: ";
    name_alone: "seawall" => Bad(1), 0,
        "Fatal error: read the plugin line: the plugin line names no target\nhint: ";
    no_server: "seawall:url=postgresql://127.0.0.1:1/postgres" => Bad(1), 0,
        "Fatal error: no connection to 127.0.0.1:1: ";

    // The daemon's own verdicts: no plugin is asked. `docs/file-daemon.md` warns of the last two.
    unknown_plugin: "seaweed:target=pg" => Bad(1), 0,
        "Command plugin \"seaweed:target=pg\" not found.\n";
    longer_name: "seawalls:target=pg" => Bad(1), 0,
        "Command plugin \"seawalls:target=pg\" not found.\n";
    blank_for_a_colon: "seawall target=pg" => Warned(2), 0,
        "Malformed plugin command: seawall target=pg\n";
    colon_without_a_name: ":target=pg" => Good, 0, "Backup OK";
};

pub(crate) fn no_wrong_line_makes_a_good_backup(programs: &Programs) {
    const WRONG: &str = "seawall:target=nowhere";
    let lab = Lab::new(PROGRAM);
    let right = stage::line(&lab);
    let mut setup = stage::setup(programs, &lab.scratch)
        .job("right", JobSpec::of(&right))
        .job("wrong-right", JobSpec::of(WRONG).and(&right))
        .job("right-wrong", JobSpec::of(&right).and(WRONG));
    for row in ROWS {
        setup = setup.job(row.name, JobSpec::of(row.does));
    }
    let bacula = setup.start(&lab.scratch);
    for row in ROWS {
        row.check("Backup", &bacula.run_job(row.name, Level::Full));
        assert!(bacula.file_daemon_is_alive(), "{}", row.name);
    }
    // Of several lines all must be right.
    let is_bad = |job: &JobResult| job.termination == "*** Backup Error ***";
    let first = bacula.run_job("wrong-right", Level::Full);
    assert!(is_bad(&first) && first.files == 0, "{}", first.log);
    let second = bacula.run_job("right-wrong", Level::Full);
    assert!(is_bad(&second) && second.files > 0, "{}", second.log);
    bacula.run_job("right", Level::Full).ok();
}
