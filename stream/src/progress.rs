//! How long work tells that it goes on.

/// Told by engines, sinks and restore; shown by the command, a daemon, or nobody.
pub trait Progress: Send + Sync {
    /// A new phase begins: "wait for checkpoint", "copy files".
    fn phase(&self, name: &str);

    /// So many bytes are to come, in this phase.
    fn expect(&self, bytes: u64);

    /// So many bytes more are done.
    fn advance(&self, bytes: u64);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn phase(&self, _name: &str) {}
    fn expect(&self, _bytes: u64) {}
    fn advance(&self, _bytes: u64) {}
}
