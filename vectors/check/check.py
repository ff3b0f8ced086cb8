"""Checks every vector of ../*.json without any of the reference's code: see README.md."""
import collections
import json
import lzma
import pathlib
import sys

sys.dont_write_bytecode = True  # no __pycache__ beside the vectors

import bundles
import ed25519
import messages
import pairing
import recovery
import sealing
from authority import Resolution
from cbor import Reader, Refused, need
from entry import FIELDS, broken_rule, proves_equivocation, read_entry, read_header
from history import History, arrive
from keys import derive, digest
from state import State

FOLDER = pathlib.Path(__file__).resolve().parent.parent
counts = collections.Counter()
mismatches = []


def expect(what, where, found, expected):
    """Compares two values. Counts the comparison; prints and counts a mismatch."""
    counts[what] += 1
    if found != expected:
        mismatches.append(where)
        print(f"MISMATCH {where}: {what} is {found!r}, the vector says {expected!r}")


def load(name):
    data = (FOLDER / name).read_bytes()
    file = json.loads(data)
    expect("file headers", name, (file["version"], file["format"]), (1, "group-ledger/1"))
    return file


def shown(value):
    """A field in the form of the vectors: byte strings in hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: shown(inner) for key, inner in value.items() if key != "raw"}
    if isinstance(value, (list, tuple)):
        return [shown(inner) for inner in value]
    return value


def parse(vector, where):
    """Reads the entry of a vector that must be accepted, and compares its id."""
    try:
        entry = read_entry(bytes.fromhex(vector["bytes"]), bytes.fromhex(vector["signature"]))
    except Refused as refused:
        expect("entries decoded and verified", where, f"refused by {refused.rule}", "accepted")
        return None
    expect("entries decoded and verified", where, "accepted", "accepted")
    expect("ids", where, entry.id.hex(), vector["id"])
    return entry


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


def check_histories():
    """Random adversarial histories: what becomes of each arrival, digest, agreed heads."""
    with lzma.open(FOLDER / "histories.jsonl.xz") as lines:
        vectors = [json.loads(line) for line in lines]
    for start in range(0, len(vectors), 50):
        some = vectors[start : start + 50]
        # Signatures that should be valid are checked together, the others one by one.
        together = ed25519.at_once(lambda: [read_arrivals(vector, True) for vector in some])
        for vector, valid in zip(some, together):
            broken = read_arrivals(vector, False)
            check_history(vector, [one or other for one, other in zip(valid, broken)])


def read_arrivals(vector, valid):
    """The arrivals whose signatures should be valid, or the others; None in place of the rest."""
    pairs = zip(vector["entries"], vector["results"], strict=True)
    return [read_or_rule(arrival) if (result["rule"] not in ("S1", "K4")) == valid else None
            for arrival, result in pairs]


def check_history(vector, arrivals):
    where = f"histories.jsonl seed {vector['seed']}"
    entries = [entry for entry, rule in arrivals if rule is None]
    history = History(entries[0])
    outcomes = arrive(history, entries[1:])
    outcomes[entries[0].id] = ("admitted", None)
    resolution = Resolution(history)
    for (entry, rule), result in zip(arrivals, vector["results"], strict=True):
        found = dict.fromkeys(("admitted", "refused", "waiting"), False)
        found |= {"id": result["id"], "code": None, "rule": rule}
        if rule is None:
            found["id"] = entry.id.hex()
            outcome, detail = outcomes[entry.id]
            if outcome == "refused":
                found["rule"] = detail
            found["code"] = resolution.verdicts.get(entry.id)
            found["waiting"] = outcome == "missing"
        found["admitted"] = found["code"] is not None
        found["refused"] = found["rule"] is not None
        expect("outcomes in histories", f"{where} {result['id'][:8]}", found, result)
    state = State(resolution)
    expect("histories: digests", where, state.digest().hex(), vector["digest"])
    expect("histories: agreed heads", where, shown(resolution.agreed_heads()),
           sorted(vector["heads"]))
    expect("histories: balances", where, shown(state.balances), sorted(vector["balances"]))
    members = [[name, shown_name, bool(introduced), bool(removed)]
               for name, shown_name, introduced, removed, _ in shown(state.members)]
    expect("histories: members", where, members, sorted(vector["members"]))


def read_or_rule(arrival):
    """The entry, or the rule that it breaks."""
    try:
        return read_entry(bytes.fromhex(arrival["hex"]), bytes.fromhex(arrival["sig"])), None
    except Refused as refused:
        return None, refused.rule


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


def envelope_rule(epoch, data):
    """The rule that an envelope breaks: X1 to X4, X6 except signatures, then X5."""
    try:
        entry, signature, nonce = epoch.open(data)
        rule = broken_rule(entry, signature)
        need(rule in (None, "S1", "K4"), "X6")
        header = header_of(entry)
        need(epoch.nonce(digest("entry", header) + signature) == nonce, "X5")
        need(rule is None, "X6")
    except Refused as refused:
        return refused.rule
    return None


def header_of(entry):
    """The bytes of an entry's header."""
    reader = Reader(entry)
    read_header(reader)
    return entry[: reader.at]


