"""Pairings of a new device with an old one (SPEC 15)."""
import ed25519
from cbor import Reader, Refused, need
from entry import read_entry
from keys import check_signature, derive, digest, read_certificate, read_generation, tag
from messages import WHITE_SPACE, open_message, split
from sealing import hkdf, x25519, xopen


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
