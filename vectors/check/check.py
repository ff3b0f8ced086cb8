"""Checks every vector of ../*.json without any of the reference's code: see README.md."""
import sys

sys.dont_write_bytecode = True  # no __pycache__ beside the vectors

import ed25519
from authority import Resolution
from cbor import Refused
from check_histories import check_histories
from check_messages import check_messages
from check_money import check_settle_up, check_splits
from check_relay import check_relay
from check_sealing import check_bundles, check_sealing
from compare import counts, expect, load, mismatches, parse, shown
from entry import FIELDS, broken_rule, proves_equivocation
from hints import rule_of, said
from history import History
from keys import derive
from recurring import day_of, occurrence, origin_of, series_of, shares_of
from settings import sets
from state import State


def check_entries():
    file = load("entries.json")
    for person in file["keys"]["people"]:
        entropy, index = bytes.fromhex(person["entropy"]), person["index"]
        root = ed25519.public_key(derive(entropy, "root", index)).hex()
        expect("derived keys", person["name"], root, person["root"])
        recovery = ed25519.x25519_public(derive(entropy, "rec", index)).hex()
        expect("derived keys", person["name"], recovery, person["recovery"])
    for device in file["keys"]["devices"]:
        key = ed25519.public_key(bytes.fromhex(device["seed"])).hex()
        expect("derived keys", device["name"], key, device["device"])
        exchange = ed25519.x25519_public(bytes.fromhex(device["exchange_secret"])).hex()
        expect("derived keys", device["name"], exchange, device["exchange"])
    for vector in file["entries"]:
        where = f"entries.json {vector['name']}"
        entry = parse(vector, where)
        if entry is None:
            continue
        header = {field: shown(entry.header[field]) for field in FIELDS}
        expect("headers by field", where, header, vector["header"])
        expect("payloads by field", where, shown(entry.payload), vector["payload"])
        message = b"gl/1/entry-sig" + entry.id
        signature = ed25519.sign(bytes.fromhex(vector["device_seed"]), message).hex()
        expect("signatures made again", where, signature, vector["signature"])


def check_encoding():
    for case in load("encoding.json")["cases"]:
        runs = case.get("runs") or [[case["bytes"], 1]]
        data = b"".join(bytes.fromhex(run) * times for run, times in runs)
        found = broken_rule(data, bytes.fromhex(case["signature"]))
        expect("refusals by rule", f"encoding.json {case['name']}", found, case["rule"])


def check_signatures():
    for suite in load("signatures.json")["suites"]:
        for case in suite["cases"]:
            parts = [bytes.fromhex(case[field]) for field in ("key", "message", "signature")]
            where = f"signatures.json {suite['source'][:12]} {case['name']}"
            expect("raw signatures", where, ed25519.verify(*parts), case["valid"])


def check_admission():
    for sequence in load("admission.json")["sequences"]:
        genesis = parse(sequence["genesis"], f"admission.json {sequence['name']} genesis")
        if genesis is None:
            continue
        history = History(genesis)
        for offer in sequence["offers"]:
            where = f"admission.json {sequence['name']} {offer['name']}"
            entry = parse(offer, where)
            if entry is None:
                continue
            outcome, detail = history.offer(entry)
            expected = offer.get("rule") or offer.get("missing")
            expect("admissions", where, (outcome, shown(detail)), (offer["outcome"], expected))


def entered(scenario, where):
    """The history of a scenario's entries, each admitted as soon as its dependencies are."""
    entries = [parse(vector, f"{where} {vector['name']}") for vector in scenario["entries"]]
    if None in entries:
        return None
    history = History(entries[0])
    for entry in entries[1:]:
        outcome, detail = history.offer(entry)
        expect("admissions", where, (outcome, detail), ("admitted", None))
    return history


def check_authority():
    for scenario in load("authority.json")["scenarios"]:
        where = f"authority.json {scenario['name']}"
        history = entered(scenario, where)
        if history is None:
            continue
        resolution = Resolution(history)
        for vector in scenario["entries"]:
            found = resolution.verdicts[bytes.fromhex(vector["id"])]
            expect("verdicts", f"{where} {vector['name']}", found, vector["verdict"])
        check_state(State(resolution), scenario, where)
        for vector, expected in zip(scenario["entries"], scenario["as_of_entries"], strict=True):
            then = resolution.as_of(history.entries[bytes.fromhex(vector["id"])])
            found = State(then).digest().hex()
            expect("states as of an entry", f"{where} {vector['name']}", found, expected)
        for vector in scenario["as_of_days"]:
            found = State(resolution.on_day(vector["day"])).digest().hex()
            expect("states as of a day", where, found, vector["state_digest"])


