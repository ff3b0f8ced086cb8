//! Writes the bindings of a language; see `ledger-ffi/test-bindings.sh`.

fn main() {
    uniffi::uniffi_bindgen_main()
}
