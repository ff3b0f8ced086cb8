"""Messages outside of the ledger: invites, pairings, recovery (SPEC 13 to 16)."""
import base64
import hashlib

import ed25519
from cbor import Reader, Refused, need
from entry import read_entry
from keys import (check_card, check_signature, derive, digest, read_card, read_card_signatures,
                  read_certificate, read_generation, tag)
from sealing import hkdf, kdf, unwrap, x25519, xopen

FORMS = {0x10, 0x11, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x30, 0x31, 0x32}


def body(form, message):
    """The body of a message of this form (rule M1)."""
    need(message[:1] != b"" and message[0] in FORMS and len(message) >= 5, "M1")
    need(digest("check", message[:-4])[:4] == message[-4:], "M1")
    need(form is None or message[0] == form, "M1")
    return message[1:-4]


def split(data, *sizes):
    """Splits a body into fields of fixed lengths (rule M2)."""
    fields, at = [], 0
    for size in sizes:
        fields.append(data[at : at + size])
        at += size
    need(at == len(data), "M2")
    return fields


def from_text(text):
    text = "".join(text.rpartition("#")[2].split())
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text, "M1")
    return data


def broken_rule(data):
    try:
        body(None, data)
    except Refused as refused:
        return refused.rule
    return None


def phrase_checks(entropy, phrase):
    """Equal words stand for equal bits, and the last word ends in the checksum."""
    words = phrase.split(" ")
    bits = int.from_bytes(entropy + hashlib.sha256(entropy).digest()[:1], "big")
    numbers = [bits >> 11 * (23 - place) & 2047 for place in range(24)]
    pairs = {(number, word) for number, word in zip(numbers, words)}
    ordered = sorted(pairs)
    return (len(words) == 24 and len({n for n, _ in pairs}) == len(pairs)
            and [word for _, word in ordered] == sorted(word for _, word in pairs))


def read_invite(vector):
    """Opens link, request and answer with the inviter's and the joiner's secrets."""
    w, group = bytes.fromhex(vector["w"]), bytes.fromhex(vector["group"])
    found, s, inviter_x = split(body(0x10, from_text(vector["link"])), 32, 32, 32)
    x = kdf(w, "inv-x")
    inv = ed25519.public_key(kdf(s, "inv-ed"))
    out = {"link": (found, s, inviter_x) == (group, kdf(w, "inv-s"), ed25519.x25519_public(x)),
           "inv": inv.hex()}
    data = body(0x11, bytes.fromhex(vector["request"]))
    inner, sealed, signature = data[:32], data[32:-64], data[-64:]
    need(inner == inv, "J1")
    check_signature(inv, "join", group + inviter_x + sealed, signature)
    r = Reader(unwrap(x, tag("join-seal") + group + inv, sealed))
    r.array(2)
    raw = r.bytes()
    card = read_card(raw)
    check_card(card, raw, read_card_signatures(r))
    r.finish()
    need(card["place"] == group, "J3")
    member = digest("member", raw)
    out |= {"name": card["name"], "member": member.hex()}
    secret = bytes.fromhex(vector["exchange_secret"])
    sealed = body(0x12, bytes.fromhex(vector["answer"]))
    r = Reader(unwrap(secret, tag("answer") + group + member, sealed))
    r.array(3)
    genesis, signature = r.bytes(), r.bytes(64)
    entry = read_entry(genesis, signature)
    need(entry.id == group, "J4")
    out |= {"genesis": genesis.hex(), "admitted_by": r.bytes(32).hex()}
    r.finish()
    return out


