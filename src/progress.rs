//! Progress: a bar on a terminal, log lines elsewhere, documents for those who read lines.

use crate::human;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use stream::{Progress, Silent};

/// The bar, so that the log can be printed beside it.
static BAR: OnceLock<ProgressBar> = OnceLock::new();

/// A line at least so often while bytes move.
const LINE_EVERY: Duration = Duration::from_secs(60);

/// The progress for this process.
pub(crate) fn choose(quiet: bool, lines_of_json: bool) -> Arc<dyn Progress> {
    if lines_of_json {
        return Arc::new(Lines::new(true));
    }
    if quiet {
        return Arc::new(Silent);
    }
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if io::stderr().is_terminal() && !is_dumb {
        return Arc::new(Bar::new());
    }
    Arc::new(Lines::new(false))
}

/// Does something while no bar is on the screen.
pub(crate) fn without_bar<T>(act: impl FnOnce() -> T) -> T {
    match BAR.get() {
        Some(bar) => bar.suspend(act),
        None => act(),
    }
}

struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new() -> Self {
        let bar = BAR.get_or_init(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { bar: bar.clone() }
    }

    fn style(template: &str) -> ProgressStyle {
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
    }
}

impl Progress for Bar {
    fn phase(&self, name: &str) {
        tracing::info!("{name}");
        self.bar.set_style(Self::style("{spinner} {msg} {elapsed}"));
        self.bar.set_message(name.to_owned());
    }

    fn expect(&self, bytes: u64) {
        if bytes == 0 {
            return;
        }
        self.bar.reset();
        self.bar.set_length(bytes);
        let template = "{msg} [{bar:30}] {bytes}/{total_bytes} {binary_bytes_per_sec} ETA {eta}";
        self.bar.set_style(Self::style(template));
    }

    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
        // An estimate may be too low: the bar then grows with the work.
        if self.bar.length().is_some_and(|length| self.bar.position() > length) {
            self.bar.set_length(self.bar.position());
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// One line per tenth, or per minute.
struct Lines {
    as_json: bool,
    done: AtomicU64,
    total: AtomicU64,
    last: Mutex<Last>,
}

struct Last {
    phase: String,
    tenth: u64,
    at: Instant,
}

impl Lines {
    fn new(as_json: bool) -> Self {
        let last = Last { phase: String::new(), tenth: 0, at: Instant::now() };
        Self { as_json, done: AtomicU64::new(0), total: AtomicU64::new(0), last: Mutex::new(last) }
    }

    fn print(&self, phase: &str, done: u64, total: u64) {
        if self.as_json {
            let document =
                json!({"type": "progress", "phase": phase, "bytes": done, "total_bytes": total});
            let _ = writeln!(io::stdout(), "{document}");
            return;
        }
        let done_text = human::bytes(done);
        match done.saturating_mul(100).checked_div(total) {
            Some(percent) => tracing::info!(
                "{phase}: {}% ({done_text} of {})",
                percent.min(99),
                human::bytes(total)
            ),
            None => tracing::info!("{phase}: {done_text}"),
        }
    }
}

impl Progress for Lines {
    fn phase(&self, name: &str) {
        if self.as_json {
            self.print(name, 0, 0);
        } else {
            tracing::info!("{name}");
        }
        self.done.store(0, Ordering::Relaxed);
        self.total.store(0, Ordering::Relaxed);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Last { phase: name.to_owned(), tenth: 0, at: Instant::now() };
    }

    fn expect(&self, bytes: u64) {
        self.total.store(bytes, Ordering::Relaxed);
    }

    fn advance(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let total = self.total.load(Ordering::Relaxed);
        // Whoever prints at this moment prints for all.
        let Ok(mut last) = self.last.try_lock() else { return };
        let tenth = done.saturating_mul(10).checked_div(total).unwrap_or(0).min(9);
        if tenth > last.tenth || last.at.elapsed() >= LINE_EVERY {
            last.tenth = tenth.max(last.tenth);
            last.at = Instant::now();
            let phase = last.phase.clone();
            drop(last);
            self.print(&phase, done, total);
        }
    }
}
