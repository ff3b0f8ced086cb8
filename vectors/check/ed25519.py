"""Ed25519 with the validity of ZIP 215, and X25519, on plain integers (RFC 8032, RFC 7748).

Slow and not constant in time: for checking public vectors, never for secrets.
"""
from functools import lru_cache
from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # a square root of -1
ZERO = (0, 1, 1, 0)  # extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def negated(p):
    return (-p[0] % P, p[1], p[2], -p[3] % P)


def times(n, p):
    q = ZERO
    for bit in bin(n)[2:]:
        q = add(q, q)
        if bit == "1":
            q = add(q, p)
    return q


def is_zero(p):
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


@lru_cache(4096)
def decompress(data):
    """The point that 32 bytes encode, canonically or not; None if there is none."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number % 2**255 % P
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P != 0:
        x = x * ROOT % P
        if (v * x * x - u) % P != 0:
            return None
    if x & 1 != sign:
        x = -x % P  # leaves a zero as it is: ZIP 215 takes "negative zero"
    return (x, y, 1, x * y % P)


def compress(p):
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
SMALL_BASE = [ZERO]
for _ in range(15):
    SMALL_BASE.append(add(SMALL_BASE[-1], BASE))


def times_base(n):
    q = ZERO
    for shift in range(252, -1, -4):
        for _ in range(4):
            q = add(q, q)
        q = add(q, SMALL_BASE[n >> shift & 15])
    return q


def hash_number(*parts):
    return int.from_bytes(sha512(b"".join(parts)).digest(), "little")


def verify(key, message, signature):
    """ZIP 215: any encodings of points, S canonical, the cofactored equation."""
    if judged is not None:
        return judged.setdefault((key, message, signature), True)
    a, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    k = hash_number(signature[:32], key, message) % L
    difference = add(times_base(s), negated(add(r, times(k, a))))
    return is_zero(times(8, difference))


judged = None  # signatures that `at_once` judges, and whether each is valid


def at_once(read):
    """What `read` returns, with all signatures that it verifies checked in few equations.

    It first believes all of them, and reads again if some are not valid.
    """
    global judged
    judged = {}
    try:
        found = read()
        invalid = invalid_of(list(judged))
        judged.update(dict.fromkeys(invalid, False))
        return read() if invalid else found
    finally:
        judged = None


def invalid_of(signatures):
    """Those that are not valid, by halving what does not hold as a whole."""
    if all_valid(signatures):
        return []
    if len(signatures) == 1:
        return signatures
    middle = len(signatures) // 2
    return invalid_of(signatures[:middle]) + invalid_of(signatures[middle:])


def all_valid(signatures):
    """Whether all of these signatures are valid, by one equation for all of them.

    Each one's equation counts a number of 128 bits times, which follows from all of them. ZIP 215
    accepts the same set one by one and so.
    """
    seed = sha512(b"".join(k + sha512(m).digest() + s for k, m, s in signatures)).digest()
    base, keys, terms = 0, {}, []
    for place, (key, message, signature) in enumerate(signatures):
        s = int.from_bytes(signature[32:], "little")
        r = decompress(signature[:32])
        if len(signature) != 64 or decompress(key) is None or r is None or s >= L:
            return False
        factor = hash_number(seed, place.to_bytes(8, "big")) >> 384 | 1
        k = hash_number(signature[:32], key, message)
        base += factor * s
        keys[key] = (keys.get(key, 0) + factor * k) % L
        terms.append((factor, r))
    terms += [(factor, decompress(key)) for key, factor in keys.items()]
    return is_zero(times(8, add(times_base(base % L), negated(sum_of(terms)))))


def sum_of(terms):
    """The sum of points, each taken as often as the number beside it says (Pippenger 1976)."""
    width = max(2, len(terms).bit_length() - 3)
    total = ZERO
    for shift in range(252 // width * width, -1, -width):
        for _ in range(width):
            total = add(total, total)
        buckets = {}
        for factor, point in terms:
            digit = factor >> shift & (1 << width) - 1
            if digit:
                buckets[digit] = add(buckets[digit], point) if digit in buckets else point
        running = part = ZERO
        for digit in range((1 << width) - 1, 0, -1):
            if digit in buckets:
                running = add(running, buckets[digit])
            part = add(part, running)
        total = add(total, part)
    return total


def expand(seed):
    digest = sha512(seed).digest()
    return clamp(digest[:32]), digest[32:]


def clamp(data):
    return int.from_bytes(data, "little") & (2**254 - 8) | 2**254


def public_key(seed):
    return compress(times_base(expand(seed)[0]))


def sign(seed, message):
    scalar, prefix = expand(seed)
    r = hash_number(prefix, message) % L
    big_r = compress(times_base(r))
    k = hash_number(big_r, public_key(seed), message) % L
    return big_r + ((r + k * scalar) % L).to_bytes(32, "little")


@lru_cache(4096)
def may_be_introduced(key):
    """Rule K1: a canonical encoding of a point of prime order."""
    p = decompress(key)
    return p is not None and compress(p) == key and not is_zero(p) and is_zero(times(L, p))


def x25519_double(x, z):
    a, b = (x + z) ** 2 % P, (x - z) ** 2 % P
    c = a - b
    return a * b % P, c * (b + 121666 * c) % P


def x25519_may_be_introduced(u):
    """Rule K2: canonical, and eight times the point is not the neutral one."""
    x, z = int.from_bytes(u, "little"), 1
    if x >= P:
        return False
    for _ in range(3):
        x, z = x25519_double(x, z)
    return z % P != 0


def x25519_public(secret):
    """The Montgomery u of the base point times the clamped secret, by way of Edwards."""
    _, y, z, _ = times_base(clamp(secret))
    return ((z + y) * pow(z - y, -1, P) % P).to_bytes(32, "little")
