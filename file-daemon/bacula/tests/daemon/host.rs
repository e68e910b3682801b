//! The daemon's side of the interface: its functions, and what it knows of a job.

use crate::version::Version;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::Mutex;
use std::thread::{self, ThreadId};

/// One for each job; the plugin's context points to it.
pub(crate) struct Host {
    pub(crate) messages: Mutex<Vec<(i32, String)>>,
    numbers: Mutex<BTreeMap<i32, i32>>,
    texts: Mutex<BTreeMap<i32, CString>>,
    /// The only thread that messages may come from.
    thread: ThreadId,
}

impl Host {
    pub(crate) fn new(version: &Version) -> Self {
        let [place, rule, daemon, previous, replace, files] = version.variables;
        let text = |text: &str| CString::new(text).unwrap();
        let numbers = [(1, 7), (3, i32::from(b'F')), (4, i32::from(b'B')), (7, i32::from(b'R'))];
        let mut numbers = BTreeMap::from(numbers);
        numbers.extend([(8, 1_600_000_000), (9, 0), (replace, i32::from(b'a')), (files, 0)]);
        let mut texts = BTreeMap::from([(5, text("the-client")), (6, text("job.2026_05"))]);
        texts.extend([(13, text("/working")), (place, text("/where")), (daemon, text("9.9.9"))]);
        texts.insert(previous, text("job.2026_04"));
        assert!(!texts.contains_key(&rule));
        Self {
            messages: Mutex::default(),
            numbers: Mutex::new(numbers),
            texts: Mutex::new(texts),
            thread: thread::current().id(),
        }
    }

    pub(crate) fn set_number(&self, variable: i32, value: i32) {
        self.numbers.lock().unwrap().insert(variable, value);
    }

    pub(crate) fn set_text(&self, variable: i32, value: Option<&str>) {
        let mut texts = self.texts.lock().unwrap();
        match value {
            Some(value) => texts.insert(variable, CString::new(value).unwrap()),
            None => texts.remove(&variable),
        };
    }
}

/// The daemon's table of functions. A variadic function cannot be declared here; one that takes what
/// the plugin gives is called in the same way on the machines that the plugin is made for.
pub(crate) fn functions(number: u32) -> [u64; 21] {
    let mut table = [0; 21];
    table[0] = u64::from(number) << 32 | 168;
    table[2] = get_value as *const () as u64;
    table[4] = job_message as *const () as u64;
    table[5] = debug_message as *const () as u64;
    table
}

/// The daemon's part of a context, and the plugin's.
pub(crate) type Context = [*mut c_void; 2];

unsafe fn host<'a>(context: *mut Context) -> &'a Host {
    unsafe { &*(*context)[0].cast::<Host>() }
}

unsafe extern "C" fn get_value(
    context: *mut Context,
    variable: c_int,
    value: *mut c_void,
) -> c_int {
    let host = unsafe { host(context) };
    if let Some(number) = host.numbers.lock().unwrap().get(&variable) {
        unsafe { *value.cast::<c_int>() = *number };
    } else if let Some(text) = host.texts.lock().unwrap().get(&variable) {
        unsafe { *value.cast::<*const c_char>() = text.as_ptr() };
    }
    0
}

unsafe extern "C" fn job_message(
    context: *mut Context,
    source: *const c_char,
    _line: c_int,
    kind: c_int,
    _time: i64,
    format: *const c_char,
    text: *const c_char,
) -> c_int {
    let (source, format, text) =
        unsafe { (CStr::from_ptr(source), CStr::from_ptr(format), CStr::from_ptr(text)) };
    let host = unsafe { host(context) };
    assert_eq!((source, format), (c"seawall-fd", c"%s"));
    assert_eq!(thread::current().id(), host.thread, "a message from a foreign thread");
    let text = text.to_str().unwrap();
    assert!(text.len() < 2000 && text.ends_with('\n'), "{text:?}");
    host.messages.lock().unwrap().push((kind, text.trim_end().to_owned()));
    0
}

unsafe extern "C" fn debug_message(
    context: *mut Context,
    _source: *const c_char,
    _line: c_int,
    level: c_int,
    _format: *const c_char,
    _text: *const c_char,
) -> c_int {
    let _ = unsafe { host(context) };
    assert!(level >= 100);
    0
}
