//! The shared object: built once, with its panics on command, and loaded as the daemon does.

use crate::version::Version;
use fixtures::{Scratch, StandInBackend};
use std::ffi::{CString, c_char, c_int, c_void};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Builds it, and says where it is.
pub(crate) fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bacula");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--locked", "--offline", "-p", env!("CARGO_PKG_NAME")]);
        cargo.args(["--features", "panics", "--target-dir"]).arg(&target);
        fixtures::run(cargo.current_dir(env!("CARGO_MANIFEST_DIR"))).ok();
        target.join("debug/libseawall_bacula_fd.so")
    })
}

/// A copy in a directory of its own, with its backend: a library of its own to the loader.
pub(crate) struct Object {
    pub(crate) backend: StandInBackend,
    handle: *mut c_void,
    /// Goes when the library has gone.
    _scratch: Scratch,
}

type Load = unsafe extern "C" fn(
    *const [u32; 2],
    *const c_void,
    *mut *const [u64; 7],
    *mut *const c_void,
) -> c_int;

impl Object {
    pub(crate) fn new() -> Self {
        let scratch = Scratch::new();
        let backend = StandInBackend::install(scratch.path());
        let place = scratch.join("seawall-fd.so");
        fs::copy(built(), &place).unwrap();
        let configuration = format!("# a test\nbackend = {}\n", backend.program().display());
        fs::write(scratch.join("seawall-fd.conf"), configuration).unwrap();
        let name = CString::new(place.as_os_str().as_bytes()).unwrap();
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) };
        assert!(!handle.is_null(), "{place:?} cannot be loaded");
        Self { backend, handle, _scratch: scratch }
    }

    fn symbol(&self, name: &std::ffi::CStr) -> *mut c_void {
        let address = unsafe { libc::dlsym(self.handle, name.as_ptr()) };
        assert!(!address.is_null(), "{name:?} is missing");
        address
    }

    /// What the plugin answers to a daemon of this version: its functions.
    pub(crate) fn load(&self, number: u32, functions: *const c_void) -> Option<*const c_void> {
        let load: Load = unsafe { std::mem::transmute(self.symbol(c"loadPlugin")) };
        let info = [8, number];
        let (mut ours, mut table) = (std::ptr::null(), std::ptr::null());
        let rc = unsafe { load(&raw const info, functions, &raw mut ours, &raw mut table) };
        if rc != 0 {
            assert!(ours.is_null() && table.is_null(), "it refused, and gave something");
            return None;
        }
        let about = unsafe { *ours };
        assert_eq!(about[0], u64::from(number) << 32 | 56);
        let text = |address: u64| unsafe {
            std::ffi::CStr::from_ptr(address as *const c_char).to_str().unwrap().to_owned()
        };
        assert_eq!((text(about[1]), text(about[2])), ("*FDPluginData*".into(), "AGPLv3".into()));
        assert!(about[3..].iter().all(|address| !text(*address).is_empty()));
        Some(table)
    }

    pub(crate) fn load_with_null(&self) -> c_int {
        let load: Load = unsafe { std::mem::transmute(self.symbol(c"loadPlugin")) };
        use std::ptr::{null, null_mut};
        unsafe { load(null(), null(), null_mut(), null_mut()) }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let unload: unsafe extern "C" fn() -> c_int =
            unsafe { std::mem::transmute(self.symbol(c"unloadPlugin")) };
        unsafe {
            assert_eq!(unload(), 0);
            libc::dlclose(self.handle);
        }
    }
}

#[test]
fn only_the_two_entry_points_are_exported() {
    let output = Command::new("nm").args(["-D", "--defined-only"]).arg(built()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = text.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(names, ["loadPlugin", "unloadPlugin"]);
}

#[test]
fn a_daemon_of_an_unknown_version_is_offered_nothing() {
    let object = Object::new();
    for number in [0, 10, 13, 15, 20, 24, u32::MAX] {
        let table = crate::host::functions(number);
        assert_eq!(object.load(number, table.as_ptr().cast()), None, "{number}");
    }
    assert_eq!(object.load_with_null(), 2);
}

#[test]
fn every_known_version_gets_its_own_table() {
    let object = Object::new();
    for Version { number, functions, .. } in crate::version::VERSIONS {
        let table = crate::host::functions(number);
        let given = object.load(number, table.as_ptr().cast()).unwrap();
        let head = unsafe { *given.cast::<[u32; 2]>() };
        assert_eq!(head, [functions, number]);
    }
}
