#!/usr/bin/env bash
# How large the stripped release library of this machine is, with SQLCipher and
# without, and what its largest parts are (if `cargo install cargo-bloat` was run).
# As many builds as feature sets: minutes each.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$(cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

size() {
    local name=$1
    shift
    cargo build --quiet --release -p ledger-ffi --lib "$@"
    strip -o "$out/stripped.so" "$target/release/libledger_ffi.so"
    printf '%-24s %6d KiB, %d KiB as gzip packs it\n' "$name" \
        $(($(stat -c %s "$out/stripped.so") / 1024)) \
        $(($(gzip -9 <"$out/stripped.so" | wc -c) / 1024))
}

size "plain SQLite" --no-default-features --features plain-sqlite
size "SQLCipher and OpenSSL" --features sqlcipher
if cargo bloat --version >/dev/null 2>&1; then
    cargo bloat --release -p ledger-ffi --lib --crates -n 12
    # What is in C is one part for it.
    cargo bloat --release -p ledger-ffi --lib -n 12
else
    echo "!!! SKIPPED: the largest parts: cargo-bloat is not installed" >&2
fi
