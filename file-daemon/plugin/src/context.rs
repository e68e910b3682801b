//! What a daemon may ask, from which thread, and what becomes of a failure.

use crate::job::{After, Create, Job, Next};
use crate::stop::Stop;
use crate::trouble::Trouble;
use crate::{Daemon, is_ours, text};
use protocol::{PLUGIN, Purpose, Reply, ToBackend};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A variable of the daemon's environment: after so many seconds of silence a backend hangs.
const VARIABLE: &str = "SEAWALL_FILE_DAEMON_SILENCE";

/// Where nothing else is set. A backend says every ten seconds that it lives.
const SILENCE: Duration = Duration::from_secs(600);

/// How backends are started and waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The program; `None`: it is looked for when the first backend starts.
    pub program: Option<PathBuf>,
    /// A backend that says and takes nothing for so long hangs.
    pub silence: Duration,
    /// So long a backend may take to end before it is killed.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let silence = std::env::var(VARIABLE).ok().and_then(|text| seconds(&text));
        let silence = silence.unwrap_or(SILENCE);
        Self { program: None, silence, patience: Duration::from_secs(30) }
    }
}

/// A time that can be waited: a number of seconds, and not none.
fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// A job of the daemon. All calls come from the job's thread, except [`Context::cancel`].
#[derive(Debug)]
pub struct Context {
    stop: Arc<Stop>,
    job: Mutex<Job>,
}

