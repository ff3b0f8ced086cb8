"""XChaCha20-Poly1305, HPKE and the envelopes of SPEC 11, on plain integers.

Slow and not constant in time: for checking public vectors, never for secrets.
"""
import hashlib
import hmac
import struct

import ed25519
from cbor import need
from keys import digest, tag


def hkdf(salt, secret, info, length=32):
    """HKDF-SHA256 (RFC 5869)."""
    key, block, out = hmac.digest(salt, secret, "sha256"), b"", b""
    while len(out) < length:
        block = hmac.digest(key, block + info + bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:length]


def kdf(secret, name, context=b""):
    return hkdf(b"", secret, tag(name) + context)


def rotate(x, n):
    return (x << n | x >> 32 - n) & 0xFFFFFFFF


def rounds(state):
    """The twenty rounds of ChaCha (RFC 8439, 2.3)."""
    s = list(state)

    def quarter(a, b, c, d):
        s[a] = s[a] + s[b] & 0xFFFFFFFF
        s[d] = rotate(s[d] ^ s[a], 16)
        s[c] = s[c] + s[d] & 0xFFFFFFFF
        s[b] = rotate(s[b] ^ s[c], 12)
        s[a] = s[a] + s[b] & 0xFFFFFFFF
        s[d] = rotate(s[d] ^ s[a], 8)
        s[c] = s[c] + s[d] & 0xFFFFFFFF
        s[b] = rotate(s[b] ^ s[c], 7)

    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(a, b, c, d)
    return s


def start(key, rest):
    return struct.unpack("<16I", b"expand 32-byte k" + key + rest)


def block(key, counter, nonce):
    state = start(key, struct.pack("<I", counter) + nonce)
    return struct.pack("<16I", *(a + b & 0xFFFFFFFF for a, b in zip(rounds(state), state)))


def chacha20(key, nonce, data):
    stream = b"".join(block(key, 1 + i, nonce) for i in range((len(data) + 63) // 64))
    return bytes(a ^ b for a, b in zip(data, stream))


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at : at + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return (total + int.from_bytes(key[16:], "little") & 2**128 - 1).to_bytes(16, "little")


def mac(key, nonce, ad, ciphertext):
    padded = b"".join(part + bytes(-len(part) % 16) for part in (ad, ciphertext))
    return poly1305(block(key, 0, nonce)[:32], padded + struct.pack("<QQ", len(ad), len(ciphertext)))


def seal(key, nonce, ad, plaintext):
    """ChaCha20-Poly1305 (RFC 8439)."""
    ciphertext = chacha20(key, nonce, plaintext)
    return ciphertext + mac(key, nonce, ad, ciphertext)


def open_(key, nonce, ad, sealed):
    """The plaintext, or None if it is not authentic."""
    if len(sealed) < 16:
        return None
    ciphertext, found = sealed[:-16], sealed[-16:]
    return chacha20(key, nonce, ciphertext) if mac(key, nonce, ad, ciphertext) == found else None


def extended(key, nonce):
    """HChaCha20: key and nonce of ChaCha20 for those of XChaCha20."""
    s = rounds(start(key, nonce[:16]))
    return struct.pack("<8I", *s[:4], *s[12:]), bytes(4) + nonce[16:]


def xseal(key, nonce, ad, plaintext):
    return seal(*extended(key, nonce), ad, plaintext)


def xopen(key, nonce, ad, sealed):
    return open_(*extended(key, nonce), ad, sealed)


def x25519(secret, u):
    """X25519 (RFC 7748, section 5)."""
    p, k, x1 = ed25519.P, ed25519.clamp(secret), int.from_bytes(u, "little") % 2**255
    x2, z2, x3, z3 = 1, 0, x1, 1
    for t in range(254, -1, -1):
        if k >> t & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % p, x1 * (da - cb) ** 2 % p
        x2, z2 = aa * bb % p, e * (aa + 121665 * e) % p
        if k >> t & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, p - 2, p) % p).to_bytes(32, "little")  # 0 of 0/0


