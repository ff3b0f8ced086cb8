#![no_main]

#[path = "../properties/open_sealed.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| property::check(data));