def check_state(state, scenario, where):
    expect("group names", where, state.name, scenario["group_name"])
    members = [[m["id"], m["name"], int(m["introduced"]), int(m["removed"]), m["generations"]]
               for m in scenario["members"]]
    expect("member lists", where, shown(state.members), members)
    fields = ("generation", "device", "exchange_generation", "exchange")
    devices = [[device[field] for field in fields] for device in scenario["devices"]]
    expect("device lists", where, shown(state.devices), devices)
    fields = ("currency", "member", "balance")
    balances = [[balance[field] for field in fields] for balance in scenario["balances"]]
    expect("balance lists", where, shown(state.balances), balances)
    if "series" in scenario:
        found = series_of(state)
        for series in scenario["series"]:
            at = bytes.fromhex(series["id"])
            days = [
                [n, occurrence(found[at], n), origin_of(at, n).hex(), shares_of(found[at], n)]
                for n in range(12) if occurrence(found[at], n)
            ]
            expect("series of occurrences", where, days, series["occurrences"])
        expect("series of occurrences", where, len(found), len(scenario["series"]))
    if "settings" in scenario:
        expect("settings in force", where, shown(state.settings()), scenario["settings"])
    if "speaks" in scenario:
        expect("what devices read", where, shown(state.speaks()), scenario["speaks"])
    expect("usable epochs", where, shown(state.usable_epochs()), scenario["usable_epochs"])
    expect("recipients", where, shown(state.recipients()), scenario["recipients"])
    expect("heads", where, shown(state.all_heads()), scenario["all_heads"])
    agreed = shown(state.resolution.agreed_heads())
    expect("agreed heads", where, agreed, scenario["agreed_heads"])
    expect("state digests", where, state.digest().hex(), scenario["state_digest"])


def check_hints():
    for case in load("hints.json")["cases"]:
        data = bytes.fromhex(case["bytes"])
        if case["key"] == 2:
            found = rule_of(data, case["total"], case["payers"], case["shares"])
        else:
            found = said(case["key"], data)
        where = f"hints.json {case['key']} {case['name']}"
        expect("hints", where, shown(found), case["says"])


def check_settings():
    for case in load("settings.json")["cases"]:
        found = sets(case["field"], bytes.fromhex(case["bytes"]))
        where = f"settings.json {case['field']} {case['name']}"
        expect("values of settings", where, shown(found), case["says"])


def check_recurring():
    file = load("recurring.json")
    for rule, first, steps, day in file["days"]:
        expect("days of recurrences", "recurring.json", day_of(first, rule, steps), day)
    series = bytes.fromhex(file["origins"]["series"])
    for number, origin in file["origins"]["numbers"]:
        expect("origins of occurrences", "recurring.json", origin_of(series, number).hex(), origin)


def check_proofs():
    for case in load("proofs.json")["cases"]:
        headers = [[bytes.fromhex(h[field]) for field in ("bytes", "signature")]
                   for h in case["headers"]]
        try:
            found = proves_equivocation(headers)
            outcome = "proof" if found else "no proof"
        except Refused as refused:
            found, outcome = None, refused.rule
        where = f"proofs.json {case['name']}"
        expect("proofs of equivocation", where, outcome, case["outcome"])
        if case["proven"]:
            expected = [case["proven"]["device"], *case["proven"]["entries"]]
            expect("proofs of equivocation", where, shown(found), expected)


def main():
    checks = (
        check_entries,
        check_encoding,
        check_signatures,
        check_admission,
        check_authority,
        check_histories,
        check_proofs,
        check_hints,
        check_settings,
        check_recurring,
        check_relay,
        check_sealing,
        check_bundles,
        check_messages,
        check_settle_up,
        check_splits,
    )
    for check in checks:
        check()
    width = max(map(len, counts))
    for what, count in counts.items():
        print(f"{what:{width}} {count:5}")
    print(f"{sum(counts.values())} checks, {len(mismatches)} mismatches")
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