def labeled_extract(suite, salt, label, secret):
    return hmac.digest(salt, b"HPKE-v1" + suite + label + secret, "sha256")


def labeled_expand(suite, key, label, info, length):
    full = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    block, out, n = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(key, block + full + bytes([n]), "sha256")
        out, n = out + block, n + 1
    return out[:length]


KEM = b"KEM" + (0x20).to_bytes(2, "big")
HPKE = b"HPKE" + bytes([0, 0x20, 0, 1, 0, 3])


def schedule(dh, enc, public, info):
    """Key and nonce of HPKE Base for a Diffie-Hellman value (RFC 9180, 4.1 and 5.1)."""
    shared = labeled_extract(KEM, b"", b"eae_prk", dh)
    shared = labeled_expand(KEM, shared, b"shared_secret", enc + public, 32)
    context = b"\x00" + labeled_extract(HPKE, b"", b"psk_id_hash", b"")
    context += labeled_extract(HPKE, b"", b"info_hash", info)
    key = labeled_extract(HPKE, shared, b"secret", b"")
    return (labeled_expand(HPKE, key, b"key", context, 32),
            labeled_expand(HPKE, key, b"base_nonce", context, 12))


def unwrap(secret, info, wrapped):
    """HPKE Base with X25519, HKDF-SHA256, ChaCha20-Poly1305 (RFC 9180); or None."""
    enc, ct = wrapped[:32], wrapped[32:]
    if len(enc) < 32 or not any(x25519(secret, enc)):
        return None
    key, nonce = schedule(x25519(secret, enc), enc, ed25519.x25519_public(secret), info)
    return open_(key, nonce, b"", ct)


def wrap(seed, public, info, message):
    """The same with the ephemeral key that DeriveKeyPair gives for a seed (7.1.3)."""
    prk = labeled_extract(KEM, b"", b"dkp_prk", seed)
    ephemeral = labeled_expand(KEM, prk, b"sk", b"", 32)
    enc = ed25519.x25519_public(ephemeral)
    key, nonce = schedule(x25519(ephemeral, public), enc, public, info)
    return enc + seal(key, nonce, b"", message)


