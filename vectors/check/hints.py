"""Hints of expenses and transfers (SPEC 4.12)."""
from fractions import Fraction

from cbor import Reader, Refused, need
from keys import ascending
from payload import read_amount, read_currency


def some(r, most):
    count = r.array_up_to(most, "P9")
    need(count > 0, "P9")
    return range(count)


def positive(r):
    number = r.uint()
    need(number > 0, "P9")
    return number


def label(r):
    text = r.text(128)
    need(text, "P3")
    return text


def read_paid_in(r):
    r.array(4)
    found = [read_currency(r), read_amount(r, 1)]
    r.array(2)
    return [*found, [positive(r), positive(r)], r.text(128)]


def read_receipts(r):
    found = []
    for _ in some(r, 8):
        r.array(4)
        found.append([r.bytes(32), positive(r), label(r), r.bytes(32)])
    return found


def read_tags(r):
    tags = [label(r) for _ in some(r, 32)]
    need(ascending([tag.encode() for tag in tags]), "P9")
    return tags


def read_place(r):
    place = r.uint()
    need(place < 2048, "P9")
    return place


def read_parts(r, read):
    parts = [read(r) for _ in range(r.array_up_to(1024, "P9"))]
    need(ascending([part[0] for part in parts]), "P9")
    return parts


def numbers(most):
    def part(r):
        r.array(2)
        place, number = read_place(r), r.uint()
        need(1 <= number <= most, "P9")
        return [place, number]

    return lambda r: read_parts(r, part)


weights = numbers(10**12)


def read_adjustment(r):
    r.array(3)
    place, less = read_place(r), r.uint()
    need(less in (0, 1), "Q2")
    size = read_amount(r, less)
    return [place, -size if less else size]


def read_items(r):
    r.array(5)
    items = []
    for _ in some(r, 256):
        r.array(3)
        items.append([r.text(4096), read_amount(r, 0), weights(r)])
    return [items, *(read_amount(r, 0) for _ in range(4))]


def read_split(r):
    r.array(2)
    rule = r.uint()
    need(rule <= 5, "Q2")
    if rule == 3:
        r.array(0)
        return ["exact"]
    if rule == 5:
        return ["items", *read_items(r)]
    if rule == 0:
        parts = [part for part, in read_parts(r, lambda r: [read_place(r)])]
    else:
        parts = {
            1: weights,
            2: numbers(10**6),
            4: lambda r: read_parts(r, read_adjustment),
        }[rule](r)
    need(parts, "P9")
    return [["equal", "weights", "percent", None, "adjust"][rule], parts]


def with_members(split, member):
    """The split with members in place of places."""
    if split[0] == "equal":
        return ["equal", [member(place) for place in split[1]]]
    if split[0] == "items":
        items = [[text, amount, [[member(p), w] for p, w in parts]] for text, amount, parts in split[1]]
        return ["items", items, *split[2:]]
    return [split[0], *([[member(place), part] for place, part in parts] for parts in split[1:])]


def exact_shares(split, total):
    """The exact share of each participant, or None if the rule does not fit."""
    rule, found = split[0], {}
    if rule == "items":
        items, (tax, tip, service, discount) = split[1], split[2:]
        whole = sum(amount for _, amount, _ in items)
        if whole + tax + tip + service - discount != total or (total and not whole):
            return None
        for _, amount, parts in items:
            sum_of_weights = sum(weight for _, weight in parts)
            if amount and not sum_of_weights:
                return None
            for member, weight in parts:
                found[member] = found.get(member, 0) + Fraction(amount * weight, sum_of_weights)
        return {member: part * total / (whole or 1) for member, part in found.items()}
    parts = [[member, 1] for member in split[1]] if rule == "equal" else split[1]
    whole = sum(part for _, part in parts)
    if rule == "adjust":
        rest = Fraction(total - whole, len(parts))
        found = {member: rest + part for member, part in parts}
        return None if rest < 0 or min(found.values()) < 0 else found
    if rule == "percent" and whole != 10**6:
        return None
    return {member: Fraction(total * part, whole) for member, part in parts}


def rule_of(data, total, payers, shares):
    """What the split of an expense says, or None. Payers and shares are [member, amount]."""
    split = said(2, data)
    if split is None:
        return None
    sharing = [member for member, _ in shares]
    if len(set(sharing)) < len(sharing):
        return None
    if split == ["exact"]:
        return split
    members = sharing + [None if member in sharing else member for member, _ in payers]
    try:
        split = with_members(split, lambda place: members[place])
    except IndexError:
        return None
    if split[0] == "items":
        lists = [[member for member, _ in parts] for _, _, parts in split[1]]
    else:
        lists = [[part if split[0] == "equal" else part[0] for part in split[1]]]
    named = {member for one in lists for member in one}
    if None in named or any(len(set(one)) < len(one) for one in lists):
        return None
    exact = exact_shares(split, total)
    if exact is None or not set(sharing) <= named or len(named) > 1024:
        return None
    given = dict(shares)
    close = all(abs(given.get(member, 0) - part) < 1 for member, part in exact.items())
    return split if close and set(sharing) <= set(exact) else None


def said(key, data):
    """What a hint says, or None."""
    if key == 6:
        return data.hex() if len(data) == 8 else None
    r = Reader(data)
    try:
        found = {2: read_split, 3: read_paid_in, 4: read_receipts, 5: read_tags}[key](r)
        r.finish()
        return found
    except Refused:
        return None
