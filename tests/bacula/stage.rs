//! Daemons, the plugin in them, and where both are.

use fixtures::Scratch;
use fixtures::bacula::{Programs, Setup};
use std::path::{Path, PathBuf};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");

/// The plugin under test: `scripts/test` builds it before the tests.
pub(crate) fn plugin() -> PathBuf {
    let path = Path::new(PROGRAM).with_file_name("libseawall_bacula_fd.so");
    assert!(path.exists(), "cargo build -p seawall-file-daemon-bacula");
    path
}

/// Daemons with the plugin, as `scripts/install-plugin` would install it.
pub(crate) fn setup(programs: &Programs, scratch: &Scratch) -> Setup {
    let configuration = scratch.join("seawall.toml");
    std::fs::write(&configuration, "").unwrap();
    Setup::of(programs.clone())
        .plugin(plugin())
        .file("seawall-fd.conf", format!("backend = {PROGRAM}\n"))
        .env("SEAWALL_CONFIG", configuration)
        .env("TMPDIR", scratch.path())
}