class EpochKey:
    """An epoch key with all that follows from it (SPEC 11.1)."""

    def __init__(self, group, secret):
        self.group, self.secret = group, secret
        self.commit = kdf(secret, "commit", group)
        access = ed25519.public_key(kdf(secret, "access", group))
        self.topic = digest("topic", self.commit + access)

    def box(self, predecessors):
        """The box for entries and their keys: (id, secret) each."""
        known = sorted(predecessors)
        if not known:
            return b""
        key = kdf(self.secret, "hist", b"".join(entry for entry, _ in known))
        return xseal(key, bytes(24), b"", b"".join(secret for _, secret in known))

    def belongs_to(self, entry):
        """Rule Y1: whether this key is that of the epoch that an entry begins."""
        found = [entry.payload[field] for field in ("commit", "topic")]
        return found == [self.commit, self.topic]

    def box_counts(self, entry, entries):
        """Rule Y2: whether this key opens the entry's box, and what is in it belongs there."""
        refs = entry.header["refs"]
        plain = b""
        if refs:
            hist = kdf(self.secret, "hist", b"".join(refs))
            plain = xopen(hist, bytes(24), b"", entry.payload["box"])
        if not self.belongs_to(entry) or plain is None:
            return False
        keys = [EpochKey(self.group, plain[at : at + 32]) for at in range(0, len(plain), 32)]
        before = [entries[ref] for ref in refs]
        return all(old.kind == "epoch" and key.belongs_to(old) for key, old in zip(keys, before))

    def key_envelope(self, salt, recipients):
        """The key envelope for X25519 keys, at most 512 (rule W4)."""
        slots = [self.wrap(salt, public) for public in recipients]
        count = 4
        while count < len(slots):
            count *= 2
        slots += [self.dummy(salt, i) for i in range(count - len(slots))]
        return b"\x02" + self.topic + salt + b"".join(sorted(slots))

    def wrap(self, salt, public):
        seed = digest("key-env", self.secret + salt + public)
        info = tag("wrap") + self.topic + public
        return digest("hint", salt + public)[:8] + wrap(seed, public, info, self.secret)

    def dummy(self, salt, number):
        found = hkdf(salt, self.secret, tag("dummy") + number.to_bytes(4, "big"), 88)
        return found[:8] + ed25519.x25519_public(found[8:40]) + found[40:]

    def nonce(self, named):
        return hmac.digest(kdf(self.secret, "nonce"), named, "sha256")[:24]

    def seal(self, id, entry, signature):
        """The envelope of an entry (SPEC 11.3)."""
        content = len(entry).to_bytes(4, "big") + entry + signature
        nonce = self.nonce(id + signature)
        ad = tag("env") + b"\x01" + self.topic
        padded = content + bytes(padded_len(len(content)) - len(content))
        return b"\x01" + self.topic + nonce + xseal(kdf(self.secret, "seal"), nonce, ad, padded)

    def open(self, data):
        """The entry, its signature and the nonce; rules X1 to X4."""
        return self.unseal(0x01, "env", data, 64)

    def unseal(self, kind, name, data, more):
        """The content of len32 bytes, `more` bytes behind it, and the nonce; rules X1 to X4."""
        size = len(data) - 1 - 32 - 24 - 16
        need(data[:1] == bytes([kind]) and 0 < size <= 65536 and padded_len(size) == size, "X1")
        topic, nonce, sealed = data[1:33], data[33:57], data[57:]
        need(topic == self.topic, "X2")
        plain = xopen(kdf(self.secret, "seal"), nonce, tag(name) + data[:1] + topic, sealed)
        need(plain is not None, "X3")
        end = 4 + int.from_bytes(plain[:4], "big")
        need(end + more <= len(plain) and padded_len(end + more) == len(plain), "X4")
        need(not any(plain[end + more :]), "X4")
        return plain[4:end], plain[end : end + more], nonce


def padded_len(length):
    e = length.bit_length() - 1
    step = max(512, 1 << max(0, e - e.bit_length()))
    return -(-length // step) * step


def open_key_envelope(data, group, secret):
    """The epoch key for this X25519 secret, or None (SPEC 11.4)."""
    topic, salt, wraps = data[1:33], data[33:49], data[49:]
    slots = [wraps[at : at + 88] for at in range(0, len(wraps), 88)]
    need(data[:1] == b"\x02" and len(slots) in (4, 8, 16, 32, 64, 128, 256, 512), "W1")
    need(len(wraps) % 88 == 0, "W1")
    need(all(a < b for a, b in zip(slots, slots[1:])), "W2")
    public = ed25519.x25519_public(secret)
    hint = digest("hint", salt + public)[:8]
    hinted = [slot for slot in slots if slot[:8] == hint]
    found = unwrap(secret, tag("wrap") + topic + public, hinted[0][8:]) if hinted else None
    need(found is None or EpochKey(group, found).topic == topic, "W3")
    return found


def seal_secret(k, name, nonce, secret):
    """A secret at rest (SPEC 17)."""
    ciphertext = xseal(kdf(k, "rest-seal"), nonce, tag("rest") + b"\x01" + name, secret)
    data = b"\x01" + kdf(k, "rest-commit") + nonce + ciphertext
    return data + digest("check", data)[:4]


def open_secret(k, name, data):
    """The secret, and the rule that is broken."""
    if data[:1] != b"\x01" or len(data) < 77 or digest("check", data[:-4])[:4] != data[-4:]:
        return None, "Z1"
    if data[1:33] != kdf(k, "rest-commit"):
        return None, "Z2"
    ad = tag("rest") + b"\x01" + name
    secret = xopen(kdf(k, "rest-seal"), data[33:57], ad, data[57:-4])
    return secret, "Z3" if secret is None else None
