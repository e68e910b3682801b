//! What is asked of the daemon.

use crate::abi::{
    BFuncs, BpContext, M_DEBUG, VAR_ACCURATE, VAR_CLIENT, VAR_JOB_ID, VAR_JOB_NAME, VAR_JOB_STATUS,
    VAR_LEVEL, VAR_SINCE, VAR_WORKING_DIR,
};
use crate::layout::Layout;
use file_daemon_plugin::ffi::{bytes, c_text, text};
use file_daemon_plugin::{Daemon, DaemonKind, Facts, Severity, Standing};
use std::ffi::{c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The daemon's functions, as [`crate::loadPlugin`] was given them.
static FUNCTIONS: AtomicPtr<BFuncs> = AtomicPtr::new(ptr::null_mut());

/// Bytes of the functions' table in the oldest version: the part that all versions have.
const FUNCTIONS_BYTES: u32 = 144;

/// Level of what only those see who look for a fault.
const DEBUG_LEVEL: c_int = 150;

/// Named in messages as their source.
const SOURCE: &std::ffi::CStr = c"seawall-fd";

/// Keeps the daemon's functions, if they are those of the version.
pub(crate) fn keep(functions: &'static BFuncs, version: u32) -> bool {
    let fits = functions.size >= FUNCTIONS_BYTES
        && functions.version == version
        && functions.get_value.is_some()
        && functions.job_message.is_some();
    if fits {
        FUNCTIONS.store(ptr::from_ref(functions).cast_mut(), Ordering::SeqCst);
    }
    fits
}

/// The daemon, for one context of it, while a call of its lasts.
pub(crate) struct Host<L> {
    context: *mut BpContext,
    functions: &'static BFuncs,
    /// What the daemon said of the previous job's time, in full width; 0: nothing.
    pub(crate) since: i64,
    layout: PhantomData<L>,
}

impl<L: Layout> Host<L> {
    /// `None` before the daemon has loaded the plugin.
    pub(crate) fn new(context: *mut BpContext, since: i64) -> Option<Self> {
        // SAFETY: the daemon's table is static in it; it is null until it was given.
        let functions = unsafe { FUNCTIONS.load(Ordering::SeqCst).as_ref() }?;
        Some(Self { context, functions, since, layout: PhantomData })
    }

    /// Whether the daemon knows of no failure of the job.
    pub(crate) fn is_good(&self) -> bool {
        let bad = [b'f', b'E', b'A', b'e'];
        !bad.contains(&byte(self.number(VAR_JOB_STATUS)))
    }

    /// How many files the job has saved so far, an earlier attempt's among them.
    pub(crate) fn files(&self) -> c_int {
        self.number(L::VARIABLES.files)
    }

    fn number(&self, variable: c_int) -> c_int {
        let mut value: c_int = 0;
        self.get(variable, (&raw mut value).cast());
        value
    }

    fn address(&self, variable: c_int) -> *const c_char {
        let mut value: *const c_char = ptr::null();
        self.get(variable, (&raw mut value).cast());
        value
    }

    fn text(&self, variable: c_int) -> String {
        // SAFETY: the daemon's texts live as long as its job, and end with a zero.
        unsafe { text(self.address(variable)) }
    }

    /// `value` is an address of what the variable is: a number, or the address of a text.
    fn get(&self, variable: c_int, value: *mut c_void) {
        if let Some(get) = self.functions.get_value {
            // SAFETY: the context is the one that the daemon has just called with, and the value
            // lives until the call returns. A variable that is refused leaves it as it is.
            unsafe { get(self.context, variable, value) };
        }
    }

    /// Where files go, unless a rule makes names.
    fn prefix(&self) -> Option<Vec<u8>> {
        // SAFETY: as `text`.
        let rule = unsafe { bytes(self.address(L::VARIABLES.rule_for_names)) };
        // SAFETY: as `text`.
        rule.is_empty().then(|| unsafe { bytes(self.address(L::VARIABLES.place)) })
    }
}

impl<L: Layout> Daemon for Host<L> {
    fn report(&self, severity: Severity, text: &str) {
        let kind = match severity {
            Severity::Fatal => L::MESSAGES.fatal,
            Severity::Error => L::MESSAGES.error,
            Severity::Warning => L::MESSAGES.warning,
            Severity::Info => L::MESSAGES.info,
            Severity::Debug => M_DEBUG,
        };
        let line = c_text(format!("{}\n", text.replace('\0', " ")));
        let (context, source, words) = (self.context, SOURCE.as_ptr(), c"%s".as_ptr());
        match (kind, self.functions.job_message, self.functions.debug_message) {
            (M_DEBUG, _, Some(debug)) => {
                // SAFETY: the format has one text, which lives until the call returns.
                unsafe { debug(context, source, 0, DEBUG_LEVEL, words, line.as_ptr()) };
            }
            (M_DEBUG, _, None) | (_, None, _) => {}
            (_, Some(message), _) => {
                // SAFETY: as above.
                unsafe { message(context, source, 0, kind, 0, words, line.as_ptr()) };
            }
        }
    }

    fn standing(&self) -> Standing {
        // What the daemon itself takes for the end of a job, and `I`: stopped by the operator.
        match byte(self.number(VAR_JOB_STATUS)) {
            b'A' | b'I' => Standing::Cancelled,
            b'E' | b'f' => Standing::Failed,
            _ => Standing::Wanted,
        }
    }

    fn facts(&self) -> Facts {
        let since = match self.since {
            0 => i64::from(self.number(VAR_SINCE)),
            since => since,
        };
        // SAFETY: as `text`.
        let working_dir = unsafe { bytes(self.address(VAR_WORKING_DIR)) };
        Facts {
            daemon: DaemonKind::Bacula,
            daemon_version: self.text(L::VARIABLES.version),
            number: self.number(VAR_JOB_ID).cast_unsigned(),
            name: self.text(VAR_JOB_NAME),
            level: byte(self.number(VAR_LEVEL)),
            since,
            accurate: self.number(VAR_ACCURATE) != 0,
            client: self.text(VAR_CLIENT),
            previous: self.text(L::VARIABLES.previous),
            working_dir,
            prefix: self.prefix(),
            replace: byte(self.number(L::VARIABLES.replace)),
        }
    }
}

/// A letter that came as a number; a blank where there is none.
fn byte(number: c_int) -> u8 {
    u8::try_from(number).ok().filter(|byte| *byte != 0).unwrap_or(b' ')
}
