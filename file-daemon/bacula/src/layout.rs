//! What differs between the versions of the daemon.

use crate::abi::{v14, v21, v22, v23};
use std::ffi::{CStr, c_char, c_int};

/// One version of the daemon's interface.
pub(crate) trait Layout: 'static {
    const VERSION: u32;
    const MESSAGES: Messages;
    const VARIABLES: Variables;
    type Save: SavePacket;
    type Restore: RestorePacket;
}

/// Numbers of messages. A later version put one in between, so that an older one's error would be
/// fatal, and its fatal no failure at all.
pub(crate) struct Messages {
    pub(crate) fatal: c_int,
    pub(crate) error: c_int,
    pub(crate) warning: c_int,
    pub(crate) info: c_int,
}

/// Numbers of variables.
pub(crate) struct Variables {
    pub(crate) place: c_int,
    pub(crate) rule_for_names: c_int,
    pub(crate) version: c_int,
    pub(crate) previous: c_int,
    /// How many files the job has saved so far.
    pub(crate) files: c_int,
    pub(crate) replace: c_int,
}

const OLD_MESSAGES: Messages = Messages { fatal: 3, error: 4, warning: 5, info: 6 };
const NEW_MESSAGES: Messages = Messages { fatal: 4, error: 5, warning: 6, info: 7 };
const NEW_VARIABLES: Variables =
    Variables { place: 15, rule_for_names: 16, version: 18, previous: 20, files: 23, replace: 24 };

/// A file that is to be saved, for the daemon's packet.
pub(crate) struct ToSave<'a> {
    pub(crate) name: &'a CStr,
    pub(crate) link: &'a CStr,
    pub(crate) stat: libc::stat,
    pub(crate) file_type: c_int,
    pub(crate) has_body: bool,
}

/// A piece of state, for the daemon's packet.
pub(crate) struct ToKeep<'a> {
    pub(crate) name: &'a CStr,
    pub(crate) bytes: &'a [u8],
    pub(crate) index: i32,
    pub(crate) file_type: c_int,
}

/// The daemon's packet of a file that is to be saved.
pub(crate) trait SavePacket {
    /// Whether size and end mark are where this version has them.
    fn is_known(&self) -> bool;

    fn file(&mut self, file: &ToSave<'_>);

    /// What it points to must live until the daemon says that this entry is done.
    fn object(&mut self, object: &ToKeep<'_>);
}

/// The daemon's packet of a file that comes back.
pub(crate) trait RestorePacket {
    /// Whether size and end mark are where this version has them.
    fn is_known(&self) -> bool;

    fn file_type(&self) -> c_int;

    fn stat(&self) -> &libc::stat;

    /// Where the daemon would write it, and where a link would point.
    fn names(&self) -> (*const c_char, *const c_char);

    fn answer(&mut self, status: c_int);
}

macro_rules! save_packet {
    ($type:ty, $packet:ident => $object:expr) => {
        impl SavePacket for $type {
            fn is_known(&self) -> bool {
                is_whole::<Self>(self.pkt_size, self.pkt_end)
            }

            fn file(&mut self, file: &ToSave<'_>) {
                self.fname = file.name.as_ptr();
                self.link = file.link.as_ptr();
                self.statp = file.stat;
                self.file_type = file.file_type;
                self.no_read = !file.has_body;
                self.flags &= !crate::abi::FO_UNWANTED;
            }

            fn object(&mut self, object: &ToKeep<'_>) {
                self.file_type = object.file_type;
                self.no_read = true;
                let $packet = self;
                $object.object_name = object.name.as_ptr();
                $object.object = object.bytes.as_ptr().cast();
                $object.object_len = i32::try_from(object.bytes.len()).unwrap_or(0);
                $object.index = object.index;
            }
        }
    };
}

save_packet!(v14::SavePkt, packet => packet);
save_packet!(v21::SavePkt, packet => packet);
save_packet!(v22::SavePkt, packet => packet.restore_obj);
save_packet!(v23::SavePkt, packet => packet.restore_obj);

macro_rules! restore_packet {
    ($type:ty) => {
        impl RestorePacket for $type {
            fn is_known(&self) -> bool {
                is_whole::<Self>(self.pkt_size, self.pkt_end)
            }

            fn file_type(&self) -> c_int {
                self.file_type
            }

            fn stat(&self) -> &libc::stat {
                &self.statp
            }

            fn names(&self) -> (*const c_char, *const c_char) {
                (self.ofname, self.olname)
            }

            fn answer(&mut self, status: c_int) {
                self.create_status = status;
            }
        }
    };
}

restore_packet!(v14::RestorePkt);
restore_packet!(v21::RestorePkt);

/// Whether a packet's own words about its size are those of our structure.
pub(crate) fn is_whole<T>(size: i32, end: i32) -> bool {
    usize::try_from(size).is_ok_and(|size| size == size_of::<T>()) && size == end
}

/// Bacula 9.4 to 9.6.
pub(crate) struct V14;
/// Bacula 11.0.
pub(crate) struct V21;
/// Bacula 11.3 and 13.0.
pub(crate) struct V22;
/// Bacula 15.0.
pub(crate) struct V23;

impl Layout for V14 {
    const VERSION: u32 = 14;
    const MESSAGES: Messages = OLD_MESSAGES;
    const VARIABLES: Variables = Variables {
        place: 14,
        rule_for_names: 15,
        version: 17,
        previous: 20,
        files: 23,
        replace: 24,
    };
    type Save = v14::SavePkt;
    type Restore = v14::RestorePkt;
}

impl Layout for V21 {
    const VERSION: u32 = 21;
    const MESSAGES: Messages = OLD_MESSAGES;
    const VARIABLES: Variables = Variables {
        place: 14,
        rule_for_names: 15,
        version: 17,
        previous: 19,
        files: 22,
        replace: 23,
    };
    type Save = v21::SavePkt;
    type Restore = v21::RestorePkt;
}

impl Layout for V22 {
    const VERSION: u32 = 22;
    const MESSAGES: Messages = NEW_MESSAGES;
    const VARIABLES: Variables = NEW_VARIABLES;
    type Save = v22::SavePkt;
    type Restore = v22::RestorePkt;
}

impl Layout for V23 {
    const VERSION: u32 = 23;
    const MESSAGES: Messages = NEW_MESSAGES;
    const VARIABLES: Variables = NEW_VARIABLES;
    type Save = v23::SavePkt;
    type Restore = v23::RestorePkt;
}
