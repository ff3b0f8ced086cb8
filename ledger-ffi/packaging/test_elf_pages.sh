#!/usr/bin/env bash
# The page check on libraries made here: one with small pages, one with 16 KiB,
# one of 32 bits if the compiler can, and a file that is none.
set -euo pipefail
cd "$(dirname "$0")"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

echo 'int one(void) { return 1; }' >"$out/one.c"
cc -shared -fPIC -Wl,-z,max-page-size=4096 -o "$out/small.so" "$out/one.c"
cc -shared -fPIC -Wl,-z,max-page-size=16384 -o "$out/good.so" "$out/one.c"
cc -shared -fPIC -Wl,-z,max-page-size=65536 -o "$out/larger.so" "$out/one.c"
echo hello >"$out/text.so"

python3 elf_pages.py "$out/good.so" "$out/larger.so"
if cc -m32 -nostdlib -shared -fPIC -Wl,-z,max-page-size=16384 -o "$out/good32.so" "$out/one.c" 2>/dev/null; then
    python3 elf_pages.py "$out/good32.so"
else
    echo "!!! SKIPPED: a library of 32 bits: this compiler makes none" >&2
fi
for bad in small text missing; do
    if python3 elf_pages.py "$out/$bad.so" 2>/dev/null; then
        echo "$bad.so passed" >&2
        exit 1
    fi
done
echo "1 passed, 0 failed"
