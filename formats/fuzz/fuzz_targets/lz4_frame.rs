#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::fuzz::lz4_frame(data));
