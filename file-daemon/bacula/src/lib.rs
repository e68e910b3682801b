//! The plugin for Bacula's file daemon: its C interface, and nothing else. What a job needs is done by
//! the core that it shares with the plugin for Bareos.
//!
//! One shared object serves every version of the daemon: [`loadPlugin`] is told which one it is, and
//! gives the tables that fit. Nothing but it and [`unloadPlugin`] is exported.
//!
//! | file | what it knows |
//! |---|---|
//! | `abi` | the daemon's structures and numbers, by interface version |
//! | `layout` | what differs between the versions, behind a trait |
//! | `tables` | what each version is given |
//! | `instance` | one job, and what every call has in common: no panic leaves it |
//! | `calls`, `restore`, `bytes` | what the daemon calls |
//! | `event` | what it tells |
//! | `packet` | files in its words |
//! | `host` | what is asked of the daemon |

#![allow(unsafe_code, reason = "the daemon speaks C: everything comes and goes as an address")]

mod abi;
mod bytes;
mod calls;
mod event;
mod host;
mod instance;
mod layout;
mod packet;
mod restore;
mod tables;

use abi::{BFuncs, BInfo, ERROR, OK, PInfo, Rc};
use file_daemon_plugin::ffi::guard;
use std::ffi::c_void;

/// The daemon loads the plugin. A daemon of an unknown version is offered nothing.
///
/// # Safety
/// The addresses are null, or the daemon's own, of what its interface says.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the daemon looks for this name")]
pub(crate) unsafe extern "C" fn loadPlugin(
    info: *const BInfo,
    functions: *const BFuncs,
    our_info: *mut *const PInfo,
    our_functions: *mut *const c_void,
) -> Rc {
    let load = || {
        // SAFETY: the daemon gives its own structures, which live as long as it does.
        let (info, known) = unsafe { (info.as_ref(), functions.as_ref()) };
        let (Some(info), Some(known)) = (info, known) else { return ERROR };
        let Some(tables) = tables::of(info.version) else { return ERROR };
        if our_info.is_null() || our_functions.is_null() || !host::keep(known, info.version) {
            return ERROR;
        }
        // SAFETY: neither address is null, and the daemon made both for this.
        unsafe {
            *our_info = tables.info;
            *our_functions = tables.functions;
        }
        OK
    };
    guard(load).unwrap_or(ERROR)
}

/// The daemon ends, or did not want the plugin. There is nothing to undo: contexts have ended before.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the daemon looks for this name")]
pub(crate) extern "C" fn unloadPlugin() -> Rc {
    OK
}
