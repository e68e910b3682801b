//! Interface version 21: Bacula 11.0. Nobody here has run this daemon: the offsets follow from its
//! declarations, and every packet's own size and end mark are compared before it is used.

use super::{IoPkt, Of, OfContext, OfEvent, OfText, OfVariable, Opaque, layout};
use std::ffi::{c_char, c_int};

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
    pub(crate) delta_seq: u32,
    pub(crate) object_name: *const c_char,
    pub(crate) object: *const c_char,
    pub(crate) object_len: i32,
    pub(crate) index: i32,
    pub(crate) link_fi: i32,
    pub(crate) pkt_end: i32,
}

/// A file that comes back; the same in later versions.
#[repr(C)]
pub(crate) struct RestorePkt {
    pub(crate) pkt_size: i32,
    pub(crate) plugin_mode: i32,
    pub(crate) stream: i32,
    pub(crate) data_stream: i32,
    pub(crate) file_type: i32,
    pub(crate) file_index: i32,
    pub(crate) link_fi: i32,
    pub(crate) uid: u32,
    pub(crate) statp: libc::stat,
    pub(crate) attr_ex: *const c_char,
    pub(crate) ofname: *const c_char,
    pub(crate) olname: *const c_char,
    pub(crate) place: *const c_char,
    pub(crate) regex_where: *const c_char,
    pub(crate) replace: c_int,
    pub(crate) create_status: c_int,
    pub(crate) delta_seq: u32,
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
}

layout!(SavePkt, 256, pkt_size 0, fname 8, snap_fname 16, plugin_mode 24, link 32, statp 40, file_type 184,
    flags 192, no_read 200, portable 201, accurate_found 202, do_dedup 203, cmd 208, delta_seq 216,
    object_name 224, object 232, object_len 240, index 244, link_fi 248, pkt_end 252);
layout!(RestorePkt, 232, pkt_size 0, plugin_mode 4, stream 8, data_stream 12, file_type 16, file_index 20,
    link_fi 24, uid 28, statp 32, attr_ex 176, ofname 184, olname 192, place 200, regex_where 208,
    replace 216, create_status 220, delta_seq 224, pkt_end 228);
layout!(PFuncs, 144, size 0, version 4, new_plugin 8, free_plugin 16, get_plugin_value 24,
    set_plugin_value 32, handle_plugin_event 40, start_backup_file 48, end_backup_file 56,
    start_restore_file 64, end_restore_file 72, plugin_io 80, create_file 88, set_file_attributes 96,
    check_file 104, handle_xacl_data 112, restore_file_list 120, check_stream 128, query_parameter 136);
