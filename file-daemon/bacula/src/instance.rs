//! One job of the daemon, and what every call of it has in common.

use crate::abi::{BpContext, ERROR, Rc};
use crate::host::Host;
use crate::layout::{Layout, SavePacket, ToSave};
use crate::packet;
use file_daemon_plugin::ffi::{c_text, guard};
use file_daemon_plugin::{Context, FileType, Head, Registry, Settings};
use std::ffi::CString;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The jobs that the daemon knows this plugin in.
pub(crate) static JOBS: Registry<Instance> = Registry::new();

/// One job of the daemon.
pub(crate) struct Instance {
    pub(crate) context: Context,
    /// When the previous job began, as the daemon has told.
    pub(crate) since: AtomicI64,
    /// An earlier attempt has saved files under the same number.
    pub(crate) goes_on: AtomicBool,
    present: Mutex<Present>,
    #[cfg(feature = "panics")]
    provoked: Mutex<Vec<u8>>,
}

/// What the daemon points to while a file or an object is its business.
#[derive(Default)]
pub(crate) struct Present {
    pub(crate) name: CString,
    link: CString,
    pub(crate) object: Vec<u8>,
    /// The daemon writes this file itself, and shall set its attributes too.
    pub(crate) is_core: bool,
}

impl Instance {
    pub(crate) fn new() -> Self {
        Self {
            context: Context::new(Settings::default()),
            since: AtomicI64::new(0),
            goes_on: AtomicBool::new(false),
            present: Mutex::default(),
            #[cfg(feature = "panics")]
            provoked: Mutex::default(),
        }
    }

    pub(crate) fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a plugin line, which may ask for a panic.
    #[cfg_attr(not(feature = "panics"), allow(clippy::unused_self, reason = "for tests"))]
    pub(crate) fn provoke_later(&self, _line: &[u8]) {
        #[cfg(feature = "panics")]
        self.provoked.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&_line.to_vec());
    }

    /// Panics where the plugin line asked for it.
    #[cfg_attr(not(feature = "panics"), allow(clippy::unused_self, reason = "for tests"))]
    pub(crate) fn provoke(&self, _call: &str) {
        #[cfg(feature = "panics")]
        {
            let line = self.provoked.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let wanted = format!("panic={_call}");
            #[allow(clippy::panic, reason = "that is what the feature is for")]
            if String::from_utf8_lossy(&line).ends_with(&wanted) {
                panic!("provoked in {_call}");
            }
        }
    }
}

impl Present {
    pub(crate) fn file(&mut self, packet: &mut impl SavePacket, head: &Head) {
        let mut name = head.name.clone();
        self.link = c_text(head.link.clone());
        if head.file_type == FileType::Directory {
            name.push(b'/');
            self.link = c_text(name.clone());
        }
        self.name = c_text(name);
        packet.file(&ToSave {
            name: &self.name,
            link: &self.link,
            stat: packet::stat(head),
            file_type: packet::kind(head.file_type),
            has_body: head.file_type == FileType::File,
        });
    }
}

/// What the calls of a job's thread have in common. A panic fails the job, and the daemon lives.
pub(crate) fn call<L: Layout>(
    context: *mut BpContext,
    work: impl FnOnce(&Instance, &Host<L>) -> Rc,
) -> Rc {
    let outer = || {
        let Some((instance, host)) = find::<L>(context) else { return ERROR };
        guard(|| work(&instance, &host)).unwrap_or_else(|what| {
            instance.context.panicked(&host, &what);
            ERROR
        })
    };
    guard(outer).unwrap_or(ERROR)
}

fn find<L: Layout>(context: *mut BpContext) -> Option<(Arc<Instance>, Host<L>)> {
    // SAFETY: the daemon calls with a context of its own, or with none.
    let key = unsafe { context.as_ref() }?.ours.load(Ordering::SeqCst);
    let instance = JOBS.get(key)?;
    let since = instance.since.load(Ordering::SeqCst);
    Some((instance, Host::new(context, since)?))
}
