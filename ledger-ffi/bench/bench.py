"""Run by ledger-ffi/bench-bindings.sh: bench.py RUST_PROGRAM FOLDER."""

import statistics
import subprocess
import sys
import time

from group_ledger import Ledger

ROUNDS = 15
CALLS = {"balances": 2_000, "page": 200}

rust = subprocess.Popen(
    [sys.argv[1], sys.argv[2]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)
assert rust.stdout.readline() == "ready\n"
path = f"{sys.argv[2]}/bench.db"
ledger = Ledger.open_with_key_file(path, f"{path}.keys", False)
group = ledger.group(ledger.groups()[0].id)
lists = group.lists()


def by_rust(what, calls):
    rust.stdin.write(f"{what} {calls}\n")
    rust.stdin.flush()
    return int(rust.stdout.readline()) / calls


def here(call, calls):
    begun = time.perf_counter_ns()
    for _ in range(calls):
        call()
    return (time.perf_counter_ns() - begun) / calls


def page():
    assert len(lists.expenses(limit=50)) == 50


missed = False
for what, call in (("balances", group.balances().now), ("page", page)):
    calls = CALLS[what]
    by_rust(what, calls), here(call, calls)
    here(group.id, 2_000)
    rounds = [
        (by_rust(what, calls), here(call, calls), here(group.id, 500)) for _ in range(ROUNDS)
    ]
    ratio = statistics.median((own - fixed) / of_rust for of_rust, own, fixed in rounds)
    of_rust, own, fixed = (statistics.median(column) for column in zip(*rounds))
    verdict = "reached" if ratio <= 2 else "MISSED"
    missed |= ratio > 2
    print(
        f"python: {what}: Rust {of_rust / 1e3:.1f} µs, bindings {own / 1e3:.1f} µs, of which "
        f"{fixed / 1e3:.1f} µs as for any call; the rest is {ratio:.2f} times Rust "
        f"(limit 2: {verdict})"
    )
rust.stdin.close()
ledger.close()
sys.exit(missed)
