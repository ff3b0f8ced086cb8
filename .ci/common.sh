# Sourced by the scripts beside it: sections with the seconds that each took, and loud skips.

names=() took=()
# Scripts that these ones run write their skips into this file, too.
: "${LEDGER_SKIPS:=$(mktemp)}"
export LEDGER_SKIPS

# Begins a section, which ends where the next one begins.
section() {
    end_section
    names+=("$1")
    began=$SECONDS
    printf '\n=== %s\n' "$1"
}

end_section() {
    ((${#names[@]} > ${#took[@]})) || return 0
    took+=($((SECONDS - began)))
    printf -- '--- %s s: %s\n' "${took[-1]}" "${names[-1]}"
}

skipped() {
    printf '!!! SKIPPED: %s\n' "$1" | tee -a "$LEDGER_SKIPS" >&2
}

# The table at the end, also of a run that failed.
finish() {
    local status=$? place
    # What still runs in the background, after a failure: a command, in a shell around it.
    for place in $(jobs -p); do
        { pkill -P "$place" || kill "$place"; } 2>/dev/null || true
    done
    end_section
    printf '\n%8s  section\n' seconds
    for place in "${!names[@]}"; do
        printf '%8s  %s\n' "${took[place]}" "${names[place]}"
    done
    printf '%8s  in all\n' "$SECONDS"
    cat "$LEDGER_SKIPS"
    if ((status)); then
        echo "FAILED: ${names[*]: -1}"
    elif [[ -s $LEDGER_SKIPS ]]; then
        echo "All passed, but for what was skipped"
    else
        echo "All passed"
    fi
    return "$status"
}
trap finish EXIT
