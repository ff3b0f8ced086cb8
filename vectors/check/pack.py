"""Packs histories and their verdicts, as the program `histories` writes them: see README.md.

    python3 vectors/check/pack.py H.jsonl V.jsonl             writes ../histories.jsonl.xz
    python3 vectors/check/pack.py --check H.jsonl V.jsonl     compares with it
"""
import json
import lzma
import pathlib
import sys

FILE = pathlib.Path(__file__).resolve().parent.parent / "histories.jsonl.xz"


def merged(entries, verdicts):
    """A line for each history: its entries and what an implementation must come to."""
    lines = []
    with open(entries) as first, open(verdicts) as second:
        for one, other in zip(first, second, strict=True):
            history = json.loads(one) | json.loads(other)
            lines.append(json.dumps(history, separators=(",", ":"), ensure_ascii=False))
    return lines


def main(arguments):
    check = arguments[:1] == ["--check"]
    lines = merged(*arguments[check:])
    if check:
        kept = lzma.decompress(FILE.read_bytes()).decode().splitlines()
        differing = [place for place, pair in enumerate(zip(kept, lines)) if pair[0] != pair[1]]
        if differing or len(kept) != len(lines):
            print(f"{FILE.name}: {len(kept)} histories, {len(lines)} now; different: {differing[:9]}")
            return 1
    else:
        data = ("\n".join(lines) + "\n").encode()
        FILE.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    print(f"{FILE.name}: {len(lines)} histories, {FILE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