def check_sealing():
    file = load("sealing.json")
    group = bytes.fromhex(file["group"])

    def key(secret):
        return sealing.EpochKey(group, bytes.fromhex(secret))

    for vector in file["keys"]:
        found = key(vector["secret"])
        expect("epoch keys", "sealing.json", found.commit.hex(), vector["commit"])
        expect("epoch keys", "sealing.json", found.topic.hex(), vector["topic"])
    for vector in file["boxes"]:
        known = [tuple(bytes.fromhex(old[field]) for field in ("entry", "secret"))
                 for old in vector["predecessors"]]
        found = key(vector["secret"]).box(known)
        expect("boxes", f"sealing.json {vector['name']}", found.hex(), vector["box"])
    for vector in file["envelopes"]:
        where, epoch = f"sealing.json {vector['name']}", key(vector["secret"])
        data = bytes.fromhex(vector["envelope"])
        expect("envelopes opened or refused", where, envelope_rule(epoch, data),
               vector.get("rule"))
        if "rule" not in vector:
            parts = [bytes.fromhex(vector[field]) for field in ("id", "entry", "signature")]
            expect("envelopes sealed again", where, epoch.seal(*parts), data)
            expect("envelopes sealed again", where, epoch.open(data)[:2], tuple(parts[1:]))
    for vector in file["key_envelopes"]:
        where, data = f"sealing.json {vector['name']}", bytes.fromhex(vector["key_envelope"])
        for secrets, expected in (("recipients", vector["secret"]), ("strangers", None)):
            for secret in vector[secrets]:
                found = sealing.open_key_envelope(data, group, bytes.fromhex(secret))
                expect("wraps", where, found and found.hex(), expected)
        publics = [bytes.fromhex(public) for public in vector["wrapped_for"]]
        again = key(vector["secret"]).key_envelope(data[33:49], publics)
        expect("key envelopes made again", where, again, data)
    before = {}
    for vector in file["boxes_by_entry"]["entries_before"]:
        entry = read_entry(*(bytes.fromhex(vector[field]) for field in ("bytes", "signature")))
        before[entry.id] = entry
    for vector in file["boxes_by_entry"]["cases"]:
        entry = read_entry(*(bytes.fromhex(vector[field]) for field in ("bytes", "signature")))
        found = key(vector["secret"]).box_counts(entry, before)
        expect("boxes that count", f"sealing.json {vector['name']}", found, vector["counts"])
    for vector in file["refused_key_envelopes"]:
        data, secret = (bytes.fromhex(vector[field]) for field in ("key_envelope", "recipient"))
        try:
            key, rule = sealing.open_key_envelope(data, group, secret), None
        except Refused as refused:
            key, rule = None, refused.rule
        found = [key and key.hex(), rule]
        expect("key envelopes by rule", f"sealing.json key envelope {vector['name']}", found,
               [vector["secret"], vector["rule"]])
    for vector in file["secrets"]:
        where, data = f"sealing.json {vector['name']}", bytes.fromhex(vector["sealed"])
        name, secret = vector["secret_name"].encode(), vector["secret"]
        k = bytes.fromhex(vector["key"])
        found, rule = sealing.open_secret(k, name, data)
        expect("secrets at rest", where, None if found is None else found.hex(), secret)
        expect("secrets at rest", where, rule, vector["rule"])
        if rule is None:
            again = sealing.seal_secret(k, name, data[33:57], bytes.fromhex(secret))
            expect("secrets at rest", where, again, data)


