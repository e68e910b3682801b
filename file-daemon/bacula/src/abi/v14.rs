//! Interface version 14: Bacula 9.4 to 9.6.

use super::{IoPkt, Of, OfContext, OfEvent, OfText, OfVariable, Opaque, layout};
use std::ffi::{c_char, c_int};

/// A file that is to be saved.
#[repr(C)]
pub(crate) struct SavePkt {
    pub(crate) pkt_size: i32,
    pub(crate) fname: *const c_char,
    pub(crate) link: *const c_char,
    pub(crate) statp: libc::stat,
    pub(crate) file_type: i32,
    pub(crate) flags: u64,
    pub(crate) no_read: bool,
    pub(crate) portable: bool,
    pub(crate) accurate_found: bool,
    pub(crate) cmd: *const c_char,
    pub(crate) delta_seq: u32,
    pub(crate) object_name: *const c_char,
    pub(crate) object: *const c_char,
    pub(crate) object_len: i32,
    pub(crate) index: i32,
    pub(crate) link_fi: i32,
    pub(crate) pkt_end: i32,
}

/// A file that comes back.
#[repr(C)]
pub(crate) struct RestorePkt {
    pub(crate) pkt_size: i32,
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
    pub(crate) check_stream: Opaque,
}

layout!(SavePkt, 240, pkt_size 0, fname 8, link 16, statp 24, file_type 168, flags 176, no_read 184,
    portable 185, accurate_found 186, cmd 192, delta_seq 200, object_name 208, object 216, object_len 224,
    index 228, link_fi 232, pkt_end 236);
layout!(RestorePkt, 232, pkt_size 0, stream 4, data_stream 8, file_type 12, file_index 16, link_fi 20,
    uid 24, statp 32, attr_ex 176, ofname 184, olname 192, place 200, regex_where 208, replace 216,
    create_status 220, delta_seq 224, pkt_end 228);
layout!(PFuncs, 128, size 0, version 4, new_plugin 8, free_plugin 16, get_plugin_value 24,
    set_plugin_value 32, handle_plugin_event 40, start_backup_file 48, end_backup_file 56,
    start_restore_file 64, end_restore_file 72, plugin_io 80, create_file 88, set_file_attributes 96,
    check_file 104, handle_xacl_data 112, check_stream 120);
