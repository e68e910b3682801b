#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| file_daemon_backend::line::fuzz::plugin_line(data));
