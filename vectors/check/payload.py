"""Payloads by kind (SPEC 4)."""
import datetime
import re

from cbor import need
from keys import (
    ascending, check_card, check_device, check_signature, digest, read_card, read_card_signatures,
    read_device_signatures, read_name, read_placeholder_card, read_statement, read_x25519, KEM_X25519,
)

KINDS = {
    0: "genesis", 1: "merge", 2: "add-member", 3: "placeholder", 4: "claim", 5: "adopt",
    6: "statement",
    16: "expense", 17: "transfer", 18: "correction", 19: "cancellation", 20: "copy",
    21: "endorsement", 22: "rotation", 23: "epoch", 24: "restoration", 25: "setting",
    26: "template", 27: "speaks",
}
MOST = 10**15
ORIGIN, DIRECTION = 0, 1  # keys of more


def read_ref(r):
    index = r.uint()
    need(index <= 65535, "P1")
    return index


def read_date(r):
    number = r.uint()
    try:
        datetime.date(number // 10000, number // 100 % 100, number % 100)
    except (ValueError, OverflowError):
        need(False, "P4")
    return number


CODE = re.compile(r"[A-Z]{3}")
UNIT = re.compile(r"(?P<name>[A-Za-z\u0080-\U0010ffff](?: ?[A-Za-z0-9._\u0080-\U0010ffff-])*)/[0-9]")
HIDDEN = re.compile(
    "[\u0080-\u00a0\u00ad\u034f\u061c\u115f-\u1160\u1680\u17b4-\u17b5\u180b-\u180f\u2000-\u200f"
    "\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe-\uffff\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\U000f0000-\U000ffffd\U00100000-\U0010fffd]"
)


def is_unit(code):
    unit = UNIT.fullmatch(code)
    if unit is None:
        return False
    name = unit["name"]
    return len(name.encode()) <= 16 and not CODE.fullmatch(name) and not HIDDEN.search(name)


def read_currency(r):
    code = r.text(4096)
    need(CODE.fullmatch(code) is not None or is_unit(code), "P5")
    return code


def read_amount(r, least):
    amount = r.uint()
    need(least <= amount <= MOST, "P6")
    return amount


def read_parts(r):
    parts = []
    for _ in range(r.array_up_to(1024, "P1")):
        r.array(2)
        parts.append([read_ref(r), read_amount(r, 1)])
        need(ascending([ref for ref, _ in parts]), "P7")
    return parts


def read_more(r, kind):
    fields, hints = [], []
    length = r.array_up_to(64, "P9")
    need(length > 0, "P9")
    for _ in range(length):
        r.array(2)
        key, data = r.uint(), r.bytes()
        fields.append([key, data])
        need(ascending([key for key, _ in fields]), "P9")
        if key == ORIGIN:
            need(len(data) == 16, "P9")
        elif key == DIRECTION:
            need(kind == "expense" and data == b"\x01", "P9")
        else:
            hints.append(len(data))
            need(len(hints) <= 62 and sum(hints) <= 32768, "P9")
    return fields


def is_incoming(money):
    return any(key == DIRECTION for key, _ in money["more"] or [])


def read_money(r, kind):
    need(kind in ("expense", "transfer"), "C1")
    r.array(9 if kind == "expense" else 7)
    money = {"date": read_date(r), "description": r.text(4096)}
    if kind == "expense":
        money["category"] = r.optional(lambda: r.text(128))
        money["note"] = r.optional(lambda: r.text(4096))
    money["currency"] = read_currency(r)
    money["amount"] = read_amount(r, 0 if kind == "expense" else 1)
    if kind == "expense":
        money["payers"], money["shares"] = read_parts(r), read_parts(r)
    else:
        money["from"], money["to"] = read_ref(r), read_ref(r)
    money["more"] = r.optional(lambda: read_more(r, kind))
    if kind == "transfer":
        need(money["from"] != money["to"], "P8")
    else:
        for parts in (money["payers"], money["shares"]):
            need(sum(amount for _, amount in parts) == money["amount"], "P7")
    return money


def read_change(r, first):
    r.array(3)
    change = {first: read_ref(r)}
    kind = r.uint()
    need(kind <= 65535, "H6")
    change["kind"] = kind
    change["content"] = read_money(r, KINDS.get(kind))
    return change


def read_number(r):
    number = r.uint()
    need(number <= 1_000_000, "P10")
    return number


def read_series_change(r):
    r.array(3)
    change = {"target": read_ref(r), "from": read_number(r), "base": read_number(r)}
    need(change["base"] <= change["from"], "P10")
    return change


def read_template(r):
    r.array(5)
    found = {"kind": r.uint()}
    need(found["kind"] <= 65535, "H6")
    found["content"] = read_money(r, KINDS.get(found["kind"]))
    r.array(2)
    unit = r.uint()
    need(unit <= 3, "Q2")
    every = r.uint()
    need(1 <= every <= 1000, "P10")
    found["rule"] = [unit, every]
    found["end"] = r.optional(lambda: read_number(r))
    found["change"] = r.optional(lambda: read_series_change(r))
    return found


def read_opening(r):
    r.array(2)
    raw = r.optional(r.bytes)
    card = raw if raw is None else read_placeholder_card(raw)
    balances = []
    for _ in range(r.array_up_to(1024, "G1")):
        r.array(2)
        balances.append([read_currency(r), int.from_bytes(r.bytes(16), "big", signed=True)])
        need(0 < abs(balances[-1][1]) < 2**64, "G1")
        need(ascending([currency for currency, _ in balances]), "G1")
    return {"card": card, "raw": raw, "balances": balances}


def read_predecessor(r):
    r.array(4)
    old = {"group": r.bytes(32), "digest": r.bytes(32)}
    old["heads"] = [r.bytes(32) for _ in range(r.array_up_to(1024, "G1"))]
    need(ascending(old["heads"]), "G1")
    old["opening"] = [read_opening(r) for _ in range(r.array_up_to(1000, "G1"))]
    return old


def check_predecessor(old, card, founder):
    """The part of rule G1 that concerns several people at once."""
    sums, met = {}, set()
    need(old["opening"], "G1")
    for place, opening in enumerate(old["opening"]):
        need((opening["card"] is None) == (place == 0), "G1")
        if place > 0:
            need(opening["card"]["place"] == card["place"], "G1")
            need(opening["card"]["introducer"] in (founder, None) and opening["raw"] not in met, "G1")
            met.add(opening["raw"])
        for currency, balance in opening["balances"]:
            sums[currency] = sums.get(currency, 0) + balance
    need(not any(sums.values()), "G1")


def read_genesis(r, header):
    r.array(4)
    genesis = {"group_name": read_name(r), "raw": r.bytes()}
    genesis["card"] = read_card(genesis["raw"])
    genesis["signatures"] = read_card_signatures(r)
    need(genesis["card"]["certificate"]["device"] == header["device"], "K5")
    genesis["predecessor"] = r.optional(lambda: read_predecessor(r))
    if genesis["predecessor"] is not None:
        founder = digest("member", genesis["raw"])
        check_predecessor(genesis["predecessor"], genesis["card"], founder)
    return genesis


def read_signed_card(r, header, found):
    found["raw"] = r.bytes()
    found["card"] = read_card(found["raw"])
    need(found["card"]["place"] == header["group"], "K3")
    found["signatures"] = read_card_signatures(r)
    return found


def read_statement_entry(r):
    r.array(3)
    found = {"raw": r.bytes()}
    found["statement"] = read_statement(found["raw"])
    found["signature"] = r.bytes(64)
    if "certificate" in found["statement"]["body"]:
        found["more"] = read_device_signatures(r)
    elif "card" in found["statement"]["body"]:
        found["more"] = read_card_signatures(r)
    else:
        r.array(0)
        found["more"] = {}
    return found


def read_payload(r, header):
    """The payload's fields; refs are checked by the caller."""
    kind = KINDS[header["kind"]]
    if kind == "genesis":
        return read_genesis(r, header)
    if kind == "statement":
        return read_statement_entry(r)
    if kind in ("expense", "transfer"):
        return read_money(r, kind)
    if kind == "correction":
        return read_change(r, "target")
    if kind == "copy":
        return read_change(r, "original")
    if kind == "template":
        return read_template(r)
    lengths = {"merge": 0, "add-member": 2, "placeholder": 1, "claim": 3, "adopt": 1,
               "cancellation": 2, "endorsement": 3, "rotation": 3, "epoch": 3, "restoration": 1,
               "setting": 3, "speaks": 2}
    r.array(lengths[kind])
    found = {}
    if kind in ("claim", "adopt", "cancellation", "endorsement", "restoration"):
        found["target"] = read_ref(r)
    if kind in ("add-member", "claim"):
        return read_signed_card(r, header, found)
    if kind == "placeholder":
        found["raw"] = r.bytes()
        found["card"] = read_placeholder_card(found["raw"])
    elif kind == "cancellation":
        found["reason"] = r.optional(lambda: r.text(4096))
    elif kind == "endorsement":
        found["confirms"] = r.uint()
        need(found["confirms"] in (0, 1), "Q2")
        found["note"] = r.optional(lambda: r.text(4096))
    elif kind == "rotation":
        found["exchange_generation"] = r.uint()
        found["kem"] = r.uint()
        need(found["kem"] == KEM_X25519, "K3")
        found["exchange"] = r.bytes(32)
        read_x25519(found["exchange"])
    elif kind == "epoch":
        found["commit"], found["topic"] = r.bytes(32), r.bytes(32)
        found["box"] = r.bytes()
    elif kind == "setting":
        found["field"], found["subject"], found["value"] = r.uint(), r.bytes(), r.bytes()
    elif kind == "speaks":
        found["version"] = r.uint()
        need(found["version"] >= 1, "P11")
        found["features"] = []
        for _ in range(r.array_up_to(64, "P11")):
            found["features"].append(r.uint())
            need(ascending(found["features"]), "P11")
    return found


def money_refs(money):
    """The refs of a money content that stand for members."""
    if "payers" in money:
        return [ref for ref, _ in money["payers"] + money["shares"]]
    return [money["from"], money["to"]]


def used_refs(payload):
    """Every index of a payload into the refs."""
    found = [payload[field] for field in ("target", "original") if field in payload]
    if payload.get("change"):
        found.append(payload["change"]["target"])
    money = payload.get("content", payload)
    return found + (money_refs(money) if "currency" in money else [])


def check_signatures(payload):
    """Checks the signatures inside a payload (rule K4)."""
    if "statement" in payload:
        statement = payload["statement"]
        check_signature(statement["signer"], "act", payload["raw"], payload["signature"])
        body = statement["body"]
        if "certificate" in body:
            check_device(body["certificate"], body["raw"], payload["more"])
        elif "card" in body:
            check_card(body["card"], body["raw"], payload["more"])
    elif "signatures" in payload:
        check_card(payload["card"], payload["raw"], payload["signatures"])
