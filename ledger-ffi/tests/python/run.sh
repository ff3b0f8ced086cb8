# Part of test-bindings.sh: the wheel in a fresh virtual environment.
[[ -x $tools/maturin/bin/maturin ]] || {
    python3 -m venv "$tools/maturin" &&
        "$tools/maturin/bin/pip" install --quiet 'maturin>=1.16,<2'
} || skip "maturin could not be installed"

# maturin also runs the program that writes the bindings, which has a feature of its own. With
# it in both, what they depend on is compiled once. It adds nothing to the library.
options=(--profile dev --features bindgen)
[[ $what == scenario ]] || options=(--release)
(cd ledger-ffi && "$tools/maturin/bin/maturin" build --quiet \
    "${options[@]}" --interpreter python3 --out "$out/wheels")
python3 -m venv "$out/venv"
"$out/venv/bin/pip" install --quiet --no-index "$out"/wheels/*.whl

if [[ $what == bench ]]; then
    bench_rust
    "$out/venv/bin/python" ledger-ffi/bench/bench.py "$out/bench/bench_rust" "$out/bench"
    return
fi

export PYTHONDONTWRITEBYTECODE=1
fixtures
LEDGER=$target/debug/examples/ledger \
    "$out/venv/bin/python" ledger-ffi/tests/python/test_command_line.py
"$out/venv/bin/python" ledger-ffi/tests/python/test_guide.py
"$out/venv/bin/python" ledger-ffi/tests/python/scenario.py "$out/fixtures" | tee "$out/steps"
compare "$out/steps"