def check_bundles():
    file = load("bundles.json")
    group = bytes.fromhex(file["group"])
    key = sealing.EpochKey(group, bytes.fromhex(file["secret"]))
    for vector in file["records"]:
        found = bundles.record_id(bytes.fromhex(vector["record"])).hex()
        expect("record ids", f"bundles.json {vector['name']}", found, vector["id"])
    for vector in file["runs"]:
        records, skipped = bundles.read_records(bytes.fromhex(vector["bytes"]))
        found = ([record.hex() for record in records], skipped)
        expect("records found", f"bundles.json {vector['name']}", found,
               (vector["records"], vector["skipped"]))
    manifests = []
    for vector in file["manifests"]:
        where, data = f"bundles.json {vector['name']}", bytes.fromhex(vector["manifest"])
        found = bundles.open_manifest(key, data)
        expect("manifests", where, found["group"], group)
        manifests.append(found)
        for field in ("bundle", "part", "parts", "entries", "heads", "wanted", "ids"):
            expect("manifests", where, shown(found[field]), vector[field])
        expect("manifests sealed again", where, bundles.seal_manifest(key, found), data)
    expect("bundle ids", "bundles.json", bundles.bundle_id(manifests), manifests[0]["bundle"])
    for vector in file["summaries"]:
        salt = bytes.fromhex(vector["salt"])
        chains = [(bytes.fromhex(device), seq, bytes.fromhex(tip))
                  for device, seq, tip in vector["chains"]]
        missing = [bytes.fromhex(id) for id in vector["missing"]]
        found = bundles.summary(group, salt, chains, missing).hex()
        expect("summaries", f"bundles.json {vector['name']}", found, vector["summary"])


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
    expect("usable epochs", where, shown(state.usable_epochs()), scenario["usable_epochs"])
    expect("recipients", where, shown(state.recipients()), scenario["recipients"])
    expect("heads", where, shown(state.all_heads()), scenario["all_heads"])
    agreed = shown(state.resolution.agreed_heads())
    expect("agreed heads", where, agreed, scenario["agreed_heads"])
    expect("state digests", where, state.digest().hex(), scenario["state_digest"])


def check_messages():
    file = load("messages.json")["messages"]
    for vector in file["phrases"]:
        found = recovery.phrase_checks(bytes.fromhex(vector["entropy"]), vector["phrase"])
        expect("phrases", "messages.json", found, True)
    invite = messages.read_invite(file["invite"])
    for field, found in invite.items():
        expected = True if field == "link" else file["invite"][field]
        expect("invites, field by field", "messages.json", found, expected)
    for field, found in pairing.read_pairing(file["pairing"]).items():
        expect("pairings, field by field", "messages.json", found, file["pairing"][field])
    vector = file["shares"]
    shares = recovery.read_shares(vector)
    for chosen in (shares[:2], shares[1:], shares[::2], shares[::-2]):
        found = recovery.interpolate(chosen).hex()
        expect("entropies from shares", "messages.json", found, vector["entropy"])
    root = ed25519.public_key(derive(bytes.fromhex(vector["entropy"]), "root", vector["index"]))
    expect("entropies from shares", "messages.json", root.hex(), shares[0]["root"].hex())
    for vector in file["broken"]:
        found = messages.rule_of(messages.open_message, None, bytes.fromhex(vector["bytes"]))
        expect("broken messages", f"messages.json {vector['name']}", found, vector["rule"])
    for vector in file["texts"]:
        rule = messages.rule_of(messages.from_text, vector["text"])
        found = messages.from_text(vector["text"]).hex() if rule is None else None
        expect("texts", f"messages.json {vector['text']!r}", found, vector["bytes"])
    for vector in file["fingerprints"]:
        found = messages.fingerprint(bytes.fromhex(vector["bytes"]))
        expect("fingerprints", f"messages.json {vector['of']}", found, vector["digits"])
    check_refused_messages(file)


