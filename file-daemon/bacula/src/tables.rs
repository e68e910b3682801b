//! What each version of the daemon is given.

use crate::abi::{PInfo, v14, v21, v22, v23};
use crate::bytes::plugin_io;
use crate::calls::{
    check_file, end_backup_file, end_restore_file, free_plugin, handle_plugin_event, new_plugin,
    start_backup_file, start_restore_file,
};
use crate::layout::{Layout, V14, V21, V22, V23};
use crate::restore::{create_file, set_file_attributes};
use std::ffi::c_void;

/// Two tables that live as long as the daemon.
pub(crate) struct Tables {
    pub(crate) info: *const PInfo,
    pub(crate) functions: *const c_void,
}

/// Addresses of constants may be read by all.
struct Constant<T>(T);

// SAFETY: what is in it is never written, and what it points to neither.
unsafe impl<T> Sync for Constant<T> {}

/// A table's own size. The tables have at most a few hundred bytes.
#[allow(clippy::cast_possible_truncation, reason = "a table has a few hundred bytes")]
const fn size_of_table<T>() -> u32 {
    size_of::<T>() as u32
}

const fn info(version: u32) -> Constant<PInfo> {
    Constant(PInfo {
        size: size_of_table::<PInfo>(),
        version,
        magic: c"*FDPluginData*".as_ptr(),
        license: c"AGPLv3".as_ptr(),
        author: c"The Seawall developers".as_ptr(),
        date: c"2026".as_ptr(),
        plugin_version: VERSION.as_ptr().cast(),
        description: c"Seawall: hot backups of databases".as_ptr(),
    })
}

/// Ended by a zero, as C wants it.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

macro_rules! tables {
    ($($layout:ident $module:ident { $($missing:ident)* })*) => {
        /// The tables of an interface version, if it is a known one.
        pub(crate) fn of(version: u32) -> Option<Tables> {
            match version {
                $($layout::VERSION => {
                    static INFO: Constant<PInfo> = info($layout::VERSION);
                    static FUNCTIONS: Constant<$module::PFuncs> = Constant($module::PFuncs {
                        size: size_of_table::<$module::PFuncs>(),
                        version: $layout::VERSION,
                        new_plugin,
                        free_plugin,
                        get_plugin_value: None,
                        set_plugin_value: None,
                        handle_plugin_event: handle_plugin_event::<$layout>,
                        start_backup_file: start_backup_file::<$layout>,
                        end_backup_file: end_backup_file::<$layout>,
                        start_restore_file: start_restore_file::<$layout>,
                        end_restore_file,
                        plugin_io: plugin_io::<$layout>,
                        create_file: create_file::<$layout>,
                        set_file_attributes: set_file_attributes::<$layout>,
                        check_file: check_file::<$layout>,
                        handle_xacl_data: None,
                        check_stream: None,
                        $($missing: None,)*
                    });
                    let functions = (&raw const FUNCTIONS.0).cast();
                    Some(Tables { info: &raw const INFO.0, functions })
                })*
                _ => None,
            }
        }
    };
}

// What the daemon may find missing, and this plugin has no use for.
tables! {
    V14 v14 {}
    V21 v21 { restore_file_list query_parameter }
    V22 v22 { restore_file_list query_parameter metadata_restore }
    V23 v23 {
        restore_file_list query_parameter metadata_restore start_verify_file end_verify_file
    }
}
