"""Compares random histories with the vectors (SPEC 5 to 7)."""
import json
import lzma

import ed25519
from authority import Resolution
from compare import FOLDER, expect, read_or_rule, shown
from history import History, arrive
from state import State


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
