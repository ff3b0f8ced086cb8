"""Compares splits and settle-up plans with the vectors (SPEC 4.4, 9)."""
from compare import expect, load


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
