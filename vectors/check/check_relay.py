"""Proofs, links and frames of relays (SPEC 18)."""
import ed25519
from cbor import Reader, write
from compare import expect, load
from keys import digest
from sealing import kdf


def of(length):
    """A reader of a byte string of this length."""
    return lambda r: r.bytes(length)


def up_to(longest):
    def read(r):
        found = r.bytes()
        assert len(found) <= longest
        return found
    return read


def listed(longest, read):
    return lambda r: [read(r) for _ in range(r.array_up_to(longest, "C6"))]


def null_or(read):
    return lambda r: r.optional(lambda: read(r))


def text(longest):
    return lambda r: r.text(longest)


def number(r):
    return r.uint()


def array(*reads):
    def read(r):
        r.array(len(reads))
        return [one(r) for one in reads]
    return read


def result(r):
    """One of the three forms of what became of a record."""
    r.array(3)
    kind = r.uint()
    assert kind <= 2
    return [kind, r.uint(), number(r) if kind == 2 else CURSOR(r)]


CURSOR = array(number, of(8))
RECORDS, IDS = listed(1000, up_to(65609)), listed(1000, of(32))
T = (of(32), null_or(of(20)))
FEATURES = listed(32, text(64))
FIELDS = {
    0: (listed(8, number), FEATURES, null_or(up_to(256))),
    1: (number, of(32), null_or(of(32)), of(32), of(32), of(64)),
    2: (number, *T, null_or(CURSOR), null_or(CURSOR), null_or(CURSOR)),
    3: (number,),
    4: (number,),
    5: (number, *T, IDS),
    6: (number, *T, RECORDS),
    7: (number, *T, up_to(1200)),
    64: (number, FEATURES, of(32), number, listed(64, array(number, number)), number,
         text(256), text(256), text(256)),
    65: (number, of(20), number),
    66: (number, number, number, of(8), RECORDS),
    67: (number, CURSOR, CURSOR),
    68: (number, number, CURSOR, CURSOR),
    69: (number, RECORDS, IDS),
    70: (number, listed(1000, result)),
    71: (number, up_to(1200)),
    72: (number,),
    73: (null_or(number), number, null_or(number), text(256)),
}


def read_frame(data):
    """A frame as a list of its fields, by its type."""
    assert len(data) <= 262144
    r = Reader(data)
    count = r.array_up_to(2**63 - 1, "C6")
    kind = r.uint()
    fields = FIELDS[kind]
    assert count == 1 + len(fields)
    frame = [kind] + [read(r) for read in fields]
    r.finish()
    return frame


def check_relay():
    file = load("relay.json")
    for vector in file["proofs"]:
        where = f"relay.json {vector['relay']}"
        secret, group = bytes.fromhex(vector["secret"]), bytes.fromhex(vector["group"])
        commit, seed = kdf(secret, "commit", group), kdf(secret, "access", group)
        access = ed25519.public_key(seed)
        topic = digest("topic", commit + access)
        found = [commit.hex(), access.hex(), topic.hex()]
        expect("proofs for relays", where, found,
               [vector["commit"], vector["access"], vector["topic"]])
        name, challenge = vector["relay"].encode(), bytes.fromhex(vector["challenge"])
        signed = bytes([len(name)]) + name + challenge + topic
        message = b"gl/1/access-proof" + digest("access-proof", signed)
        signature = ed25519.sign(seed, message).hex()
        expect("proofs for relays", where, signature, vector["signature"])
    link = bytes(32)
    for vector in file["links"]:
        identity = digest("record", bytes.fromhex(vector["record"]))
        link = digest("log", link + identity)
        expect("links of logs", f"relay.json {vector['record']}", [identity.hex(), link.hex()],
               [vector["id"], vector["link"]])
    kinds = set()
    for vector in file["frames"]:
        data = bytes.fromhex(vector["bytes"])
        frame = read_frame(data)
        kinds.add(frame[0])
        expect("frames", f"relay.json {vector['name']}", write(frame).hex(), vector["bytes"])
    expect("types of frames", "relay.json", sorted(kinds), sorted(FIELDS))
