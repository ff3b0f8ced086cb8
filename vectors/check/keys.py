"""Hashes, keys, cards, certificates and statements (SPEC 1.2, 3)."""
import hashlib
import hmac

import ed25519
from cbor import Reader, need

KEM_X25519 = 0x20
GENERATIONS = {0: "card", 1: "claim", 2: "bind"}
STATEMENT_KINDS = {
    1: "enrol", 2: "revoke", 3: "leave", 4: "rename", 5: "remove", 6: "bind", 7: "rename-group",
}
OWNER_KINDS = ("remove", "bind", "rename-group")


def tag(name):
    return b"gl/1/" + name.encode()


def digest(name, data):
    return hashlib.sha256(bytes([len(tag(name))]) + tag(name) + data).digest()


def check_signature(key, name, data, signature):
    """Rule K4 for one signature over a certificate or statement."""
    need(ed25519.verify(key, tag(name) + digest(name, data), signature), "K4")


def derive(entropy, purpose, index):
    """HKDF-SHA256 with one block of output (SPEC 3.1)."""
    key = hmac.digest(tag("phrase"), entropy, "sha256")
    return hmac.digest(key, tag(purpose) + index.to_bytes(4, "big") + b"\x01", "sha256")


def read_name(r):
    name = r.text(256)
    need(name != "", "P3")
    return name


def read_x25519(key):
    need(ed25519.x25519_may_be_introduced(key), "K2")


def read_certificate(data):
    r = Reader(data)
    r.array(7)
    version = r.uint()
    need(version == 1, "K3")
    cert = {"version": version, "place": r.bytes(32), "root": r.bytes(32), "device": r.bytes(32)}
    cert["kem"] = r.uint()
    need(cert["kem"] == KEM_X25519, "K3")
    cert["exchange"] = r.bytes(32)
    cert["exchange_generation"] = r.uint()
    r.finish()
    need(ed25519.may_be_introduced(cert["root"]), "K1")
    need(ed25519.may_be_introduced(cert["device"]), "K1")
    read_x25519(cert["exchange"])
    return cert


def read_card(data):
    r = Reader(data)
    r.array(6)
    version = r.uint()
    need(version == 1, "K3")
    card = {"version": version, "place": r.bytes(32), "root": r.bytes(32), "recovery": r.bytes(32)}
    card["name"] = read_name(r)
    card["raw"] = r.bytes()
    card["certificate"] = read_certificate(card["raw"])
    r.finish()
    read_x25519(card["recovery"])
    same = [card["certificate"][k] == card[k] for k in ("place", "root")]
    need(all(same), "K3")
    return card


def read_placeholder_card(data):
    r = Reader(data)
    r.array(5)
    version = r.uint()
    need(version == 1, "K3")
    card = {"version": version, "place": r.bytes(32), "introducer": r.optional(lambda: r.bytes(32))}
    card["name"] = read_name(r)
    card["nonce"] = r.bytes(16)
    r.finish()
    return card


def read_device_signatures(r):
    r.array(2)
    return {"certificate": r.bytes(64), "acceptance": r.bytes(64)}


def read_card_signatures(r):
    r.array(3)
    return {"card": r.bytes(64), "certificate": r.bytes(64), "acceptance": r.bytes(64)}


def check_device(cert, data, signatures):
    check_signature(cert["root"], "dev-cert", data, signatures["certificate"])
    check_signature(cert["device"], "dev-accept", data, signatures["acceptance"])


def check_card(card, data, signatures):
    check_signature(card["root"], "card", data, signatures["card"])
    check_device(card["certificate"], card["raw"], signatures)


def read_generation(r):
    r.array(2)
    kind, name = r.uint(), r.bytes(32)
    need(kind in GENERATIONS, "Q2")
    return (kind, name)


def read_body(r, kind):
    need(kind in STATEMENT_KINDS, "Q2")
    kind = STATEMENT_KINDS[kind]
    r.array(1 if kind in ("leave", "remove", "rename-group") else 2)
    body = {}
    if kind not in OWNER_KINDS:
        body["generation"] = read_generation(r)
    if kind in ("remove", "bind"):
        body["member"] = r.bytes(32)
    if kind in ("rename", "rename-group"):
        body["name"] = read_name(r)
    if kind == "revoke":
        body["device"] = r.bytes(32)
    if kind == "enrol":
        body["raw"] = r.bytes()
        body["certificate"] = read_certificate(body["raw"])
    if kind == "bind":
        body["raw"] = r.bytes()
        body["card"] = read_card(body["raw"])
    return body


def read_statement(data):
    r = Reader(data)
    r.array(7)
    version = r.uint()
    need(version == 1, "K3")
    fields = {"version": version, "group": r.bytes(32), "signer": r.bytes(32)}
    fields["kind"] = r.uint()
    fields["body"] = body = read_body(r, fields["kind"])
    fields["base"] = [r.bytes(32) for _ in range(r.array_up_to(16, "Q1"))]
    need(fields["base"] and ascending(fields["base"]), "Q1")
    fields["nonce"] = r.bytes(16)
    r.finish()
    for carried in (body.get("certificate"), body.get("card")):
        need(carried is None or carried["place"] == fields["group"], "K3")
    if "certificate" in body:
        need(body["certificate"]["root"] == fields["signer"], "K3")
    return fields


def ascending(items):
    return all(a < b for a, b in zip(items, items[1:]))
