"""Steps about money: by which rule it is shared, how it comes back, and what recurs otherwise."""

import datetime

from group_ledger import (
    Direction,
    Hints,
    Ledger,
    Part,
    Receipt,
    RecurrenceRule,
    RecurrenceUnit,
    Split,
    SplitItem,
    SplitKind,
    SplitPart,
    TotalsBy,
    Transaction,
    shares_of,
)

MONTHLY = RecurrenceRule(unit=RecurrenceUnit.MONTHS, every=1)


def with_ben():
    """A group of its own, in memory, with Anna and Ben."""
    group = Ledger.in_memory().create_group("Flat", "Anna")
    return group, group.info().me, group.entries().add_placeholder("Ben")


def shares_by_every_rule(flat):
    group, anna, ben = with_ben()

    def parts(of_anna, of_ben):
        values = zip((anna, ben), (of_anna, of_ben))
        return [SplitPart(member=member, value=value) for member, value in values]

    pizza = SplitItem(text="Pizza", minor_units=800, parts=parts(1, 3))
    for kind, rule, expected in [
        (SplitKind.EQUAL, Split.EQUAL([anna, ben]), (501, 500)),
        (SplitKind.PERCENT, Split.PERCENT(parts(333_333, 666_667)), (334, 667)),
        (SplitKind.EXACT, Split.EXACT(parts(1, 1000)), (1, 1000)),
        # Who has nothing of it has no share.
        (SplitKind.EXACT, Split.EXACT(parts(0, 1001)), (0, 1001)),
        (SplitKind.ADJUST, Split.ADJUST(parts(-101, 0)), (450, 551)),
        (SplitKind.ITEMS, Split.ITEMS([pizza], tax=200, tip=1, service=0, discount=0), (250, 751)),
    ]:
        shares = shares_of(rule, 1001, "EUR", 0)
        payers = [Part(member=ben, minor_units=1001)]
        group.entries().record_expense(flat.expense(1001, payers=payers, shares=shares, split=rule))
        row = group.lists().expenses(limit=1)[0]
        found = {part.member: part.minor_units for part in row.transaction.expense.shares}
        if kind == SplitKind.EQUAL:
            # Odd cents take turns.
            assert sorted(found.values()) == sorted(expected)
        else:
            assert (found.get(anna, 0), found[ben]) == expected, rule
        assert row.split == kind and row.my_share.minor_units == found.get(anna, 0)
        assert row.my_change.minor_units == -row.my_share.minor_units


def gets_money_back(flat):
    group, anna, ben = with_ben()

    def bill(minor_units, direction, **change):
        def parts(*of_each):
            return [Part(member=m, minor_units=n) for m, n in zip((anna, ben), of_each) if n]

        half = minor_units // 2
        return flat.expense(
            minor_units,
            payers=parts(minor_units, 0),
            shares=parts(half, half),
            direction=direction,
            **change,
        )

    receipt = Receipt(blob=bytes(32), size=1, media_type="image/jpeg", key=bytes([1]) * 32)
    hints = Hints(tags=[], receipts=[receipt], paid_in=None)
    group.entries().record_expense(bill(400, Direction.OUTGOING, hints=hints))
    # More comes back than was paid.
    group.entries().record_expense(bill(1000, Direction.INCOMING, description="Deposit"))
    balances = {row.member: row.balance.minor_units for row in group.balances().now()}
    assert balances == {anna: -300, ben: 300}
    back, paid = group.lists().expenses()
    assert (back.my_share.minor_units, back.my_change.minor_units) == (500, -500)
    assert (paid.my_share.minor_units, paid.my_change.minor_units) == (200, 200)
    assert paid.transaction.expense.hints.receipts == [receipt]
    [total] = group.lists().totals(TotalsBy.CURRENCY)
    assert (total.expenses, total.spent.minor_units) == (2, -600)
    [debt] = group.balances().debts(ben)
    assert (debt.member, debt.balance.minor_units) == (anna, 300)
    [payment] = group.balances().settle_up_only_owed()
    assert (payment.from_member, payment.money.minor_units) == (anna, 300)


def changes_a_series(flat):
    group, anna, ben = with_ben()
    recurring = group.recurring()

    def rent(minor_units, date):
        payers = [Part(member=anna, minor_units=minor_units)]
        half = minor_units // 2
        shares = [Part(member=member, minor_units=half) for member in (anna, ben)]
        bill = flat.expense(minor_units, date=date, payers=payers, shares=shares)
        return Transaction.EXPENSE(bill)

    first, march = datetime.date(2126, 1, 31), datetime.date(2126, 3, 1)
    series = recurring.begin(rent(900, first), MONTHLY)
    changed = recurring.change(series, march, rent(1000, first))
    assert len(changed.entries) == 1 and changed.planned_from is None
    due = recurring.due(datetime.date(2126, 4, 1)).occurrences
    assert [one.total.minor_units for one in due] == [900, 900, 1000]
    assert due[2].transaction.expense.date == datetime.date(2126, 3, 31)
    # Its first days were over when it began: they are shown, and recorded if somebody taps.
    old = recurring.begin(rent(700, datetime.date(2024, 1, 15)), MONTHLY, datetime.date(2024, 3, 15))
    passed = recurring.passed(old)
    assert [one.number for one in passed.occurrences] == [0, 1, 2] and not passed.has_more
    assert recurring.record_due(datetime.date(2025, 1, 1)).expenses == []
    assert recurring.record(old, 1) is not None
    assert [one.number for one in recurring.passed(old).occurrences] == [0, 2]
    assert recurring.waiting(march).occurrences == []


MONEY = [shares_by_every_rule, gets_money_back, changes_a_series]
