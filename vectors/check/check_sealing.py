"""Compares sealed things and bundles with the vectors (SPEC 11, 12, 17)."""
import bundles
import sealing
from cbor import Reader, Refused, need
from compare import expect, load, shown
from entry import broken_rule, read_entry, read_header
from keys import digest


def envelope_rule(epoch, data):
    """The rule that an envelope breaks: X1 to X4, X6 except signatures, then X5."""
    try:
        entry, signature, nonce = epoch.open(data)
        rule = broken_rule(entry, signature)
        need(rule in (None, "S1", "K4"), "X6")
        header = header_of(entry)
        need(epoch.nonce(digest("entry", header) + signature) == nonce, "X5")
        need(rule is None, "X6")
    except Refused as refused:
        return refused.rule
    return None


def header_of(entry):
    """The bytes of an entry's header."""
    reader = Reader(entry)
    read_header(reader)
    return entry[: reader.at]


def check_sealing():
    file = load("sealing.json")
    group = bytes.fromhex(file["group"])

    def key(secret):
        return sealing.EpochKey(group, bytes.fromhex(secret))

    for vector in file["keys"]:
        found = key(vector["secret"])
        expect("epoch keys", "sealing.json", found.commit.hex(), vector["commit"])
        expect("epoch keys", "sealing.json", found.topic.hex(), vector["topic"])
    for vector in file["boxes"]:
        known = [tuple(bytes.fromhex(old[field]) for field in ("entry", "secret"))
                 for old in vector["predecessors"]]
        found = key(vector["secret"]).box(known)
        expect("boxes", f"sealing.json {vector['name']}", found.hex(), vector["box"])
    for vector in file["envelopes"]:
        where, epoch = f"sealing.json {vector['name']}", key(vector["secret"])
        data = bytes.fromhex(vector["envelope"])
        expect("envelopes opened or refused", where, envelope_rule(epoch, data),
               vector.get("rule"))
        if "rule" not in vector:
            parts = [bytes.fromhex(vector[field]) for field in ("id", "entry", "signature")]
            expect("envelopes sealed again", where, epoch.seal(*parts), data)
            expect("envelopes sealed again", where, epoch.open(data)[:2], tuple(parts[1:]))
    for vector in file["key_envelopes"]:
        where, data = f"sealing.json {vector['name']}", bytes.fromhex(vector["key_envelope"])
        for secrets, expected in (("recipients", vector["secret"]), ("strangers", None)):
            for secret in vector[secrets]:
                found = sealing.open_key_envelope(data, group, bytes.fromhex(secret))
                expect("wraps", where, found and found.hex(), expected)
        publics = [bytes.fromhex(public) for public in vector["wrapped_for"]]
        again = key(vector["secret"]).key_envelope(data[33:49], publics)
        expect("key envelopes made again", where, again, data)
    before = {}
    for vector in file["boxes_by_entry"]["entries_before"]:
        entry = read_entry(*(bytes.fromhex(vector[field]) for field in ("bytes", "signature")))
        before[entry.id] = entry
    for vector in file["boxes_by_entry"]["cases"]:
        entry = read_entry(*(bytes.fromhex(vector[field]) for field in ("bytes", "signature")))
        found = key(vector["secret"]).box_counts(entry, before)
        expect("boxes that count", f"sealing.json {vector['name']}", found, vector["counts"])
    for vector in file["refused_key_envelopes"]:
        data, secret = (bytes.fromhex(vector[field]) for field in ("key_envelope", "recipient"))
        try:
            key, rule = sealing.open_key_envelope(data, group, secret), None
        except Refused as refused:
            key, rule = None, refused.rule
        found = [key and key.hex(), rule]
        expect("key envelopes by rule", f"sealing.json key envelope {vector['name']}", found,
               [vector["secret"], vector["rule"]])
    for vector in file["secrets"]:
        where, data = f"sealing.json {vector['name']}", bytes.fromhex(vector["sealed"])
        name, secret = vector["secret_name"].encode(), vector["secret"]
        k = bytes.fromhex(vector["key"])
        found, rule = sealing.open_secret(k, name, data)
        expect("secrets at rest", where, None if found is None else found.hex(), secret)
        expect("secrets at rest", where, rule, vector["rule"])
        if rule is None:
            again = sealing.seal_secret(k, name, data[33:57], bytes.fromhex(secret))
            expect("secrets at rest", where, again, data)


def check_bundles():
    file = load("bundles.json")
    group = bytes.fromhex(file["group"])
    key = sealing.EpochKey(group, bytes.fromhex(file["secret"]))
    for vector in file["records"]:
        found = bundles.record_id(bytes.fromhex(vector["record"])).hex()
        expect("record ids", f"bundles.json {vector['name']}", found, vector["id"])
    for vector in file["runs"]:
        records, skipped = bundles.read_records(bytes.fromhex(vector["bytes"]))
        found = ([record.hex() for record in records], skipped)
        expect("records found", f"bundles.json {vector['name']}", found,
               (vector["records"], vector["skipped"]))
    manifests = []
    for vector in file["manifests"]:
        where, data = f"bundles.json {vector['name']}", bytes.fromhex(vector["manifest"])
        found = bundles.open_manifest(key, data)
        expect("manifests", where, found["group"], group)
        manifests.append(found)
        for field in ("bundle", "part", "parts", "entries", "heads", "wanted", "ids"):
            expect("manifests", where, shown(found[field]), vector[field])
        expect("manifests sealed again", where, bundles.seal_manifest(key, found), data)
    expect("bundle ids", "bundles.json", bundles.bundle_id(manifests), manifests[0]["bundle"])
    for vector in file["summaries"]:
        salt = bytes.fromhex(vector["salt"])
        chains = [(bytes.fromhex(device), seq, bytes.fromhex(tip))
                  for device, seq, tip in vector["chains"]]
        missing = [bytes.fromhex(id) for id in vector["missing"]]
        found = bundles.summary(group, salt, chains, missing).hex()
        expect("summaries", f"bundles.json {vector['name']}", found, vector["summary"])
