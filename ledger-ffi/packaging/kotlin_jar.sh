#!/usr/bin/env bash
# Compiles the bindings and the Kotlin layer into a jar:  kotlin_jar.sh OUT.jar
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "$0")/../.."
LEDGER_JAR=$out ledger-ffi/test-bindings.sh kotlin
