//! Where the backend's program is. Whoever writes plugin lines may not say: a director must not be
//! able to run programs of its choice on its clients.

#![allow(unsafe_code, reason = "nothing else tells where a shared object lies")]

use std::ffi::{CStr, OsStr};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A variable of the daemon's environment.
const VARIABLE: &str = "SEAWALL_FILE_DAEMON_BACKEND";

/// A file beside the shared object.
const FILE: &str = "seawall-fd.conf";

/// Where packages put it.
const PLACES: &[&str] = &["/usr/bin/seawall", "/usr/local/bin/seawall"];

/// The backend's program.
///
/// # Errors
/// There is none; the text says where it was looked for.
pub(crate) fn find() -> Result<PathBuf, String> {
    let named = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let beside = || own_place().and_then(|object| configured(&object.with_file_name(FILE)));
    let installed = || PLACES.iter().map(PathBuf::from).find(|place| place.is_file());
    let Some(program) = named.or_else(beside).or_else(installed) else {
        return Err(format!(
            "the program seawall was not found\nhint: install it as {}, or write the line \
             `backend = PATH` into {FILE} beside the plugin",
            PLACES.join(" or ")
        ));
    };
    if program.is_absolute() {
        Ok(program)
    } else {
        Err(format!("the backend's program must have an absolute path, {program:?} has none"))
    }
}

/// What a configuration names, if it is there and names something.
fn configured(file: &Path) -> Option<PathBuf> {
    let text = fs::read(file).ok()?;
    text.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at(line.iter().position(|byte| *byte == b'=')?);
        let value = value[1..].trim_ascii();
        (name.trim_ascii() == b"backend" && !value.is_empty())
            .then(|| PathBuf::from(OsStr::from_bytes(value)))
    })
}

/// The file that this code was loaded from.
fn own_place() -> Option<PathBuf> {
    // SAFETY: all zeros are a valid value of these four pointers.
    let mut found: libc::Dl_info = unsafe { std::mem::zeroed() };
    let here = own_place as *const libc::c_void;
    // SAFETY: `here` is an address in loaded code; `found` lives until the call returns.
    if unsafe { libc::dladdr(here, &raw mut found) } == 0 || found.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the loader keeps the name, ended by a zero, as long as the object is loaded, and this
    // function belongs to it.
    let name = unsafe { CStr::from_ptr(found.dli_fname) };
    Some(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_knows_where_it_was_loaded_from() {
        let place = fs::canonicalize(own_place().unwrap()).unwrap();
        assert_eq!(place, fs::canonicalize(std::env::current_exe().unwrap()).unwrap());
    }

    #[test]
    fn the_first_line_that_names_a_program_counts() {
        let file = std::env::temp_dir().join(format!("seawall-fd-{}.conf", std::process::id()));
        fs::write(&file, "# where\n backend=/a b/c \nbackend = /d\n").unwrap();
        assert_eq!(configured(&file), Some(PathBuf::from("/a b/c")));
        fs::write(&file, "backend =\nbackends = /x\n").unwrap();
        assert_eq!(configured(&file), None);
        fs::remove_file(&file).unwrap();
        assert_eq!(configured(&file), None);
    }
}
