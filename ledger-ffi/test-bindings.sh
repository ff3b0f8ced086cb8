#!/usr/bin/env bash
# Builds the library, generates the bindings of a language, and runs that
# language's tests against the command line's answers.
#
#   ledger-ffi/test-bindings.sh python
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
python) ;;
kotlin | swift)
    echo "test-bindings: $1 is not yet tested" >&2
    exit 2
    ;;
*)
    echo "usage: $0 python" >&2
    exit 2
    ;;
esac

target=$(cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
case "$(uname -s)" in
Darwin) library=libledger_ffi.dylib ;;
*) library=libledger_ffi.so ;;
esac

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cargo build --quiet -p ledger-examples --example ledger
cargo build --quiet -p ledger-ffi
cp "$target/debug/$library" "$out/"
cargo run --quiet -p ledger-ffi --features bindgen --bin uniffi-bindgen -- \
    generate --language python --no-format --out-dir "$out" "$out/$library"

PYTHONPATH="$out" PYTHONDONTWRITEBYTECODE=1 LEDGER="$target/debug/examples/ledger" \
    python3 ledger-ffi/tests/python/test_first_light.py -v
