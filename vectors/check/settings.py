"""Values of settings (SPEC 4.15)."""
from cbor import Reader, Refused, need
from hints import label
from payload import read_currency


def read_weight(r):
    weight = r.uint()
    need(weight <= 10 ** 12, "P6")
    return weight


def different(texts):
    need(len(set(texts)) == len(texts), "P3")
    return texts


def read_relays(r):
    relays = different([r.text(512) for _ in range(r.array_up_to(16, "P3"))])
    need(all(relay.startswith("https://") for relay in relays), "P3")
    return relays


def read_categories(r):
    return different([label(r) for _ in range(r.array_up_to(128, "P3"))])


def read_device_name(r):
    name = r.text(256)
    need(name != "", "P3")
    return name


def sets(field, data):
    """What a value sets, or None."""
    r = Reader(data)
    try:
        readers = [read_currency, read_weight, read_relays, read_categories, read_device_name]
        found = readers[field](r)
        r.finish()
    except Refused:
        return None
    # None at all is as if nothing had been set.
    return None if found == [] else found
