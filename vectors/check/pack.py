"""Packs histories and their verdicts, as the program `histories` writes them: see README.md.

    python3 vectors/check/pack.py H.jsonl V.jsonl
"""
import json
import lzma
import pathlib
import sys

FILE = pathlib.Path(__file__).resolve().parent.parent / "histories.jsonl.xz"


def main(entries, verdicts):
    lines = []
    with open(entries) as first, open(verdicts) as second:
        for one, other in zip(first, second, strict=True):
            history = json.loads(one) | json.loads(other)
            lines.append(json.dumps(history, separators=(",", ":"), ensure_ascii=False))
    data = ("\n".join(lines) + "\n").encode()
    FILE.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(lines)} histories, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
