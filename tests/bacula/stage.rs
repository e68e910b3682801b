//! Daemons, the plugin in them, and where both are.

use fixtures::bacula::{Programs, Setup};
use fixtures::postgresql::PostgreSql;
use fixtures::{Lab, Scratch, ScratchServer as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");

/// The plugin under test: `scripts/test` builds it before the tests.
pub(crate) fn plugin() -> PathBuf {
    let path = Path::new(PROGRAM).with_file_name("libseawall_bacula_fd.so");
    assert!(path.exists(), "cargo build -p seawall-file-daemon-bacula");
    path
}

/// The plugin's own configuration, a file beside it.
pub(crate) const CONFIGURATION: &str = "seawall-fd.conf";

/// What it says of a backend.
pub(crate) fn configuration(backend: &Path) -> String {
    format!("backend = {}\n", backend.display())
}

/// Daemons with the plugin, as `scripts/install-plugin` would install it.
pub(crate) fn setup(programs: &Programs, scratch: &Scratch) -> Setup {
    setup_with(programs, scratch, Path::new(PROGRAM))
}

/// The same with a copy of the program under test, whose processes are known by it.
pub(crate) fn setup_with(programs: &Programs, scratch: &Scratch, program: &Path) -> Setup {
    let configuration = scratch.join("seawall.toml");
    std::fs::write(&configuration, "").unwrap();
    Setup::of(programs.clone())
        .plugin(plugin())
        .file(CONFIGURATION, self::configuration(program))
        .env("SEAWALL_CONFIG", configuration)
        .env("TMPDIR", scratch.path())
}

/// The plugin line of a lab's server.
pub(crate) fn line(lab: &Lab) -> String {
    format!("seawall:url={}:target=pg-main", lab.server.url())
}

/// A thousand rows more.
pub(crate) fn insert(lab: &Lab, from: u32) {
    lab.server.sql(&format!(
        "CREATE TABLE IF NOT EXISTS t (g int); INSERT INTO t SELECT generate_series({from}, {})",
        from + 999
    ));
}

/// What the rows are.
pub(crate) fn sum(server: &PostgreSql) -> String {
    server.sql("SELECT count(*) || '|' || sum(g) FROM t")
}

/// Waits until nothing of ours is left with the server.
pub(crate) fn wait_for_no_session(lab: &Lab) {
    let sessions = "SELECT (SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'seawall%') \
                    + (SELECT count(*) FROM pg_replication_slots)";
    let deadline = Instant::now() + Duration::from_secs(20);
    while lab.server.sql(sessions) != "0" {
        assert!(Instant::now() < deadline, "a session of ours stays");
        std::thread::sleep(Duration::from_millis(50));
    }
}
