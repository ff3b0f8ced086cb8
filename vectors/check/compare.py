"""Vectors from their files, and the comparison of what was found with what they say."""
import collections
import json
import pathlib

from cbor import Refused
from entry import read_entry

FOLDER = pathlib.Path(__file__).resolve().parent.parent
counts = collections.Counter()
mismatches = []


def expect(what, where, found, expected):
    """Compares two values. Counts the comparison; prints and counts a mismatch."""
    counts[what] += 1
    if found != expected:
        mismatches.append(where)
        print(f"MISMATCH {where}: {what} is {found!r}, the vector says {expected!r}")


def load(name):
    data = (FOLDER / name).read_bytes()
    file = json.loads(data)
    expect("file headers", name, (file["version"], file["format"]), (1, "group-ledger/1"))
    return file


def shown(value):
    """A field in the form of the vectors: byte strings in hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: shown(inner) for key, inner in value.items() if key != "raw"}
    if isinstance(value, (list, tuple)):
        return [shown(inner) for inner in value]
    return value


def parse(vector, where):
    """Reads the entry of a vector that must be accepted, and compares its id."""
    try:
        entry = read_entry(bytes.fromhex(vector["bytes"]), bytes.fromhex(vector["signature"]))
    except Refused as refused:
        expect("entries decoded and verified", where, f"refused by {refused.rule}", "accepted")
        return None
    expect("entries decoded and verified", where, "accepted", "accepted")
    expect("ids", where, entry.id.hex(), vector["id"])
    return entry


def read_or_rule(arrival):
    """The entry, or the rule that it breaks."""
    try:
        return read_entry(bytes.fromhex(arrival["hex"]), bytes.fromhex(arrival["sig"])), None
    except Refused as refused:
        return None, refused.rule
