#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzz::plugin_line(data));
