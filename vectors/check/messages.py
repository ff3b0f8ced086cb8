"""Messages outside of the ledger: invites, pairings, recovery (SPEC 13 to 16).

Each reader raises the first rule that a message breaks, in the order of SPEC's readers.
"""
import base64
import hashlib
import unicodedata

import ed25519
from cbor import Reader, Refused, need
from entry import read_entry
from keys import (check_card, check_signature, derive, digest, read_card, read_card_signatures,
                  read_certificate, read_generation, read_x25519, tag)
from payload import check_signatures, read_statement_entry
from sealing import hkdf, kdf, unwrap, x25519, xopen

FORMS = {0x10, 0x11, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x30, 0x31, 0x32, 0x33}
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    chr(c) for c in range(0x2000, 0x200B))


def open_message(form, message):
    """The body of a message of this form (rule M1); of any form if it is None."""
    need(message[:1] != b"" and message[0] in FORMS and len(message) >= 5, "M1")
    need(digest("check", message[:-4])[:4] == message[-4:], "M1")
    need(form is None or message[0] == form, "M1")
    return message[1:-4]


def split(data, *sizes):
    """Splits a body into fields of fixed lengths, one of which may be the rest (rule M2)."""
    fixed = sum(size for size in sizes if size is not None)
    rest = len(data) - fixed
    need(rest >= 0 and (None in sizes or rest == 0), "M2")
    fields, at = [], 0
    for size in (rest if size is None else size for size in sizes):
        fields.append(data[at : at + size])
        at += size
    return fields


def from_text(text):
    """The message that a text stands for (rule M1)."""
    text = "".join(c for c in text.rpartition("#")[2] if c not in WHITE_SPACE)
    need(text.isascii() and all(c.isalnum() or c in "-_" for c in text), "M1")
    need(len(text) % 4 != 1, "M1")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text, "M1")
    return data


def rule_of(read, *arguments):
    """The rule that a reader names, or None."""
    try:
        read(*arguments)
    except Refused as refused:
        return refused.rule
    return None


# Phrases

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


# Invites

def read_link(message):
    group, s, inviter_x = split(open_message(0x10, message), 32, 32, 32)
    read_x25519(inviter_x)
    return group, s, inviter_x


def read_request(message, w, group):
    """The card of a request, on the inviter's device: member and name."""
    x = kdf(w, "inv-x")
    inv = ed25519.public_key(kdf(kdf(w, "inv-s"), "inv-ed"))
    found, sealed, signature = split(open_message(0x11, message), 32, None, 64)
    need(found == inv, "J1")
    signed = tag("join") + digest("join", group + ed25519.x25519_public(x) + sealed)
    need(ed25519.verify(inv, signed, signature), "J1")
    plain = unwrap(x, tag("join-seal") + group + inv, sealed)
    need(plain is not None, "J2")
    try:
        r = Reader(plain)
        r.array(2)
        raw = r.bytes()
        card = read_card(raw)
        need(card["place"] == group, "K3")
        signatures = read_card_signatures(r)
        r.finish()
        check_card(card, raw, signatures)
    except Refused:
        raise Refused("J3") from None
    return digest("member", raw), card["name"]


def read_answer(message, secret, group, member):
    """The genesis entry and the entry that admitted the card, on the new device."""
    plain = unwrap(secret, tag("answer") + group + member, open_message(0x12, message))
    need(plain is not None, "J2")
    try:
        r = Reader(plain)
        r.array(3)
        genesis, signature, admitted_by = r.bytes(), r.bytes(64), r.bytes(32)
        r.finish()
        entry = read_entry(genesis, signature)
    except Refused:
        raise Refused("J3") from None
    need(entry.id == group, "J4")
    return genesis, admitted_by


def read_invite(vector):
    """Opens link, request and answer with the inviter's and the joiner's secrets."""
    w, group = bytes.fromhex(vector["w"]), bytes.fromhex(vector["group"])
    s, x = kdf(w, "inv-s"), kdf(w, "inv-x")
    link = read_link(from_text(vector["link"]))
    out = {"link": link == (group, s, ed25519.x25519_public(x)),
           "inv": ed25519.public_key(kdf(s, "inv-ed")).hex()}
    member, name = read_request(bytes.fromhex(vector["request"]), w, group)
    out |= {"name": name, "member": member.hex()}
    secret = bytes.fromhex(vector["exchange_secret"])
    genesis, admitted_by = read_answer(bytes.fromhex(vector["answer"]), secret, group, member)
    return out | {"genesis": genesis.hex(), "admitted_by": admitted_by.hex()}


# Pairings

