//! The daemon's messages and variables, for one job.

use crate::abi::{Core, PluginContext, message, variable};
use crate::call::Own;
use file_daemon_plugin::{Daemon, DaemonKind, Facts, Severity, Standing, ffi};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

/// What debug messages say of their importance: nobody sees them who has not asked for much.
const DEBUG_LEVEL: c_int = 150;

const FORMAT: &CStr = c"%s";
const SOURCE: &CStr = c"seawall";

static CORE: OnceLock<Core> = OnceLock::new();

/// Keeps what the daemon can do. Only once: a daemon does not change.
pub(crate) fn keep(core: Core) {
    let _ = CORE.set(core);
}

/// The daemon, as seen from one job.
pub(crate) struct Host<'a> {
    context: *mut PluginContext,
    own: Option<&'a Own>,
}

impl<'a> Host<'a> {
    /// Without what the plugin keeps of the job, only messages can be written.
    pub(crate) fn new(context: *mut PluginContext, own: Option<&'a Own>) -> Self {
        Self { context, own }
    }

    /// Asks for events.
    pub(crate) fn listen(&self) -> bool {
        use crate::abi::event::{
            BACKUP_COMMAND, CANCEL, END_RESTORE_JOB, ESTIMATE_COMMAND, JOB_END, PLUGIN_COMMAND,
            PLUGIN_OPTIONS, RESTORE_COMMAND, RESTORE_OBJECT, SINCE,
        };
        let Some(register) = CORE.get().and_then(|core| core.register_events) else { return false };
        // SAFETY: the daemon's own function and context, and as many numbers as are announced.
        let code = unsafe {
            register(
                self.context,
                10,
                JOB_END,
                END_RESTORE_JOB,
                BACKUP_COMMAND,
                RESTORE_COMMAND,
                ESTIMATE_COMMAND,
                SINCE,
                CANCEL,
                RESTORE_OBJECT,
                PLUGIN_COMMAND,
                PLUGIN_OPTIONS,
            )
        };
        code == crate::abi::code::OK
    }

    /// A variable that is a number.
    pub(crate) fn number(&self, variable: c_int) -> Option<c_int> {
        let mut value: c_int = 0;
        self.ask(variable, (&raw mut value).cast()).then_some(value)
    }

    /// A variable that is a text; empty where the daemon has none.
    fn bytes(&self, variable: c_int) -> Vec<u8> {
        let mut value: *const c_char = std::ptr::null();
        if self.ask(variable, (&raw mut value).cast()) {
            // SAFETY: the daemon gives null or a text that stays as long as the job.
            unsafe { ffi::bytes(value) }
        } else {
            Vec::new()
        }
    }

    fn text(&self, variable: c_int) -> String {
        String::from_utf8_lossy(&self.bytes(variable)).into_owned()
    }

    /// `out` has the type that the variable has.
    fn ask(&self, variable: c_int, out: *mut c_void) -> bool {
        let Some(get) = CORE.get().and_then(|core| core.get_value) else { return false };
        // SAFETY: the daemon's own function and context; both callers give a place of the right type.
        unsafe { get(self.context, variable, out) == crate::abi::code::OK }
    }

    /// Whether the daemon knows of no failure of the job. Of the letters for a job's status these are
    /// the bad ones: canceled, error, fatal error, ended with errors, incomplete. Any other must not
    /// pass for one: a restore would be left half done, and the daemon would call it good.
    pub(crate) fn is_well(&self) -> bool {
        let bad = [b'A', b'e', b'f', b'E', b'I'].map(c_int::from);
        self.number(variable::STATUS).is_none_or(|status| !bad.contains(&status))
    }
}

impl Daemon for Host<'_> {
    fn report(&self, severity: Severity, text: &str) {
        let Some(core) = CORE.get() else { return };
        let text = ffi::c_text(format!("{text}\n"));
        let severity = match severity {
            Severity::Info => message::INFO,
            Severity::Warning => message::WARNING,
            Severity::Error => message::ERROR,
            Severity::Fatal => message::FATAL,
            Severity::Debug => {
                let Some(debug) = core.debug_message else { return };
                let (source, format) = (SOURCE.as_ptr(), FORMAT.as_ptr());
                // SAFETY: the daemon's own function; a format of one text, and one text.
                unsafe { debug(self.context, source, 0, DEBUG_LEVEL, format, text.as_ptr()) };
                return;
            }
        };
        let Some(write) = core.job_message else { return };
        // SAFETY: the daemon's own function; a format of one text, and one text.
        unsafe {
            write(self.context, SOURCE.as_ptr(), 0, severity, 0, FORMAT.as_ptr(), text.as_ptr());
        }
    }

    fn standing(&self) -> Standing {
        // What the daemon itself takes for the end of a job: canceled, ended with errors, fatal error.
        let status = self.number(variable::STATUS).and_then(|status| u8::try_from(status).ok());
        match status {
            Some(b'A') => Standing::Cancelled,
            Some(b'E' | b'f') => Standing::Failed,
            _ => Standing::Wanted,
        }
    }

    fn facts(&self) -> Facts {
        let number = |variable| self.number(variable).unwrap_or(0);
        let restore = self.own.map(Own::restore).unwrap_or_default();
        // The event tells it whole, the variable only its lower half.
        let since = self.own.and_then(Own::since);
        Facts {
            daemon: DaemonKind::Bareos,
            daemon_version: self.text(variable::VERSION),
            number: u32::try_from(number(variable::JOB)).unwrap_or(0),
            name: self.text(variable::NAME),
            level: u8::try_from(number(variable::LEVEL)).unwrap_or(b' '),
            since: since.unwrap_or_else(|| i64::from(number(variable::SINCE))),
            accurate: number(variable::ACCURATE) != 0,
            client: self.text(variable::CLIENT),
            previous: self.text(variable::PREVIOUS),
            working_dir: self.bytes(variable::WORKING_DIR),
            prefix: if restore.has_rule {
                None
            } else {
                Some(restore.prefix.unwrap_or_else(|| self.bytes(variable::PLACE)))
            },
            replace: restore.replace,
        }
    }
}
