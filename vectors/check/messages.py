"""Messages outside of the ledger: their frame and texts, invites (SPEC 13, 14), fingerprints.

Each reader raises the first rule that a message breaks, in the order of SPEC's readers.
"""
import base64

import ed25519
from cbor import Reader, Refused, need
from entry import read_entry
from keys import check_card, digest, read_card, read_card_signatures, read_x25519, tag
from sealing import kdf, unwrap

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


def fingerprint(data):
    """Six groups of five digits that two people compare (SPEC 3.2)."""
    f = digest("fingerprint", data)
    groups = [int.from_bytes(f[4 * i : 4 * i + 4], "big") % 100_000 for i in range(6)]
    return " ".join(f"{group:05}" for group in groups)