class Pairing:
    """Both devices of a pairing, whose messages come one after the other."""

    def __init__(self, vector):
        random, other = (bytes.fromhex(vector[f"{which}_random"]) for which in ("new", "old"))
        self.session, self.new, self.new_nonce = split(random, 16, 32, 32)
        self.old, self.old_nonce = split(other, 32, 32)
        self.messages = [bytes.fromhex(message) for message in vector["messages"]]
        first = split(open_message(0x20, self.messages[0]), 16, 32, 32, 8)
        self.expires = int.from_bytes(first[3], "big")
        self.shared = x25519(self.new, ed25519.x25519_public(self.old))
        self.transcript = digest("pair", b"".join(self.messages[:3]))
        code = int.from_bytes(hkdf(self.transcript, self.shared, tag("pair-code"))[:8], "big")
        self.code = f"{code % 10**6:06}"

    def read(self, step, message, now):
        """What the device that gets the message of this step makes of it."""
        return (self.scan, self.opening, self.reveal, self.groups, self.devices,
                self.grant)[step - 1](message, now)

    def scan(self, message, now):
        *fields, expires = split(open_message(0x20, message), 16, 32, 32, 8)
        expires = int.from_bytes(expires, "big")
        need(now < expires, "N1")
        need(expires <= now + 600_000, "N1")
        return fields

    def opening(self, message, now):
        need(now < self.expires, "N1")
        session, public, nonce = split(open_message(0x21, message), 16, 32, 32)
        need(session == self.session, "N2")
        need(ed25519.x25519_may_be_introduced(public), "N4")
        return public, nonce

    def reveal(self, message, now):
        read_reveal(self.messages[0], message, now)

    def enter(self, typed, now):
        """What the old device makes of the digits that are typed into it."""
        need(now < self.expires, "N1")
        need("".join(c for c in typed if c not in WHITE_SPACE) == self.code, "N5")

    def unseal(self, form, message):
        session, sealed = split(open_message(form, message), 16, None)
        need(session == self.session, "N2")
        key = hkdf(self.transcript, self.shared, tag("pair-key") + bytes([form]))
        plain = xopen(key, bytes(24), session, sealed)
        need(plain is not None, "N6")
        return Reader(plain)

    def groups(self, message, now):
        need(now < self.expires, "N1")
        r, found = self.unseal(0x23, message), []
        for _ in range(r.array_up_to(1024, "N7")):
            r.array(3)
            found.append((r.bytes(32), r.text(256), r.bytes(32)))
        r.finish()
        return found

    def devices(self, message, now):
        r, found = self.unseal(0x24, message), []
        for _ in range(r.array_up_to(1024, "N7")):
            r.array(2)
            raw = r.bytes()
            certificate = read_certificate(raw)
            check_signature(certificate["device"], "dev-accept", raw, r.bytes(64))
            found.append(certificate)
        r.finish()
        offered = [(group, root, 0) for group, _, root in self.offered()]
        fields = ("place", "root", "exchange_generation")
        need([tuple(c[f] for f in fields) for c in found] == offered, "N7")
        return found

    def grant(self, message, now):
        r, found = self.unseal(0x25, message), []
        r.array(2)
        entropy = r.optional(lambda: r.bytes(32))
        for _ in range(r.array_up_to(1024, "N7")):
            r.array(5)
            signed = (r.bytes(), r.bytes(64))
            # Form here, signatures behind all: the vectors have one entry at most.
            id_or_rule = rule_and_id(*signed)
            need(id_or_rule[0] in (None, "S1", "K4"), id_or_rule[0])
            r.bytes(32)
            read_generation(r)
            index = r.uint()
            need(index < 2**32, "N7")
            found.append((*id_or_rule, index))
        r.finish()
        for rule, _, _ in found:
            need(rule is None, rule)
        offered = self.offered()
        need([entry for _, entry, _ in found] == [group for group, _, _ in offered], "N7")
        if entropy is not None:
            for (_, _, index), (_, _, root) in zip(found, offered):
                need(ed25519.public_key(derive(entropy, "root", index)) == root, "N7")
        return entropy

    def offered(self):
        return self.groups(self.messages[3], 0)


def read_reveal(offer, message, now):
    """Message 3 on the old device, after the offer that it scanned."""
    session, public, commitment, expires = split(open_message(0x20, offer), 16, 32, 32, 8)
    need(now < int.from_bytes(expires, "big"), "N1")
    found, nonce = split(open_message(0x22, message), 16, 32)
    need(found == session, "N2")
    need(digest("pair-commit", session + public + nonce) == commitment, "N3")
    need(ed25519.x25519_may_be_introduced(public), "N4")


def rule_and_id(data, signature):
    """The rule that an entry breaks, or None and its id."""
    try:
        return None, read_entry(data, signature).id
    except Refused as refused:
        return refused.rule, None


def read_pairing(vector):
    """The content of the six messages, from the random bytes of both devices."""
    pairing = Pairing(vector)
    found = [pairing.read(step, message, vector["now_ms"])
             for step, message in enumerate(pairing.messages, 1)]
    need(found[0][:2] == [pairing.session, ed25519.x25519_public(pairing.new)], "N2")
    need(found[1] == (ed25519.x25519_public(pairing.old), pairing.old_nonce), "N2")
    [(group, _, root)], [certificate] = found[3], found[4]
    return {"code": pairing.code, "group": group.hex(), "root": root.hex(),
            "device": certificate["device"].hex(), "entropy": found[5].hex()}


# Recovery

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
    for message in messages:
        share = read_share(0x32, "share-return", secret, message)
        owner = ("group", "member", "root", "index")
        place = ("made_ms", "set", "needed", "number")
        need(all(s[f] == share[f] for s in shares for f in owner), "R6")
        need(all(any(s[f] != share[f] for f in place) for s in shares), "R6")
        shares.append(share)
    for share in shares:
        whole = [s for s in shares if all(s[f] == share[f] for f in ("made_ms", "set", "needed"))]
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


def fingerprint(data):
    """Six groups of five digits that two people compare (SPEC 3.2)."""
    f = digest("fingerprint", data)
    groups = [int.from_bytes(f[4 * i : 4 * i + 4], "big") % 100_000 for i in range(6)]
    return " ".join(f"{group:05}" for group in groups)
