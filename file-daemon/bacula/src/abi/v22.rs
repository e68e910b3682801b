//! Interface version 22: Bacula 11.3 and 13.0. Nobody here has run these daemons: the offsets follow
//! from their declarations, and every packet's own size and end mark are compared before it is used.

pub(crate) use super::v21::RestorePkt;
use super::{IoPkt, Of, OfContext, OfEvent, OfText, OfVariable, Opaque, layout};
use std::ffi::{c_char, c_void};

/// A piece of state for the director; the same in later versions.
#[repr(C)]
pub(crate) struct RestoreObject {
    pub(crate) object_name: *const c_char,
    pub(crate) object: *const c_char,
    pub(crate) object_len: i32,
    pub(crate) index: i32,
    pub(crate) object_compression: i32,
}

/// What this plugin does not use; the same in later versions.
#[repr(C)]
pub(crate) struct PluginObject {
    pub(crate) texts: [*const c_char; 7],
    pub(crate) object_size: u64,
    pub(crate) status: i32,
    pub(crate) count: u32,
}

/// A file that is to be saved.
#[repr(C)]
pub(crate) struct SavePkt {
    pub(crate) pkt_size: i32,
    pub(crate) fname: *const c_char,
    pub(crate) snap_fname: *const c_char,
    pub(crate) plugin_mode: i32,
    pub(crate) link: *const c_char,
    pub(crate) statp: libc::stat,
    pub(crate) file_type: i32,
    pub(crate) flags: u64,
    pub(crate) no_read: bool,
    pub(crate) portable: bool,
    pub(crate) accurate_found: bool,
    pub(crate) do_dedup: bool,
    pub(crate) cmd: *const c_char,
    pub(crate) restore_obj: RestoreObject,
    pub(crate) plugin_obj: PluginObject,
    pub(crate) plug_meta: *const c_void,
    pub(crate) delta_seq: u32,
    pub(crate) link_fi: i32,
    pub(crate) pkt_end: i32,
}

/// The plugin's functions.
#[repr(C)]
pub(crate) struct PFuncs {
    pub(crate) size: u32,
    pub(crate) version: u32,
    pub(crate) new_plugin: OfContext,
    pub(crate) free_plugin: OfContext,
    pub(crate) get_plugin_value: OfVariable,
    pub(crate) set_plugin_value: OfVariable,
    pub(crate) handle_plugin_event: OfEvent,
    pub(crate) start_backup_file: Of<SavePkt>,
    pub(crate) end_backup_file: OfContext,
    pub(crate) start_restore_file: OfText,
    pub(crate) end_restore_file: OfContext,
    pub(crate) plugin_io: Of<IoPkt>,
    pub(crate) create_file: Of<RestorePkt>,
    pub(crate) set_file_attributes: Of<RestorePkt>,
    pub(crate) check_file: OfText,
    pub(crate) handle_xacl_data: Opaque,
    pub(crate) restore_file_list: Opaque,
    pub(crate) check_stream: Opaque,
    pub(crate) query_parameter: Opaque,
    pub(crate) metadata_restore: Opaque,
}

layout!(RestoreObject, 32, object_name 0, object 8, object_len 16, index 20, object_compression 24);
layout!(PluginObject, 72, texts 0, object_size 56, status 64, count 68);
layout!(SavePkt, 344, pkt_size 0, fname 8, snap_fname 16, plugin_mode 24, link 32, statp 40, file_type 184,
    flags 192, no_read 200, portable 201, accurate_found 202, do_dedup 203, cmd 208, restore_obj 216,
    plugin_obj 248, plug_meta 320, delta_seq 328, link_fi 332, pkt_end 336);
layout!(PFuncs, 152, size 0, version 4, new_plugin 8, free_plugin 16, get_plugin_value 24,
    set_plugin_value 32, handle_plugin_event 40, start_backup_file 48, end_backup_file 56,
    start_restore_file 64, end_restore_file 72, plugin_io 80, create_file 88, set_file_attributes 96,
    check_file 104, handle_xacl_data 112, restore_file_list 120, check_stream 128, query_parameter 136,
    metadata_restore 144);
