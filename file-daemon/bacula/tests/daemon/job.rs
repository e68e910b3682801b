//! A job of the daemon: what it calls, and in which order.

use crate::host::{Context, Host, functions};
use crate::object::Object;
use crate::version::Version;
use std::ffi::{CStr, CString, c_char, c_int, c_void};

type Call = unsafe extern "C" fn(*mut Context, *mut c_void) -> c_int;
type Event = unsafe extern "C" fn(*mut Context, *const u32, *mut c_void) -> c_int;

/// Places of functions in the plugin's table.
pub(crate) const NEW: usize = 1;
pub(crate) const FREE: usize = 2;
pub(crate) const EVENT: usize = 5;
pub(crate) const START: usize = 6;
pub(crate) const END: usize = 7;
pub(crate) const START_RESTORE: usize = 8;
pub(crate) const IO: usize = 10;
pub(crate) const CREATE: usize = 11;
pub(crate) const ATTRIBUTES: usize = 12;
pub(crate) const CHECK: usize = 13;

pub(crate) struct Job<'a> {
    /// The plugin lives as long as its jobs.
    _object: &'a Object,
    pub(crate) version: &'static Version,
    pub(crate) host: Box<Host>,
    pub(crate) context: Box<Context>,
    table: *const [usize; 16],
    /// The daemon's own table lives as long as it does.
    _functions: &'static [u64; 21],
}

/// An address that another thread may use.
#[derive(Clone, Copy)]
pub(crate) struct Shared(pub(crate) *mut Context, pub(crate) usize);

unsafe impl Send for Shared {}

impl Shared {
    /// The director cancels: the daemon tells the plugin from another thread.
    pub(crate) fn cancel(&self) {
        let event: Event = unsafe { std::mem::transmute(self.1) };
        assert_eq!(unsafe { event(self.0, &14, std::ptr::null_mut()) }, 0);
    }
}

/// A packet of bytes.
#[repr(C)]
pub(crate) struct Io {
    size: i32,
    func: i32,
    count: i32,
    flags: i32,
    mode: u32,
    buffer: *mut c_char,
    name: *const c_char,
    pub(crate) status: i32,
    pub(crate) errno: i32,
    lerror: i32,
    whence: i32,
    offset: i64,
    win32: u8,
    end: i32,
}

impl<'a> Job<'a> {
    pub(crate) fn new(object: &'a Object, version: &'static Version) -> Self {
        let functions = Box::leak(Box::new(functions(version.number)));
        let table = object.load(version.number, functions.as_ptr().cast()).unwrap().cast();
        let host = Box::new(Host::new(version));
        let known = (&raw const *host).cast_mut().cast();
        let context = Box::new([known, std::ptr::null_mut()]);
        let job = Self { _object: object, version, host, context, table, _functions: functions };
        assert_eq!(job.call(NEW, std::ptr::null_mut()), 0);
        job.event_text(1, "JobId=7 Job=job.2026_05");
        job
    }

    pub(crate) fn shared(&self) -> Shared {
        Shared(self.pointer(), unsafe { (*self.table)[EVENT] })
    }

    fn pointer(&self) -> *mut Context {
        (&raw const *self.context).cast_mut()
    }

    pub(crate) fn call(&self, function: usize, value: *mut c_void) -> c_int {
        let call: Call = unsafe { std::mem::transmute((*self.table)[function]) };
        unsafe { call(self.pointer(), value) }
    }

    pub(crate) fn event(&self, kind: u32, value: *mut c_void) -> c_int {
        let event: Event = unsafe { std::mem::transmute((*self.table)[EVENT]) };
        unsafe { event(self.pointer(), &raw const kind, value) }
    }

    pub(crate) fn event_text(&self, kind: u32, text: &str) -> c_int {
        let text = CString::new(text).unwrap();
        self.event(kind, text.as_ptr().cast_mut().cast())
    }

    /// What comes before the first file, of any backup or estimate.
    pub(crate) fn fileset(&self, line: &str) {
        self.event(13, 1_700_000_001 as *mut c_void);
        self.event(12, usize::from(b'F') as *mut c_void);
        self.event_text(20, line);
        self.event(19, std::ptr::null_mut());
    }

    /// A read, a write or another thing with a file's bytes: the packet as the plugin left it.
    pub(crate) fn io(&self, func: i32, buffer: &mut [u8]) -> Io {
        let name = c"/a/name";
        let mut io = Io {
            size: 72,
            func,
            count: i32::try_from(buffer.len()).unwrap(),
            flags: 0,
            mode: 0o600,
            buffer: buffer.as_mut_ptr().cast(),
            name: name.as_ptr(),
            // What an earlier call left there: the daemon does not clear it.
            status: 77,
            errno: 77,
            lerror: 77,
            whence: 0,
            offset: 77,
            win32: 1,
            end: 72,
        };
        let rc = self.call(IO, (&raw mut io).cast());
        assert_eq!(rc == 0, io.status >= 0);
        assert_eq!((io.lerror, io.offset, io.win32), (0, 0, 0));
        assert_eq!(io.errno != 0, io.status < 0);
        io
    }

    /// Messages of one severity: 0 fatal, 1 error, 2 warning, 3 information.
    pub(crate) fn messages(&self, severity: usize) -> Vec<String> {
        let wanted = self.version.messages[severity];
        let all = self.host.messages.lock().unwrap();
        all.iter().filter(|(kind, _)| *kind == wanted).map(|(_, text)| text.clone()).collect()
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        assert_eq!(self.call(FREE, std::ptr::null_mut()), 0);
        assert!(self.context[1].is_null());
        // The daemon is quiet after that, but not every thread of it has heard so yet.
        self.shared().cancel();
    }
}

/// A packet as bytes: every field is where the version has it.
pub(crate) struct Packet(pub(crate) [u64; 64]);

impl Packet {
    pub(crate) fn new(size: usize, end: usize) -> Self {
        let mut packet = Self([0; 64]);
        packet.put_i32(0, i32::try_from(size).unwrap());
        packet.put_i32(end, i32::try_from(size).unwrap());
        packet
    }

    fn at(&self, offset: usize) -> *mut u8 {
        (&raw const self.0).cast_mut().cast::<u8>().wrapping_add(offset)
    }

    pub(crate) fn put_i32(&mut self, offset: usize, value: i32) {
        unsafe { self.at(offset).cast::<i32>().write(value) };
    }

    pub(crate) fn put_u64(&mut self, offset: usize, value: u64) {
        unsafe { self.at(offset).cast::<u64>().write(value) };
    }

    pub(crate) fn i32(&self, offset: usize) -> i32 {
        unsafe { self.at(offset).cast::<i32>().read() }
    }

    pub(crate) fn u64(&self, offset: usize) -> u64 {
        unsafe { self.at(offset).cast::<u64>().read() }
    }

    pub(crate) fn byte(&self, offset: usize) -> u8 {
        unsafe { self.at(offset).read() }
    }

    pub(crate) fn text(&self, offset: usize) -> String {
        let address = self.u64(offset) as *const c_char;
        unsafe { CStr::from_ptr(address) }.to_str().unwrap().to_owned()
    }

    pub(crate) fn bytes(&self, offset: usize, length: usize) -> Vec<u8> {
        let address = self.u64(offset) as *const u8;
        unsafe { std::slice::from_raw_parts(address, length) }.to_vec()
    }

    pub(crate) fn stat(&self, offset: usize) -> libc::stat {
        unsafe { self.at(offset).cast::<libc::stat>().read() }
    }

    pub(crate) fn pointer(&mut self) -> *mut c_void {
        (&raw mut self.0).cast()
    }
}
