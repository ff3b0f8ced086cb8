"""Hints of expenses and transfers (SPEC 4.12)."""
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


def said(key, data):
    """What a hint says, or None."""
    r = Reader(data)
    try:
        found = {3: read_paid_in, 4: read_receipts, 5: read_tags}[key](r)
        r.finish()
        return found
    except Refused:
        return None
