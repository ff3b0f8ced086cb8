#!/usr/bin/env bash
# Installs what a language needs, builds the library, generates its bindings,
# compiles the hand-written layer over them, and runs the scenario that is the
# same in all languages.
#
#   ledger-ffi/test-bindings.sh kotlin|swift|python [bench]
#   ledger-ffi/test-bindings.sh kotlin|python tools
#
# With `bench`, it runs the measurements of bench-bindings.sh instead. With `tools`, it only
# installs what a later call needs.
#
#   LEDGER_TOOLS   where compilers are kept between runs
#                  [default: bindings-tools in the target directory]
set -euo pipefail
cd "$(dirname "$0")/.."

language=${1:-} what=${2:-scenario}
case "$language $what" in
"kotlin scenario" | "swift scenario" | "python scenario") profile=debug ;;
"kotlin tools" | "python tools") profile=debug ;;
"kotlin bench" | "swift bench" | "python bench") profile=release ;;
*)
    echo "usage: $0 kotlin|swift|python [bench] | kotlin|python tools" >&2
    exit 2
    ;;
esac

target=$(cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
tools=${LEDGER_TOOLS:-$target/bindings-tools}
mkdir -p "$tools"

skip() {
    printf '!!! SKIPPED: the %s %s: %s\n' "$language" "$what" "$1" |
        tee -a "${LEDGER_SKIPS:-/dev/null}" >&2
    exit 0
}

# What apt-get has to bring, unless FILE is there: install FILE PACKAGE...
install() {
    [[ -e $1 ]] && return
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
        skip "${*:2} cannot be installed without root and apt-get"
    fi
    { apt-get update -qq && apt-get install -qq -y "${@:2}" >/dev/null; } ||
        skip "apt-get could not install ${*:2}"
}

case "$(uname -s)" in
Darwin) library=libledger_ffi.dylib ;;
*) library=libledger_ffi.so ;;
esac

out=$(mktemp -d)
holder=
leave() {
    [[ -z $holder ]] || kill "$holder" 2>/dev/null || true
    for mounted in "$out/full" "$out/readonly/busy.db"; do
        umount "$mounted" 2>/dev/null || true
    done
    rm -rf "$out"
}
trap leave EXIT

build() {
    if [[ $profile == debug ]]; then
        # With the features that the whole workspace has: `cargo test` may have built it.
        cargo build --quiet --workspace --lib --example fixtures --example ledger
    else
        cargo build --quiet --release -p ledger-ffi
    fi
    # Bindings are read off the library: it must not be stripped.
    cp "$target/$profile/$library" "$out/"
}

generate() {
    cargo run --quiet -p ledger-ffi --features bindgen --bin uniffi-bindgen -- \
        generate --language "$1" --no-format --out-dir "$out/generated" "$out/$library"
}

# What the scenario needs that a binding cannot make: databases, a process that
# holds one, and disks that are full or read-only.
fixtures() {
    # With the features that the whole workspace has: `cargo test` may have built both.
    cargo build --quiet --workspace --example fixtures --example ledger
    local fixtures=$target/debug/examples/fixtures
    "$fixtures" "$out/fixtures"
    cp ledger-ffi/tests/unreachable.txt "$out/fixtures/"
    mkfifo "$out/held"
    "$fixtures" "$out/fixtures" hold <"$out/held" >"$out/holding" &
    holder=$!
    exec 9>"$out/held"
    until grep -q holding "$out/holding"; do
        kill -0 "$holder"
        sleep 0.1
    done
    mkdir "$out/full"
    "$fixtures" "$out/readonly"
    local file=$out/readonly/busy.db
    if mount -t tmpfs -o size=1m tmpfs "$out/full" 2>/dev/null &&
        mount --bind "$file" "$file" 2>/dev/null && mount -o remount,ro,bind "$file"; then
        export LEDGER_FULL_DISK=$out/full LEDGER_READ_ONLY_DISK=$out/readonly
    fi
}

# The Rust side of the bench, and a folder for its database.
bench_rust() {
    cargo build --quiet --release -p ledger-ffi --example bench_rust
    mkdir "$out/bench"
    cp "$target/release/examples/bench_rust" "$out/bench/"
}

# The steps that a scenario printed must be those of all languages.
compare() {
    grep '^ok ' "$1" | sed 's/^ok //' | diff ledger-ffi/tests/scenario.txt - ||
        { echo "the $language scenario has other steps than scenario.txt" >&2 && exit 1; }
}

. "ledger-ffi/tests/$language/run.sh"
