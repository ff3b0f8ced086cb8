#!/usr/bin/env bash
# Makes group-ledger.aar: the bindings and the Kotlin layer compiled, native
# libraries for three kinds of processors, and rules for code shrinkers.
#
#   ledger-ffi/packaging/android.sh [OUT]        [default: target/android]
#
# Needs the Android NDK (ANDROID_NDK_HOME), cargo-ndk, and the targets
#   rustup target add aarch64-linux-android armv7-linux-androideabi x86_64-linux-android
#
#   LEDGER_ANDROID_LIBRARIES=FOLDER   take the native libraries from there
#       (FOLDER/arm64-v8a/libledger_ffi.so, ...) and build none: everything after
#       the NDK's step runs without it
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-target/android}
rm -rf "$out" && mkdir -p "$out/aar/jni" "$out/classes"

kinds=(arm64-v8a armeabi-v7a x86_64)
if [[ -n ${LEDGER_ANDROID_LIBRARIES:-} ]]; then
    cp -r "$LEDGER_ANDROID_LIBRARIES"/. "$out/aar/jni/"
else
    : "${ANDROID_NDK_HOME:?set it to the folder of the Android NDK}"
    # Newer NDKs align to 16 KiB by themselves; older ones need to be told.
    RUSTFLAGS="${RUSTFLAGS:-} -C link-arg=-Wl,-z,max-page-size=16384" \
        cargo ndk "${kinds[@]/#/--target=}" --output-dir "$out/aar/jni" \
        build --release -p ledger-ffi
fi

# Bindings are read off a library of this machine that is not stripped.
ledger-ffi/packaging/kotlin_jar.sh "$out/classes.jar"
python3 ledger-ffi/packaging/elf_pages.py "$out"/aar/jni/*/libledger_ffi.so
for kind in "${kinds[@]}"; do
    [[ -e $out/aar/jni/$kind/libledger_ffi.so ]] || { echo "no library for $kind" >&2 && exit 1; }
done

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
cp "$out/classes.jar" "$out/aar/classes.jar"
cp ledger-ffi/packaging/proguard.pro "$out/aar/proguard.txt"
touch "$out/aar/R.txt"
cat >"$out/aar/AndroidManifest.xml" <<XML
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="groupledger">
    <uses-sdk android:minSdkVersion="26" />
</manifest>
XML
(cd "$out/aar" && python3 -m zipfile -c "../group-ledger-$version.aar" \
    AndroidManifest.xml R.txt classes.jar proguard.txt jni)

# Coordinates: groupledger:group-ledger:VERSION, with what it needs.
cat >"$out/group-ledger-$version.pom" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>groupledger</groupId>
  <artifactId>group-ledger</artifactId>
  <version>$version</version>
  <packaging>aar</packaging>
  <dependencies>
    <dependency>
      <groupId>net.java.dev.jna</groupId><artifactId>jna</artifactId>
      <version>5.17.0</version><type>aar</type>
    </dependency>
    <dependency>
      <groupId>org.jetbrains.kotlinx</groupId><artifactId>kotlinx-coroutines-core</artifactId>
      <version>1.10.2</version>
    </dependency>
  </dependencies>
</project>
XML
echo "$out/group-ledger-$version.aar"