impl Context {
    /// Cheap and silent: nothing is started, nothing is looked for.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let stop = Arc::new(Stop::default());
        Self { job: Mutex::new(Job::new(settings, Arc::clone(&stop))), stop }
    }

    /// The daemon read a plugin line in its list of files. Only its first word is looked at: the
    /// backend knows the rest.
    pub fn check_line(&self, daemon: &dyn Daemon, line: &[u8]) -> bool {
        let wrong = || format!("{}: the line must begin with {PLUGIN}:", text::lossy(line));
        let check = |_: &mut Job| if is_ours(line) { Ok(true) } else { Err(wrong().into()) };
        self.work(daemon, false, check)
    }

    /// The backup of a plugin line begins.
    pub fn begin_backup(&self, daemon: &dyn Daemon, line: &[u8]) -> bool {
        self.begin(daemon, Purpose::Backup, line)
    }

    /// The estimate or listing of a plugin line begins.
    pub fn begin_estimate(&self, daemon: &dyn Daemon, line: &[u8]) -> bool {
        self.begin(daemon, Purpose::Estimate, line)
    }

    fn begin(&self, daemon: &dyn Daemon, purpose: Purpose, line: &[u8]) -> bool {
        let line = text::lossy(line);
        self.work(daemon, false, |job| job.begin(daemon, purpose, line).map(|()| true))
    }

    /// What comes next in a backup or an estimate.
    pub fn next_file(&self, daemon: &dyn Daemon) -> Next {
        self.work(daemon, Next::Failed, |job| job.next(daemon))
    }

    /// Bytes of the present file; fills the buffer as long as the body goes on. 0: its end.
    ///
    /// # Errors
    /// The job has failed: an error number.
    pub fn read(&self, daemon: &dyn Daemon, out: &mut [u8]) -> Result<usize, i32> {
        self.work(daemon, Err(libc::EIO), |job| job.read(daemon, out).map(Ok))
    }

    /// The daemon is done with the present file.
    pub fn end_file(&self, daemon: &dyn Daemon) -> After {
        self.work(daemon, After::Failed, |job| job.after(daemon))
    }

    /// A piece of state that the director had kept; of other plugins too.
    pub fn object(&self, daemon: &dyn Daemon, name: &[u8], job: u32, line: &[u8], bytes: &[u8]) {
        self.job().keep(daemon, name, job, line, bytes);
    }

    /// What the operator chose for a restore, whatever is in it.
    pub fn options(&self, options: &[u8]) {
        self.options_of_line(b"", options);
    }

    /// What the operator chose for what was saved by a plugin line.
    pub fn options_of_line(&self, line: &[u8], options: &[u8]) {
        let (line, text) = (text::lossy(line), text::lossy(options));
        self.job().options.push(ToBackend::Options { line, text });
    }

    /// The operator chose something for a restore, and it came back as rubbish.
    pub fn options_lost(&self, daemon: &dyn Daemon) {
        let text = "the restore options came back damaged from the director's catalogue\n\
                    hint: nothing was restored; write the values a little longer or shorter, or use \
                    another catalogue than SQLite";
        self.job().fail(daemon, text.into());
    }

    /// The plugin line of the file that comes back next.
    pub fn restore_line(&self, line: &[u8]) {
        self.job().line.get_or_insert_with(|| text::lossy(line));
    }

    /// A file comes back.
    pub fn create(&self, daemon: &dyn Daemon, file: &Create<'_>) -> Reply {
        self.work(daemon, Reply::Failed, |job| job.create(daemon, file))
    }

    /// Bytes of a file that comes back.
    pub fn write(&self, daemon: &dyn Daemon, bytes: &[u8]) -> bool {
        self.work(daemon, false, |job| job.write(daemon, bytes))
    }

    /// A file has come back. In a backup the end of reading, which tells nothing.
    pub fn close(&self, daemon: &dyn Daemon) -> bool {
        self.work(daemon, false, |job| job.close(daemon))
    }

    /// All files have come back; `good` if the daemon knows of no failure. May take hours.
    pub fn end_restore(&self, daemon: &dyn Daemon, good: bool) {
        if self.job().current.is_some() {
            // A backend that answers is heard even where the job has failed: it may say why.
            let is_over = self.stop.is_over(daemon) && self.stop.is_cancelled();
            self.work_unless(is_over, daemon, (), |job| job.end_restore(daemon, good));
        }
    }

    /// The daemon's job has ended well. Daemons do not say so of others.
    pub fn job_end(&self, daemon: &dyn Daemon) {
        let is_busy = |job: &Job| job.current.is_some() || !job.finished.is_empty();
        if is_busy(&self.job()) {
            self.work(daemon, (), |job| job.commit(daemon));
        }
    }

    /// Cancels the job: from any thread, in any state. Waits for nobody.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    /// Whether an accurate job keeps an earlier job's file that this one did not send.
    #[must_use]
    pub fn keeps(&self, name: &[u8]) -> bool {
        self.job().keeps(name)
    }

    /// The shared object found that the job cannot go on: for instance a packet that it does not know.
    pub fn refuse(&self, daemon: &dyn Daemon, why: &str) {
        self.job().fail(daemon, why.into());
    }

    /// A call from the daemon ended in a panic. The job fails, the daemon lives.
    pub fn panicked(&self, daemon: &dyn Daemon, what: &str) {
        self.job().fail(daemon, format!("the plugin has a fault: {what}").into());
    }

    /// Ends every backend and waits for it. Also done when the context is dropped.
    pub fn end(&self) {
        self.job().end();
    }

    /// What every call has in common: it fails at once where an earlier one has failed or the job is
    /// over, and a failure is told once.
    fn work<T>(
        &self,
        daemon: &dyn Daemon,
        failed: T,
        work: impl FnOnce(&mut Job) -> Result<T, Trouble>,
    ) -> T {
        self.work_unless(self.stop.is_over(daemon), daemon, failed, work)
    }

    fn work_unless<T>(
        &self,
        is_over: bool,
        daemon: &dyn Daemon,
        failed: T,
        work: impl FnOnce(&mut Job) -> Result<T, Trouble>,
    ) -> T {
        let mut job = self.job();
        if job.has_failed {
            return failed;
        }
        let done = if is_over { Err(Trouble::Told) } else { work(&mut job) };
        done.unwrap_or_else(|trouble| {
            job.fail(daemon, trouble);
            failed
        })
    }

    fn job(&self) -> MutexGuard<'_, Job> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_that_cannot_be_waited_for_is_not_taken() {
        assert_eq!(seconds("2"), Some(Duration::from_secs(2)));
        for text in ["", "0", "-1", "2s", "0.5"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
