# Part of test-bindings.sh: on Linux, with Debian trixie's Swift in a folder of its own. On a Mac,
# with the Swift that is there.
sources=(ledger-ffi/swift/Sources/GroupLedger/*.swift)

if [[ $(uname -s) == Darwin ]]; then
    command -v swiftc >/dev/null || skip "swiftc is not installed"
    work=$out/work
    mkdir "$work"
    inside() { (cd "$work" && "$@"); }
    seen=$work
else
    root=$tools/swift
    work=$root/work
    seen=/work
    [[ -x $root/usr/bin/swiftc && -e $root/complete ]] || {
        [[ $(id -u) == 0 ]] || skip "debootstrap needs root"
        install /usr/sbin/debootstrap debootstrap
        umount "$root/proc" "$root/dev" 2>/dev/null || true
        rm -rf "$root" && mkdir -p "$root"
        debootstrap --variant=minbase \
            --include=swiftlang,libc6-dev,libstdc++-14-dev,binutils trixie "$root" \
            http://deb.debian.org/debian >"$tools/swift.log" 2>&1 && touch "$root/complete"
    } || skip "debootstrap could not install swiftlang; see $tools/swift.log"
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    rm -rf "$work" && mkdir "$work"
    inside() { chroot "$root" bash -c 'cd /work && "$@"' _ "$@"; }
    leave_swift() {
        umount -R "$work/shared" 2>/dev/null || true
        umount "$root/proc" "$root/dev" 2>/dev/null || true
        leave
    }
    trap leave_swift EXIT
fi

build
generate swift
python3 ledger-ffi/swift/quicker.py "$out/generated/GroupLedger.swift"
cp "$out/generated/"*.swift "$out/generated/"*.h "$out/$library" "${sources[@]}" "$work/"
cp "$out/generated/GroupLedgerFFI.modulemap" "$work/module.modulemap"
# Language mode 5: what UniFFI writes is not yet of mode 6.
flags=(-swift-version 5 -I "$seen" -L "$seen" -lledger_ffi
    -Xcc "-fmodule-map-file=$seen/module.modulemap" -Xlinker -rpath -Xlinker "$seen")
[[ $what == scenario ]] || flags+=(-O)
inside bash -c 'swiftc "$@" -parse-as-library -emit-library -emit-module -module-name GroupLedger \
    -o libGroupLedger.so GroupLedger.swift \
    '"$(for source in "${sources[@]}"; do printf '%s ' "$(basename "$source")"; done)" _ "${flags[@]}"

program() {
    local name=$1
    shift
    mkdir -p "$work/$name"
    cp "$@" "$work/$name/"
    # A file with @main is no script.
    local library=()
    [[ -e $work/$name/main.swift ]] || library=(-parse-as-library)
    inside bash -c 'name=$1; shift; swiftc "$@" -lGroupLedger -o "$name-run" "$name"/*.swift' \
        _ "$name" "${library[@]}" "${flags[@]}"
}

if [[ $what == bench ]]; then
    bench_rust
    mkdir "$work/bench"
    # What the Debian release beside can run, this one can.
    cp "$out/bench/bench_rust" "$work/bench/"
    program measure ledger-ffi/bench/swift/*.swift
    inside ./measure-run "$seen/bench/bench_rust" "$seen/bench"
    return
fi

fixtures
program example examples/swift/*.swift
inside ./example-run
program scenario ledger-ffi/tests/swift/scenario/*.swift
mkdir "$work/shared"
if [[ $work != "$out/work" ]]; then
    mount --rbind "$out" "$work/shared"
fi
shared() { [[ -z ${1:-} ]] || echo "${1/#$out/$seen/shared}"; }
export LEDGER_FULL_DISK=$(shared "${LEDGER_FULL_DISK:-}")
export LEDGER_READ_ONLY_DISK=$(shared "${LEDGER_READ_ONLY_DISK:-}")
if [[ $work == "$out/work" ]]; then
    inside ./scenario-run "$out/fixtures" | tee "$out/steps"
else
    inside ./scenario-run "$seen/shared/fixtures" | tee "$out/steps"
fi
compare "$out/steps"
