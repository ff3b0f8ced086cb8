"""Entries: bytes to fields, or the first rule that they break (SPEC 2)."""
import ed25519
from cbor import Reader, Refused, need, write
from keys import ascending, digest, tag
from payload import KINDS, check_signatures, read_payload, used_refs

FIELDS = ("version", "group", "device", "seq", "backlink", "parents", "refs", "lamport",
          "timestamp_ms", "kind", "payload_len", "payload_hash")


class Entry:
    """A verified entry. `payload` is None if it is opaque."""

    def __init__(self, name, header, payload):
        self.id = name
        self.header = header
        self.payload = payload
        self.kind = "unknown" if payload is None else KINDS[header["kind"]]
        back = [] if header["backlink"] is None else [header["backlink"]]
        self.dependencies = back + header["parents"] + header["refs"]
        self.order = (header["lamport"], name)

    def ref(self, field):
        return self.header["refs"][self.payload[field]]


def read_header(r):
    r.array(12)

    def ids(most, rule):
        return [r.bytes(32) for _ in range(r.array_up_to(most, rule))]

    def one_id():
        return r.bytes(32)

    h = {"version": r.uint(), "group": r.optional(one_id), "device": one_id(), "seq": r.uint()}
    h["backlink"] = r.optional(one_id)
    h["parents"], h["refs"] = ids(16, "H3"), ids(1024, "H4")
    h["lamport"], h["timestamp_ms"], h["kind"] = r.uint(), r.uint(), r.uint()
    need(h["kind"] <= 65535, "H6")
    h["payload_len"], h["payload_hash"] = r.uint(), one_id()
    return h


def check_header(h):
    genesis = h["kind"] == 0
    need(h["version"] >= 1, "H8")
    if genesis:
        need(h["group"] is None and h["backlink"] is None and h["seq"] == 0, "H2")
    else:
        need(h["group"] is not None and h["backlink"] is not None, "H2")
    need(ascending(h["parents"]) and h["backlink"] not in h["parents"], "H3")
    need(ascending(h["refs"]), "H4")
    need(h["lamport"] >= 1, "H5")
    if genesis:
        need(not h["parents"] and not h["refs"] and h["lamport"] == 1, "H9")


def check_refs(h, payload):
    if "statement" in payload:
        need(payload["statement"]["base"] == h["refs"], "Q3")
        need(payload["statement"]["group"] == h["group"], "K3")
        return
    if h["kind"] == 23:
        count = len(h["refs"])
        need(count <= 64, "E1")
        need(len(payload["box"]) == (32 * count + 16 if count else 0), "E2")
        return
    used = set(used_refs(payload))
    need(all(index < len(h["refs"]) for index in used), "P1")
    need(len(used) == len(h["refs"]), "P2")


def read_entry(data, signature):
    """The entry, with every check that needs no other entry."""
    need(len(data) <= 65468, "H1")
    r = Reader(data)
    header = read_header(r)
    check_header(header)
    head, rest = data[: r.at], r.rest()
    need(write([header[field] for field in FIELDS]) == head, "C2")
    name = digest("entry", head)
    hashed = len(rest) == header["payload_len"] and digest("payload", rest) == header["payload_hash"]
    need(hashed, "H7")
    payload = None
    if header["version"] == 1 and header["kind"] in KINDS:
        inner = Reader(rest)
        payload = read_payload(inner, header)
        inner.finish()
        check_refs(header, payload)
    need(ed25519.verify(header["device"], tag("entry-sig") + name, signature), "S1")
    if payload is not None:
        check_signatures(payload)
    return Entry(name, header, payload)


def read_signed_header(data, signature):
    """A header without its payload, and its id."""
    r = Reader(data)
    header = read_header(r)
    check_header(header)
    r.finish()
    name = digest("entry", data)
    need(ed25519.verify(header["device"], tag("entry-sig") + name, signature), "S1")
    return header, name


def proves_equivocation(headers):
    """The device and ids, if two signed headers prove an equivocation (SPEC 5.2), else None."""
    (one, first), (other, second) = (read_signed_header(*header) for header in headers)
    fields = ("group", "device", "seq", "backlink")
    same = [one[field] == other[field] for field in fields]
    if all(same) and first != second and one["backlink"] is not None:
        return one["device"], first, second
    return None


def broken_rule(data, signature):
    try:
        read_entry(data, signature)
    except Refused as refused:
        return refused.rule
    return None
