#![no_main]

#[path = "../properties/import_other.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| property::check(data));
