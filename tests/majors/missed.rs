//! A time after the last commit and before the end of the log: nothing there tells the server that
//! it has arrived. A plan cannot exclude it, and says so.

use crate::house::{House, rows};
use fixtures::ScratchServer;
use fixtures::postgresql::Programs;

pub(crate) fn run(major: u16, programs: Programs) {
    let mut house = House::new(major, programs);
    let _ = house.lab.backup();
    house.lab.server.sql("INSERT INTO kept (text) VALUES ('the last commit')");
    let last = rows(&house.lab.server, "kept");
    let time = house.lab.server.sql("SELECT clock_timestamp()");
    house.lab.archive();
    house.lab.server.stop();

    let restored = house.restore("missed", &["--target-time", &time]);
    if major < 13 {
        // It opens although it was to pause; with all that was committed before that time.
        let mut server = house.start(restored);
        house.check_promoted(&mut server);
        assert!(!server.log().contains("recovery stopping"), "{major}: {}", server.log());
        assert_eq!(rows(&server, "kept"), last, "{major}");
    } else {
        let mut server = house.at(restored);
        server.launch();
        let log = server.wait_for_end();
        let fatal = "recovery ended before configured recovery target was reached";
        assert!(log.contains(fatal), "{major}: {log}");
    }
}
