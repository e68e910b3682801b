//! What every call of the daemon has in common: it finds what the plugin keeps of the job, and no
//! panic leaves it.

use crate::abi::{PluginContext, code};
use crate::daemon::Host;
use crate::packets::{self, Packet};
use crate::plain::Plain;
use file_daemon_plugin::{Context, Registry, Settings, ffi};
use std::ffi::{CString, c_int, c_void};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

static JOBS: Registry<Own> = Registry::new();

/// What the plugin keeps of a job.
pub(crate) struct Own {
    pub(crate) context: Context,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    /// When the reference job began.
    since: Option<i64>,
    /// What the operator chose.
    choice: Option<Vec<u8>>,
    restore: RestoreFacts,
    /// The file that comes back is a plain one.
    plain: Option<Plain>,
    /// What the packet of the present file points to: it must stay until that file's end.
    texts: Vec<CString>,
    bytes: Vec<u8>,
}

/// What packets of a restore tell of the job.
#[derive(Debug, Clone)]
pub(crate) struct RestoreFacts {
    /// Where files go to; `None`: no packet has come, or it does not say.
    pub(crate) prefix: Option<Vec<u8>>,
    /// A rule makes names of names.
    pub(crate) has_rule: bool,
    pub(crate) replace: u8,
}

impl Default for RestoreFacts {
    fn default() -> Self {
        Self { prefix: None, has_rule: false, replace: b'a' }
    }
}

impl Own {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn since(&self) -> Option<i64> {
        self.notes().since
    }

    pub(crate) fn note_since(&self, since: i64) {
        self.notes().since = Some(since);
    }

    pub(crate) fn choice(&self) -> Option<Vec<u8>> {
        self.notes().choice.clone()
    }

    pub(crate) fn note_choice(&self, text: &[u8]) {
        self.notes().choice = Some(text.to_vec());
    }

    pub(crate) fn restore(&self) -> RestoreFacts {
        self.notes().restore.clone()
    }

    pub(crate) fn note_restore(&self, facts: RestoreFacts) {
        self.notes().restore = facts;
    }

    /// The next file comes back, as a plain one or not.
    pub(crate) fn note_plain(&self, is_plain: bool) {
        self.notes().plain = is_plain.then(Plain::default);
    }

    /// Does something with the file that comes back, if it is a plain one.
    pub(crate) fn with_plain<T>(&self, work: impl FnOnce(&mut Plain) -> T) -> Option<T> {
        self.notes().plain.as_mut().map(work)
    }

    /// Keeps what a packet shall point to, in place of what the last one pointed to. The addresses
    /// stay: of texts and bytes, not of the lists.
    pub(crate) fn keep(&self, texts: Vec<CString>, bytes: Vec<u8>) {
        let mut notes = self.notes();
        (notes.texts, notes.bytes) = (texts, bytes);
    }
}

/// The daemon has a job, for us or not.
///
/// # Safety
/// `context` is the daemon's.
pub(crate) unsafe fn begin(context: *mut PluginContext) -> c_int {
    // SAFETY: the caller promises it.
    let Some(handle) = (unsafe { context.as_ref() }) else { return code::ERROR };
    let own = Own { context: Context::new(Settings::default()), notes: Mutex::default() };
    handle.of_plugin.store(JOBS.insert(own), Ordering::SeqCst);
    if Host::new(context, None).listen() { code::OK } else { code::ERROR }
}

/// The daemon's job is over.
///
/// # Safety
/// `context` is the daemon's.
pub(crate) unsafe fn end(context: *mut PluginContext) {
    // SAFETY: the caller promises it.
    let Some(handle) = (unsafe { context.as_ref() }) else { return };
    let key = handle.of_plugin.swap(std::ptr::null_mut(), Ordering::SeqCst);
    if let Some(own) = JOBS.remove(key) {
        // A cancel may hold it a little longer; the backends end here, on the job's thread.
        own.context.end();
    }
}

/// One call of the daemon.
pub(crate) struct Call<'a> {
    pub(crate) own: &'a Own,
    pub(crate) host: Host<'a>,
}

impl Call<'_> {
    pub(crate) fn context(&self) -> &Context {
        &self.own.context
    }

    /// The packet at an address. One that cannot be read fails the job: a release that nobody knows.
    ///
    /// # Safety
    /// As [`packets::packet`].
    pub(crate) unsafe fn packet<'p, P: Packet>(
        &self,
        address: *mut c_void,
    ) -> Option<(&'p mut P, c_int)> {
        // SAFETY: the caller promises it.
        let found = unsafe { packets::packet(address) };
        if found.is_none() {
            let text = format!(
                "this release of the file daemon has a {} that this plugin does not know\n\
                 hint: take a release of Seawall that names yours",
                P::NAME
            );
            self.context().refuse(&self.host, &text);
        }
        found
    }
}

#[cfg(not(feature = "panics"))]
fn provoked(_: &str, work: impl FnOnce() -> c_int) -> c_int {
    work()
}

/// Panics after its work if the environment names the call.
#[cfg(feature = "panics")]
fn provoked(name: &str, work: impl FnOnce() -> c_int) -> c_int {
    let code = work();
    assert!(std::env::var("SEAWALL_TEST_PANIC").as_deref() != Ok(name), "provoked in {name}");
    code
}

/// Does what the daemon asks. Failure is what a call answers that finds no job, or that panicked.
///
/// # Safety
/// `context` is the daemon's.
pub(crate) unsafe fn call(
    context: *mut PluginContext,
    name: &str,
    work: impl FnOnce(&Call<'_>) -> c_int,
) -> c_int {
    // SAFETY: the caller promises it. Another thread may be in a call of the same job, so that there
    // is no unique reference.
    let Some(own) = (unsafe { own(context) }) else { return code::ERROR };
    let call = Call { own: &own, host: Host::new(context, Some(&own)) };
    ffi::guard(|| provoked(name, || work(&call))).unwrap_or_else(|what| {
        let _ = ffi::guard(|| own.context.panicked(&call.host, &what));
        code::ERROR
    })
}

unsafe fn own(context: *mut PluginContext) -> Option<Arc<Own>> {
    // SAFETY: the daemon's context, or null.
    let handle = unsafe { context.as_ref() }?;
    JOBS.get(handle.of_plugin.load(Ordering::SeqCst))
}