def check_refused_messages(file):
    def compare(what, name, expected, read, *arguments):
        found = messages.rule_of(read, *arguments)
        expect(what, f"messages.json {what}: {name}", found, expected)

    places = {word: number for known in file["phrases"]
              for word, number in zip(known["phrase"].split(" "),
                                      recovery.numbers_of(bytes.fromhex(known["entropy"])))}
    for vector in file["refused_phrases"]:
        compare("phrases by rule", vector["name"], vector["rule"], recovery.read_phrase,
                vector["phrase"], places)
    invite = file["invite"]
    w, group, member, secret = (bytes.fromhex(invite[field])
                                for field in ("w", "group", "member", "exchange_secret"))
    readers = {
        "link": lambda message: messages.read_link(message),
        "request": lambda message: messages.read_request(message, w, group),
        "answer": lambda message: messages.read_answer(message, secret, group, member),
    }
    for vector in file["refused_invites"]:
        compare("invites by rule", f"{vector['reader']} {vector['name']}", vector["rule"],
                readers[vector["reader"]], bytes.fromhex(vector["message"]))
    devices = pairing.Pairing(file["pairing"])
    for vector in file["pairing_steps"]:
        compare("pairings by rule", f"{vector['step']} {vector['name']}", vector["rule"],
                devices.read, vector["step"], bytes.fromhex(vector["message"]), vector["now_ms"])
    for vector in file["typed_codes"]:
        compare("pairings by rule", f"typed {vector['typed']!r}", vector["rule"], devices.enter,
                vector["typed"], vector["now_ms"])
    for vector in file["weak_offers"]:
        compare("pairings by rule", "weak offer", vector["rule"], pairing.read_reveal,
                *(bytes.fromhex(vector[field]) for field in ("offer", "reveal")), vector["now_ms"])
    key = bytes.fromhex(file["collections"]["request_secret"])
    for vector in file["collections"]["cases"]:
        compare("shares by rule", vector["name"], vector["rule"], recovery.collect,
                [bytes.fromhex(message) for message in vector["returned"]], key)
    for vector in file["refused_requests"]:
        compare("recovery requests by rule", vector["name"], vector["rule"],
                recovery.read_recovery_request, bytes.fromhex(vector["message"]))
    enrolments = file["enrolments"]
    epoch = sealing.EpochKey(*(bytes.fromhex(enrolments[field]) for field in ("group", "secret")))
    for vector in enrolments["cases"]:
        compare("enrolments to carry by rule", vector["name"], vector["rule"],
                recovery.read_enrolment, bytes.fromhex(vector["message"]), epoch)


def most_groups(balances):
    """The largest number of groups, each with the sum zero, into which balances divide."""
    best = [0] * (1 << len(balances))
    sums = [0] * (1 << len(balances))
    for chosen in range(1, len(best)):
        places = [p for p in range(len(balances)) if chosen >> p & 1]
        sums[chosen] = sums[chosen & (chosen - 1)] + balances[places[0]]
        best[chosen] = max(best[chosen ^ 1 << p] for p in places) + (sums[chosen] == 0)
    return best[-1]


def greedy(balances):
    """A plan in which the largest debtor pays the largest creditor; ties go to the smaller member."""
    left, plan = dict(enumerate(balances, 1)), []
    while any(left.values()):
        to = min(left, key=lambda m: (-left[m], m))
        giver = min(left, key=lambda m: (left[m], m))
        amount = min(left[to], -left[giver])
        plan.append({"from": giver, "to": to, "amount": amount})
        left[to] -= amount
        left[giver] += amount
    return plan


def check_settle_up():
    for case in load("settle_up.json")["cases"]:
        where = f"settle_up.json {case['about']}"
        left = dict(enumerate(case["balances"], 1))
        for step in case["transfers"]:
            expect("settle-up transfers", where, step["amount"] > 0, True)
            left[step["from"]] += step["amount"]
            left[step["to"]] -= step["amount"]
        expect("settle-up plans", where, any(left.values()), False)
        balances = [balance for balance in case["balances"] if balance]
        if len(balances) <= 16:
            fewest = len(balances) - most_groups(balances)
            expect("settle-up plans", where, len(case["transfers"]), fewest)
        else:
            expect("settle-up plans", where, case["transfers"], greedy(case["balances"]))


def check_splits():
    for case in load("splits.json")["cases"]:
        total, parts, turn = case["total"], case["parts"], case["turn"]
        odd = {(turn + place) % parts for place in range(total % parts)} if parts else set()
        shares = [total // parts + (place in odd) for place in range(parts)]
        expect("splits", f"splits.json {total}/{parts}", case["shares"], shares)


def main():
    checks = (
        check_entries,
        check_encoding,
        check_signatures,
        check_admission,
        check_authority,
        check_histories,
        check_proofs,
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
