//! Files that come back.

use crate::abi::{BpContext, CF_CORE, CF_ERROR, ERROR, OK, Rc};
use crate::host::Host;
use crate::instance::{Instance, call};
use crate::layout::{Layout, RestorePacket};
use crate::packet;
use file_daemon_plugin::ffi::bytes;
use file_daemon_plugin::{Create, Reply};

/// A file comes back.
pub(crate) unsafe extern "C" fn create_file<L: Layout>(
    context: *mut BpContext,
    packet: *mut L::Restore,
) -> Rc {
    // SAFETY: the daemon's packet is its own until this returns, or there is none.
    let Some(packet) = (unsafe { packet.as_mut() }) else { return ERROR };
    let mut status = CF_ERROR;
    let rc = call::<L>(context, |instance, host| {
        if !packet.is_known() {
            instance
                .context
                .panicked(host, "the packet of a file that comes back has an unknown layout");
            return ERROR;
        }
        instance.provoke("create");
        let reply = reply(instance, host, packet);
        instance.present().is_core = reply == Reply::Core;
        status = packet::status(reply);
        OK
    });
    packet.answer(status);
    rc
}

fn reply<L: Layout>(instance: &Instance, host: &Host<L>, packet: &L::Restore) -> Reply {
    let Some(file_type) = packet::file_type(packet.file_type()) else { return Reply::Core };
    let (place, link) = packet.names();
    // SAFETY: the daemon's packet holds texts that end with a zero, or none.
    let (place, link) = unsafe { (bytes(place), bytes(link)) };
    let stat = packet.stat();
    let file = Create {
        place: &place,
        file_type,
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        size: stat.st_size,
        mtime: stat.st_mtime,
        link: &link,
    };
    instance.context.create(host, &file)
}

/// What the daemon writes itself, it gives owner, mode and time only if it is told so a second time.
pub(crate) unsafe extern "C" fn set_file_attributes<L: Layout>(
    context: *mut BpContext,
    packet: *mut L::Restore,
) -> Rc {
    call::<L>(context, |instance, _| {
        // SAFETY: as in `create_file`.
        let Some(packet) = (unsafe { packet.as_mut() }) else { return ERROR };
        if instance.present().is_core && packet.is_known() {
            packet.answer(CF_CORE);
        }
        OK
    })
}
