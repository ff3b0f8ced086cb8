"""Recovery: the phrase, friends' shares, enrolments to carry (SPEC 16)."""
import hashlib
import unicodedata

import ed25519
from cbor import Reader, need
from keys import derive, digest, read_x25519, tag
from messages import open_message, split
from payload import check_signatures, read_statement_entry
from sealing import unwrap


def phrase_checks(entropy, phrase):
    """Equal words stand for equal bits, and the last word ends in the checksum."""
    pairs = set(zip(numbers_of(entropy), phrase.split(" ")))
    ordered = sorted(pairs)
    return (len(phrase.split(" ")) == 24 and len({n for n, _ in pairs}) == len(pairs)
            and [word for _, word in ordered] == sorted(word for _, word in pairs))


def numbers_of(entropy):
    """The places of a phrase's 24 words in the list."""
    bits = int.from_bytes(entropy + hashlib.sha256(entropy).digest()[:1], "big")
    return [bits >> 11 * (23 - place) & 2047 for place in range(24)]


def read_phrase(phrase, places):
    """The entropy of a phrase; `places` are those of the words that are known here."""
    words = unicodedata.normalize("NFKD", phrase).lower().split()
    need(len(words) == 24 and all(word in places for word in words), "R1")
    bits = 0
    for word in words:
        bits = bits << 11 | places[word]
    entropy = (bits >> 8).to_bytes(32, "big")
    need(hashlib.sha256(entropy).digest()[0] == bits & 0xFF, "R2")
    return entropy


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
    plain = unwrap(secret, tag(name) + ed25519.x25519_public(secret), open_message(form, message))
    need(plain is not None, "R4")
    outer = Reader(plain)
    outer.array(2)
    raw = outer.bytes()
    r = Reader(raw)

    def small(most):
        number = r.uint()
        need(number <= most, "R3")
        return number

    r.array(12)
    version = r.uint()
    share = {"group": r.bytes(32), "member": r.bytes(32), "root": r.bytes(32),
             "index": small(2**32 - 1), "set": r.bytes(16), "made_ms": r.uint(),
             "needed": small(255), "count": small(255), "number": small(255),
             "holder": r.bytes(32), "value": r.bytes(32)}
    signature = outer.bytes(64)
    r.finish()
    outer.finish()
    need(version == 1 and 2 <= share["needed"] <= share["count"] <= 32, "R3")
    need(1 <= share["number"] <= share["count"], "R3")
    signed = tag("share") + digest("share", raw)
    need(ed25519.verify(share["root"], signed, signature), "R5")
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


def collect(messages, secret):
    """The entropy that returned shares give, None while there are too few (rules R3 to R7)."""
    shares = []
    of_set = ("group", "member", "root", "index", "made_ms", "set", "needed")
    for message in messages:
        share = read_share(0x32, "share-return", secret, message)
        place = (*of_set, "number")
        need(all(any(s[f] != share[f] for f in place) for s in shares), "R6")
        shares.append(share)
    for share in shares:
        whole = [s for s in shares if all(s[f] == share[f] for f in of_set)]
        if len(whole) >= share["needed"]:
            entropy = interpolate(whole[: share["needed"]])
            root = ed25519.public_key(derive(entropy, "root", share["index"]))
            need(root == share["root"], "R7")
            return entropy
    return None


def read_recovery_request(message):
    [key] = split(open_message(0x31, message), 32)
    read_x25519(key)
    return key


def read_shares(vector):
    """The shares of a set, as friends keep them and as they come back."""
    holder = derive(bytes.fromhex(vector["holder_entropy"]), "rec", 0)
    key = bytes.fromhex(vector["request_secret"])
    request = read_recovery_request(bytes.fromhex(vector["request"]))
    need(request == ed25519.x25519_public(key), "R4")
    kept = [read_share(0x30, "share-seal", holder, bytes.fromhex(s["sealed"]))
            for s in vector["shares"]]
    back = [read_share(0x32, "share-return", key, bytes.fromhex(s["returned"]))
            for s in vector["shares"]]
    need(kept == back, "R5")
    need(len({(s["group"], s["member"], s["root"], s["index"], s["set"]) for s in kept}) == 1, "R6")
    return kept


def read_enrolment(message, key):
    """The enrolment of a restored device, on the device that carries it (form 33)."""
    open_message(0x33, message)
    raw, _, nonce = key.unseal(0x33, "carry", message[:-4], 0)
    r = Reader(raw)
    payload = read_statement_entry(r)
    r.finish()
    statement = payload["statement"]
    need(key.nonce(digest("act", payload["raw"])) == nonce, "X5")
    need(statement["group"] == key.group, "K3")
    need(statement["kind"] == 1, "Q2")
    check_signatures(payload)
    return payload