def read_pairing(vector):
    """The content of the six messages, from the random bytes of both devices."""
    first, second, third, *sealed = (bytes.fromhex(m) for m in vector["messages"])
    random, other = bytes.fromhex(vector["new_random"]), bytes.fromhex(vector["old_random"])
    session, new, nonce = split(random, 16, 32, 32)
    old, old_nonce = split(other, 32, 32)
    shown = split(body(0x20, first), 16, 32, 32, 8)
    public = ed25519.x25519_public(new)
    need(shown[:2] == [session, public], "N2")
    need(shown[2] == digest("pair-commit", session + public + nonce), "N3")
    expires = int.from_bytes(shown[3], "big") - vector["now_ms"]
    need(0 < expires <= 600_000, "N1")
    need(split(body(0x21, second), 16, 32, 32) == [session, ed25519.x25519_public(old), old_nonce],
         "N2")
    need(split(body(0x22, third), 16, 32) == [session, nonce], "N3")
    ss = x25519(new, ed25519.x25519_public(old))
    need(ss == x25519(old, public) and any(ss), "N4")
    transcript = digest("pair", first + second + third)
    code = int.from_bytes(hkdf(transcript, ss, tag("pair-code"))[:8], "big") % 10**6
    opened = []
    for form, message in zip((0x23, 0x24, 0x25), sealed):
        data = body(form, message)
        need(data[:16] == session, "N2")
        key = hkdf(transcript, ss, tag("pair-key") + bytes([form]))
        plain = xopen(key, bytes(24), session, data[16:])
        need(plain is not None, "N6")
        opened.append(Reader(plain))
    groups, devices, grant = opened
    groups.array(1)
    groups.array(3)
    out = {"code": f"{code:06}", "group": groups.bytes(32).hex()}
    groups.text(256)
    out["root"] = groups.bytes(32).hex()
    groups.finish()
    devices.array(1)
    devices.array(2)
    raw = devices.bytes()
    certificate = read_certificate(raw)
    check_signature(certificate["device"], "dev-accept", raw, devices.bytes(64))
    devices.finish()
    out["device"] = certificate["device"].hex()
    need((certificate["place"].hex(), certificate["root"].hex()) == (out["group"], out["root"]),
         "N7")
    grant.array(2)
    out["entropy"] = grant.bytes(32).hex()
    grant.array(1)
    grant.array(5)
    entry = read_entry(grant.bytes(), grant.bytes(64))
    need(entry.id.hex() == out["group"], "N7")
    grant.bytes(32)
    read_generation(grant)
    index = grant.uint()
    grant.finish()
    root = ed25519.public_key(derive(bytes.fromhex(out["entropy"]), "root", index))
    need(root.hex() == out["root"], "N7")
    return out


def times(a, b):
    """Multiplication in GF(2^8) with x^8 + x^4 + x^3 + x + 1."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def read_share(form, name, secret, message):
    """A share that was sealed to this X25519 secret (rules R3 to R5)."""
    plain = unwrap(secret, tag(name) + ed25519.x25519_public(secret), body(form, message))
    need(plain is not None, "R4")
    outer = Reader(plain)
    outer.array(2)
    raw, signature = outer.bytes(), outer.bytes(64)
    outer.finish()
    r = Reader(raw)
    r.array(12)
    need(r.uint() == 1, "R3")
    share = {"group": r.bytes(32), "member": r.bytes(32), "root": r.bytes(32), "index": r.uint(),
             "set": r.bytes(16), "made_ms": r.uint(), "needed": r.uint(), "count": r.uint(),
             "number": r.uint(), "holder": r.bytes(32), "value": r.bytes(32)}
    r.finish()
    need(2 <= share["needed"] <= share["count"] <= 32, "R3")
    need(1 <= share["number"] <= share["count"], "R3")
    check_signature(share["root"], "share", raw, signature)
    return share


def interpolate(shares):
    """The constant terms of the polynomials through these shares (rule R7)."""
    out = bytearray(32)
    for share in shares:
        factor = 1
        for other in shares:
            if other is not share:
                inverse = next(i for i in range(256) if times(i, other["number"] ^ share["number"]) == 1)
                factor = times(factor, times(other["number"], inverse))
        for place, value in enumerate(share["value"]):
            out[place] ^= times(factor, value)
    return bytes(out)


def read_shares(vector):
    """The shares of a set, as friends keep them and as they come back."""
    holder = derive(bytes.fromhex(vector["holder_entropy"]), "rec", 0)
    key = bytes.fromhex(vector["request_secret"])
    need(split(body(0x31, bytes.fromhex(vector["request"])), 32) == [ed25519.x25519_public(key)],
         "R4")
    kept = [read_share(0x30, "share-seal", holder, bytes.fromhex(s["sealed"]))
            for s in vector["shares"]]
    back = [read_share(0x32, "share-return", key, bytes.fromhex(s["returned"]))
            for s in vector["shares"]]
    need(kept == back, "R5")
    need(len({(s["group"], s["member"], s["root"], s["index"], s["set"]) for s in kept}) == 1, "R6")
    return kept
