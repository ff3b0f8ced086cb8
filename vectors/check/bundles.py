"""Records, manifests and summaries of bundles (SPEC 12)."""
from cbor import Reader, need, write
from keys import digest, tag
from sealing import kdf, padded_len, xopen, xseal

LARGEST = 65609
HEAD = 1 + 32 + 24


def record_id(record):
    return digest("record", record)


def legal(kind, size):
    """Whether a record of this kind can have this size."""
    if kind in (1, 3):
        inside = size - HEAD - 16
        return 0 < inside <= 65536 and padded_len(inside) == inside
    if kind == 2:
        return size - 49 in [88 << n for n in range(2, 10)]
    return 1 <= size <= LARGEST


def read_records(data):
    """The records in a run of bytes, and the number of bytes that are in none."""
    records, skipped, at = [], 0, 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        framed = (len(data) - at > 8 and legal(data[at + 8], size)
                  and digest("frame", data[at : at + 4])[:4] == data[at + 4 : at + 8])
        if not framed or at + 8 + size > len(data):
            skipped, at = skipped + 1, at + 1
        else:
            records.append(data[at + 8 : at + 8 + size])
            at += 8 + size
    return records, skipped


def manifest_nonce(key, content):
    return key.nonce(digest("manifest", content))


def open_manifest(key, data):
    need(legal(3, len(data)) and data[0] == 3, "X1")
    topic, nonce, sealed = data[1:33], data[33:57], data[57:]
    need(topic == key.topic, "X2")
    plain = xopen(kdf(key.secret, "seal"), nonce, tag("manifest") + b"\x03" + topic, sealed)
    need(plain is not None, "X3")
    length = int.from_bytes(plain[:4], "big")
    need(padded_len(4 + length) == len(plain) and not any(plain[4 + length :]), "X4")
    content = plain[4 : 4 + length]
    r = Reader(content)
    r.array(8)
    found = {"group": r.bytes(32), "bundle": r.bytes(16), "part": r.uint(), "parts": r.uint(), "entries": r.uint()}
    for name, longest in (("heads", 256), ("wanted", 256), ("ids", 1000)):
        found[name] = [r.bytes(32) for _ in range(r.array_up_to(longest, "C6"))]
    r.finish()
    need(nonce == manifest_nonce(key, content), "X5")
    return found


def bundle_id(manifests):
    """The id of the bundle of these manifests, in the order of their parts."""
    return digest("bundle", b"".join(id for manifest in manifests for id in manifest["ids"]))[:16]


def seal_manifest(key, manifest):
    fields = ("group", "bundle", "part", "parts", "entries", "heads", "wanted", "ids")
    content = write([manifest[field] for field in fields])
    nonce = manifest_nonce(key, content)
    plain = len(content).to_bytes(4, "big") + content
    plain += bytes(padded_len(len(plain)) - len(plain))
    ad = tag("manifest") + b"\x03" + key.topic
    return b"\x03" + key.topic + nonce + xseal(kdf(key.secret, "seal"), nonce, ad, plain)


def summary(group, salt, chains, missing):
    """A summary whose items ascend."""
    def short(id):
        return digest("tip", salt + id)[:8]

    items = sorted(short(device) + seq.to_bytes(4, "big") + short(tip)
                   for device, seq, tip in chains)
    asked = sorted(short(id) for id in missing)
    data = b"\x41" + group[:8] + salt + bytes([len(items)]) + b"".join(items + asked)
    return data + digest("check", data)[:4]
