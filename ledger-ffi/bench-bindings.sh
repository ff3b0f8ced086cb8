#!/usr/bin/env bash
# What a balance query and a page of 50 expenses cost through the bindings,
# beside the same calls from Rust, on the same database, in turn.
#
#   ledger-ffi/bench-bindings.sh kotlin|swift|python
#
# Fails if one costs more than twice the Rust call and the fixed cost of a call.
# It needs what test-bindings.sh needs, and a release build.
set -euo pipefail
exec "$(dirname "$0")/test-bindings.sh" "${1:-}" bench
