#!/usr/bin/env bash
# Makes a Swift package with an XCFramework for iOS, its simulator and macOS.
#
#   ledger-ffi/packaging/apple.sh [OUT]        [default: target/apple]
#
# Needs a Mac with Xcode, and the targets
#   rustup target add aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios \
#       aarch64-apple-darwin x86_64-apple-darwin
# NOT TESTED HERE: lipo and xcodebuild exist on a Mac only. The Swift sources that
# go into the package are those that `test-bindings.sh swift` compiles and runs.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-target/apple}
rm -rf "$out" && mkdir -p "$out/package/Sources/GroupLedger" "$out/headers"

cargo build --quiet -p ledger-ffi
case "$(uname -s)" in Darwin) library=libledger_ffi.dylib ;; *) library=libledger_ffi.so ;; esac
cargo run --quiet -p ledger-ffi --features bindgen --bin uniffi-bindgen -- \
    generate --language swift --no-format --out-dir "$out/generated" "target/debug/$library"
python3 ledger-ffi/swift/quicker.py "$out/generated/GroupLedger.swift"
cp "$out/generated/GroupLedger.swift" ledger-ffi/swift/Sources/GroupLedger/*.swift \
    "$out/package/Sources/GroupLedger/"
cp ledger-ffi/swift/Package.swift "$out/package/"
cp "$out/generated/GroupLedgerFFI.h" "$out/headers/"
cp "$out/generated/GroupLedgerFFI.modulemap" "$out/headers/module.modulemap"

if ! command -v xcodebuild >/dev/null; then
    echo "!!! SKIPPED: the XCFramework: xcodebuild is not here; sources are in $out/package" >&2
    exit 0
fi

# Apple's own cryptography under SQLCipher is not wired up: OpenSSL is compiled in.
for target in aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios \
    aarch64-apple-darwin x86_64-apple-darwin; do
    cargo build --release -p ledger-ffi --target "$target"
done
join() {
    mkdir -p "$out/$1"
    local name=$1
    shift
    lipo -create "${@/%//release/libledger_ffi.a}" -output "$out/$name/libledger_ffi.a"
}
join simulator target/aarch64-apple-ios-sim target/x86_64-apple-ios
join macos target/aarch64-apple-darwin target/x86_64-apple-darwin
xcodebuild -create-xcframework \
    -library target/aarch64-apple-ios/release/libledger_ffi.a -headers "$out/headers" \
    -library "$out/simulator/libledger_ffi.a" -headers "$out/headers" \
    -library "$out/macos/libledger_ffi.a" -headers "$out/headers" \
    -output "$out/package/GroupLedgerFFI.xcframework"
