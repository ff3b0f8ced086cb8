"""The scenario that is the same in Swift, Kotlin and Python.

Run by ledger-ffi/test-bindings.sh, which compares the steps printed here with
those in ledger-ffi/tests/scenario.txt.
"""

import datetime
import gc
import os
import pathlib
import sys
import tempfile
import threading
import traceback

from group_ledger import (
    AsOf,
    Condition,
    Direction,
    Difference,
    EntryKind,
    ErrorCode,
    ExpenseFilter,
    Hints,
    ImportChoice,
    ImportTarget,
    Ledger,
    OldRows,
    PaidIn,
    Part,
    ProposedStatement,
    RecurrenceRule,
    RecurrenceUnit,
    SettingChange,
    SignedStatement,
    Split,
    SplitItem,
    SplitKind,
    SplitPart,
    StatementIntent,
    TotalsBy,
    Transaction,
    Transfer,
    UndoneBy,
    VersionKind,
    currencies,
    currency_exponent,
    format_money,
    parse_money,
    parse_rate,
    shares_of,
    split_equally,
)

from errors import reports_every_error
from flat import DAY, NOBODY, Changes, Flat, Keychain, Progress, admitted, code_of
from money import MONEY
from phones import PHONES


def creates_a_group(flat):
    [overview] = flat.ledger.groups()
    assert (overview.name, overview.me, overview.members) == ("Flat", flat.anna, 2)
    assert overview.balances == []
    members = flat.group.members()
    assert [member.label for member in members] == ["Anna", "Ben"]
    assert [member.is_me for member in members] == [True, False]
    assert members[1].is_placeholder
    assert members[0].is_owner and members[0].devices == 1 and not members[0].has_left
    assert members[0].joined is not None
    [device] = flat.group.devices()
    assert device.is_this_device and device.member == flat.anna and device.enrolled is not None
    assert sorted(name.split("-")[0] for name in flat.keychain.secrets) == [
        "database",
        "device",
        "entropy",
    ]


def records_an_expense(flat):
    flat.dinner = flat.group.entries().record_expense(flat.expense())
    assert flat.balances() == ["12.50", "-12.50"]
    [row] = flat.group.lists().expenses()
    assert (row.id, row.current_version, row.is_cancelled) == (flat.dinner, flat.dinner, False)
    expense = row.transaction.expense
    assert (expense.description, expense.date) == ("Dinner", DAY)
    [balance] = flat.ledger.groups()[0].balances
    assert (balance.currency, balance.minor_units) == ("EUR", 1250)


def corrects_it(flat):
    expense = flat.group.lists().expenses()[0].transaction.expense
    dearer = flat.expense(3000, description=expense.description + " and wine")
    correction = flat.group.entries().correct(flat.dinner, Transaction.EXPENSE(dearer))
    assert flat.balances() == ["15.00", "-15.00"]
    lists = flat.group.lists()
    [row] = lists.expenses()
    assert (row.id, row.current_version) == (flat.dinner, correction)
    history = lists.history(flat.dinner)
    assert [row.kind for row in history] == [VersionKind.CORRECTION, VersionKind.ORIGINAL]
    assert history[0].transaction.expense.description == "Dinner and wine"
    [newest] = lists.activity(limit=1)
    assert newest.expense == flat.dinner
    assert (newest.total_before.minor_units, newest.total.minor_units) == (2500, 3000)
    assert newest.before.expense.description == "Dinner"
    changes = flat.group.lists().differences(newest.before, newest.transaction)
    assert isinstance(changes[0], Difference.DESCRIPTION)
    assert (changes[0].before, changes[0].after) == ("Dinner", "Dinner and wine")
    english = flat.group.lists().differences_in_english(newest.before, newest.transaction)
    assert english[0] == "the description was Dinner, is Dinner and wine"
    assert len(english) == len(changes)


def pays_and_confirms(flat):
    [payment] = flat.group.balances().settle_up()
    assert (payment.from_member, payment.to_member) == (flat.ben, flat.anna)
    flat.payment = flat.group.entries().record_transfer(
        Transfer(
            date=DAY + datetime.timedelta(days=1),
            description="",
            currency=payment.money.currency,
            minor_units=payment.money.minor_units,
            from_member=payment.from_member,
            to_member=payment.to_member,
        )
    )
    assert flat.balances() == ["0.00", "0.00"]
    flat.group.entries().dispute(flat.payment)
    assert [review.confirms for review in flat.group.lists().reviews(flat.payment)] == [False]
    [shown] = [row for row in flat.group.lists().expenses() if row.id == flat.payment]
    flat.group.entries().confirm(flat.payment, "thanks", version=shown.current_version)
    [review] = flat.group.lists().reviews(flat.payment)
    assert (review.member, review.confirms, review.note) == (flat.anna, True, "thanks")
    assert (review.target, review.current) == (shown.current_version, True)


def cancels(flat):
    flat.group.entries().cancel(flat.payment, "it bounced")
    assert flat.balances() == ["15.00", "-15.00"]
    [cancelled] = [row for row in flat.group.lists().expenses() if row.is_cancelled]
    assert (cancelled.author, cancelled.reviews.confirmed) == (flat.anna, 1)
    assert cancelled.my_share.minor_units == -cancelled.my_change.minor_units
    [edited] = [row for row in flat.group.lists().expenses() if row.edit]
    assert (edited.edit.author, edited.edit.lost_edits) == (flat.anna, 0)
    assert cancelled.id == flat.payment
    flat.group.entries().restore(flat.payment)
    assert flat.balances() == ["0.00", "0.00"]
    flat.group.entries().cancel(flat.payment, "it bounced")
    newest = flat.group.lists().activity(limit=1)[0]
    assert (newest.kind, newest.expense) == (EntryKind.CANCELLATION, flat.payment)
    assert (newest.remark, newest.transaction) == ("it bounced", None)
    assert newest.before.transfer.to_member == flat.anna
    undone = flat.group.entries().undo()
    assert (undone.act, undone.expense) == (newest.id, flat.payment)
    assert isinstance(undone.how, UndoneBy.RESTORATION) and flat.balances() == ["0.00", "0.00"]
    again = flat.group.entries().undo()
    assert again.act == undone.by and isinstance(again.how, UndoneBy.CANCELLATION)
    lists = flat.group.lists()
    assert lists.expense(newest.id) == next(row for row in lists.expenses() if row.id == flat.payment)
    assert lists.entry(again.by).id == again.by and lists.entry(NOBODY) is None


def finds_and_pages(flat):
    for day in range(1, 8):
        flat.group.entries().record_expense(flat.expense(date=datetime.date(2026, 10, day), category="rent"))
    lists = flat.group.lists()

    def found(**change):
        return len(lists.expenses(ExpenseFilter(**change), limit=100))

    assert found() == 9
    assert found(conditions=[Condition.TEXT("wi din")]) == 1
    assert found(conditions=[Condition.CATEGORY("rent")]) == 7
    assert found(conditions=[Condition.CURRENCY("JPY")]) == 0
    assert found(conditions=[Condition.MEMBER(flat.ben)]) == 9
    rent_of_anna = [Condition.CATEGORY("rent"), Condition.PAYER(flat.anna)]
    assert found(conditions=[*rent_of_anna, Condition.CANCELLED(False)]) == 7
    assert found(conditions=[*rent_of_anna, Condition.AT_LEAST(10**6)]) == 0
    assert found(conditions=[Condition.TRANSFER(True), Condition.CANCELLED(True)]) == 1
    assert found(conditions=[Condition.DIRECTION(Direction.INCOMING)]) == 0
    assert found(from_date=datetime.date(2026, 10, 2), to_date=datetime.date(2026, 10, 4)) == 3
    whole = lists.totals(TotalsBy.CURRENCY)[0]
    months = lists.totals(TotalsBy.MONTH)
    assert [total.month for total in months] == [datetime.date(2026, 10, 1), datetime.date(2026, 11, 1)]
    october = ExpenseFilter(to_date=datetime.date(2026, 10, 31))
    [rent] = lists.totals(TotalsBy.CATEGORY, october)
    assert (rent.category, rent.expenses, rent.spent) == ("rent", 7, months[0].spent)
    assert sum(total.spent.minor_units for total in months) == whole.spent.minor_units
    people = lists.totals(TotalsBy.MEMBER)
    assert sum(total.paid.minor_units for total in people) == whole.spent.minor_units
    used = lists.categories()
    assert [category.name for category in used if category.last_day.month == 10] == ["rent"]
    genesis = lists.arrived(limit=1)[0].id
    assert flat.group.balances().as_of(AsOf.ENTRY(genesis)) == []
    open_now = [row for row in flat.group.balances().now() if row.balance.minor_units]
    now = flat.group.balances().as_of(AsOf.DAY(datetime.date(2026, 12, 31)))
    assert sorted(row.balance.minor_units for row in now) == sorted(row.balance.minor_units for row in open_now)
    before = flat.group.balances().as_of(AsOf.DAY(datetime.date(2026, 10, 2)))
    assert sorted(row.balance.minor_units for row in before) == [-2500, 2500]
    day = AsOf.DAY(datetime.date(2026, 10, 2))
    then = lists.statement_as_of(flat.anna, "EUR", day)
    assert len(then) == 2 and then[0].balance.minor_units == 2500
    assert lists.statement_as_of(flat.anna, "EUR", day, then[0].cursor) == then[1:]
    assert lists.statement_as_of(flat.anna, "EUR", AsOf.ENTRY(genesis)) == []
    unknown = lambda: flat.group.balances().as_of(AsOf.ENTRY(NOBODY))
    assert code_of(unknown) == ErrorCode.UNKNOWN_ENTRY
    pages, after = [], None
    while page := lists.expenses(after=after, limit=4):
        pages.append(len(page))
        after = page[-1].cursor
    assert pages == [4, 4, 1]
    assert lists.void_entries() == []
    authors = {row.author for row in lists.activity(limit=100)}
    for read in (lists.activity, lists.arrived):
        assert code_of(lambda: read(after)) == ErrorCode.INVALID_CURSOR
    [first] = lists.arrived(limit=1)
    came = [first, *lists.arrived(first.cursor, limit=100)]
    assert len(came) == flat.group.info().entries and all(row.signed_here for row in came)
    unread = lists.unread()
    assert (unread.entries, unread.is_more, unread.read) == (0, False, None)
    flat.group.mark_read(came[3].cursor)
    assert lists.unread().read == came[3].cursor
    flat.group.mark_read()
    assert lists.arrived(lists.unread().read) == []
    assert authors == {flat.anna}


def shows_statements_before_signing(flat):
    outdated = flat.group.statements().propose(StatementIntent.REMOVE(flat.ben, None))
    assert "Remove Ben" in outdated.text()
    assert isinstance(outdated.statement(), ProposedStatement.REMOVE)
    assert outdated.statement().member == flat.ben
    rename = flat.group.statements().propose(StatementIntent.RENAME("Ben"))
    flat.group.statements().sign(rename)
    labels = [member.label for member in flat.group.members()]
    assert labels == ["Ben", "Ben (2)"]
    assert code_of(lambda: flat.group.statements().sign(outdated)) == ErrorCode.PROPOSAL_OUTDATED
    flat.group.statements().sign(flat.group.statements().propose(StatementIntent.RENAME_GROUP("House")))
    assert flat.group.info().name == "House"
    removal = flat.group.statements().propose(StatementIntent.REMOVE(flat.ben, None))
    assert removal.fingerprint() is None and removal.voids() == removal.revives() == []
    flat.group.statements().sign(removal)
    assert flat.group.members()[1].is_removed
    removed, group_renamed, renamed = flat.group.lists().activity(limit=3)
    assert removed.statement == "remove" and removed.statement_details.signer == flat.anna
    assert removed.statement_details.what.member == flat.ben
    assert group_renamed.statement_details.what.name == "House"
    assert isinstance(renamed.statement_details.what, SignedStatement.RENAME)


def tells_what_changes(flat):
    changes = Changes()
    watch = flat.ledger.watch(changes)
    flat.group.entries().record_expense(flat.expense())
    change = changes.wait(1)
    assert (change.group, change.new_entries, change.balances) == (flat.group.id(), 1, True)
    [arrival] = change.arrivals
    assert arrival.signed_here and arrival.entry == flat.group.lists().activity(limit=1)[0].id
    flat.group.entries().add_placeholder("Cleo")
    assert changes.wait(2).members
    watch.stop()
    assert watch.is_stopped()
    flat.group.entries().record_expense(flat.expense())
    assert len(changes.seen) == 2


def verifies_and_cancels_a_long_check(flat):
    rows = [Transaction.EXPENSE(flat.expense(100 + n)) for n in range(1000)]
    assert len(flat.group.entries().record_all(rows)) == 1000
    progress = Progress()
    maintenance = flat.group.maintenance()
    verification = maintenance.verify_history(progress)
    assert verification.problems == []
    assert verification.entries == flat.group.info().entries
    assert verification.state_digest == flat.group.state_digest()
    assert progress.calls[-1] == (verification.entries, verification.entries)
    stopping = Progress(lambda calls: calls < 3)
    assert code_of(lambda: maintenance.verify_history(stopping)) == ErrorCode.CANCELLED
    assert len(stopping.calls) == 3


def backs_up(flat):
    copy = str(flat.folder / "copy.db")
    progress = Progress()
    flat.ledger.maintenance().backup(copy, progress)
    assert progress.calls
    with Ledger.open(copy, flat.keychain, create=False) as other:
        assert other.group(flat.group.id()).agreement() == flat.group.agreement()
    assert code_of(other.groups) == ErrorCode.CLOSED


def shared(shares):
    return sorted(part.minor_units for part in shares)


def counts_money_to_the_cent(flat):
    assert parse_money("12.5", "EUR").minor_units == 1250
    assert format_money(parse_money("1.234", "KWD")) == "1.234"
    assert [currency_exponent(code) for code in ("EUR", "JPY", "KWD", "beers/0")] == [2, 0, 3, 0]
    assert split_equally(1000, 3, 1) == [333, 334, 333]
    assert shared(shares_of(Split.EQUAL([flat.anna, flat.ben]), 100, "EUR", 0)) == [50, 50]
    parts = [SplitPart(member=flat.anna, value=1), SplitPart(member=flat.ben, value=2)]
    assert shared(shares_of(Split.WEIGHTS(parts), 900, "EUR", 0)) == [300, 600]
    items = [SplitItem(text="Pizza", minor_units=900, parts=parts)]
    bill = Split.ITEMS(items=items, tax=90, tip=0, service=0, discount=30)
    assert shared(shares_of(bill, 960, "EUR", 0)) == [320, 640]
    flat.group.entries().record_expense(flat.expense(7, currency="JPY"))
    yen = [row.balance for row in flat.group.balances().now() if row.balance.currency == "JPY"]
    assert sorted(format_money(money) for money in yen) == ["-3", "0", "3"]
    rate = parse_rate("EUR", "JPY", "160")
    converted = flat.group.balances().in_currency("EUR", [rate])
    assert sum(row.balance.minor_units for row in converted.balances) == 0
    assert converted.balances and converted.payments and converted.rates == [rate]
    [debt] = [row for row in flat.group.balances().debts(flat.anna) if row.balance.currency == "JPY"]
    [payment] = [
        step for step in flat.group.balances().settle_up_only_owed() if step.money.currency == "JPY"
    ]
    assert (payment.from_member, payment.to_member) == (flat.ben, flat.anna)
    assert (debt.member, debt.balance) == (flat.ben, payment.money)
    rows = flat.group.lists().statement(flat.anna, "JPY")
    assert [row.balance for row in rows] == [debt.balance]
    assert rows[0].transaction.expense.currency == "JPY" and rows[0].change == debt.balance
    assert flat.group.lists().statement(flat.anna, "JPY", rows[0].cursor) == []
    lira = next(currency for currency in currencies() if currency.code == "ITL")
    assert lira.is_retired and lira.exponent == 0


def keeps_settings(flat):
    settings = flat.group.settings()
    settings.set_default_currency("EUR")
    settings.set_default_weight(flat.ben, 2)
    settings.set_categories(["food", "rent"])
    settings.set_relays(["https://relay.example"])
    found = settings.current()
    assert (found.default_currency, found.categories) == ("EUR", ["food", "rent"])
    assert [(row.member, row.weight) for row in found.default_weights] == [(flat.ben, 2)]
    assert found.relays == ["https://relay.example"] and found.proposed_relays == []
    assert flat.ledger.groups()[0].default_currency == "EUR"
    # Ben was removed, and shares nothing new.
    sharing = settings.default_split()
    assert isinstance(sharing, Split.WEIGHTS)
    members = [part.member for part in sharing.parts]
    assert flat.anna in members and flat.ben not in members
    changes = [row.setting for row in flat.group.lists().activity(limit=4)]
    assert changes[0].relays == ["https://relay.example"] and changes[1].names == ["food", "rent"]
    assert (changes[2].member, changes[2].weight) == (flat.ben, 2)
    assert isinstance(changes[3], SettingChange.DEFAULT_CURRENCY) and changes[3].code == "EUR"
    phone = flat.group.devices()[0].id
    settings.set_device_name(phone, "Anna's phone")
    assert flat.group.devices()[0].name == "Anna's phone"
    settings.set_default_weight(flat.ben, None)
    assert settings.current().default_weights == []


def plans_an_import(flat):
    ledger = Ledger.in_memory()
    header = "Date,Description,Category,Cost,Currency,Anna,Ben\n"
    tea = "2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00\n"
    cake = "2026-01-02,Cake,Food,6.00,EUR,3.00,-3.00\n"
    look = ImportChoice(old_rows=OldRows.REFUSE)
    first = ledger.imports().plan_splitwise(
        (header + tea + cake).encode(), ImportTarget.FIRST_GROUP("Flat", 0)
    )
    assert first.preview(look).new_lines == [2, 3] and ledger.groups() == []
    done = ledger.imports().apply(first, look)
    assert (done.summary.added, done.summary.differing) == (2, [])
    group = ledger.group(done.group)
    dearer = tea.replace("4.00,EUR,2.00,-2.00", "8.00,EUR,4.00,-4.00")
    plan = ledger.imports().plan_splitwise(
        (header + dearer).encode(), ImportTarget.GROUP(done.group)
    )
    shown = plan.preview(look)
    assert [row.line for row in shown.changed] == [2] and not shown.is_other_group
    assert [row.transaction.expense.description for row in shown.gone] == ["Cake"]
    replace = ImportChoice(old_rows=OldRows.REPLACE)
    assert [total.differences for total in plan.preview(replace).totals] == [[]]
    summary = ledger.imports().apply(plan, replace).summary
    assert (summary.added, summary.replaced) == (1, 2)
    assert sorted(row.balance.minor_units for row in group.balances().now()) == [-400, 400]
    # It is undone: what it replaced counts again.
    undone = ledger.imports().undo(done.group)
    assert (undone.cancelled, undone.restored, undone.kept) == (1, 2, 0)
    assert sorted(row.balance.minor_units for row in group.balances().now()) == [-500, 500]
    assert group.lists().unfinished_import() is None
    assert [row.unfinished_import for row in ledger.groups()] == [None]
    assert not ledger.is_read_only()
    # A file of another program is recognised.
    bills = "date,what,bill_type,amount,currency,payer_name,payer_weight,owers\n" + (
        '2026-03-01,Hut,Expense,80.0,XXX,Anna,1.0,"Anna, Ben"\n'
    )
    trip = ledger.imports().plan(
        bills.encode(), ImportTarget.NEW_GROUP("Trip", 0), currency="EUR"
    )
    assert (trip.preview(look).program, trip.preview(look).new_lines) == ("ihatemoney", [2])
    trip = ledger.imports().apply(trip, look)
    balances = ledger.group(trip.group).balances().now()
    assert sorted(row.balance.minor_units for row in balances) == [-4000, 4000]


def keeps_rules_and_hints(flat):
    group = Ledger.in_memory().create_group("Flat", "Anna")
    (anna, ben) = (group.info().me, group.entries().add_placeholder("Ben"))
    rule = Split.WEIGHTS([SplitPart(member=anna, value=2), SplitPart(member=ben, value=1)])
    shares = shares_of(rule, 900, "EUR", 0)
    paid_in = PaidIn(
        currency="USD", minor_units=1000, numerator=9, denominator=10, source="bank"
    )
    hints = Hints(tags=["food"], receipts=[], paid_in=paid_in)

    def bill(**change):
        return flat.expense(900, payers=[Part(member=anna, minor_units=900)], **change)

    def shown():
        [row] = group.lists().expenses()
        return row.split, row.transaction.expense

    dinner = group.entries().record_expense(bill(shares=shares, split=rule, hints=hints))
    kind, found = shown()
    assert (kind, found.hints) == (SplitKind.WEIGHTS, hints)
    assert sorted(part.value for part in found.split.parts) == [1, 2]
    # A correction that says nothing of them keeps both.
    group.entries().correct(dinner, Transaction.EXPENSE(bill(shares=shares, description="Supper")))
    kind, found = shown()
    assert (kind, found.description, found.hints) == (SplitKind.WEIGHTS, "Supper", hints)
    # Other shares are not what the weights give, and no hints are none.
    others = [Part(member=anna, minor_units=1), Part(member=ben, minor_units=899)]
    nothing = Hints(tags=[], receipts=[], paid_in=None)
    group.entries().correct(dinner, Transaction.EXPENSE(bill(shares=others, split=rule, hints=nothing)))
    kind, found = shown()
    assert (kind, found.hints) == (SplitKind.EXACT, nothing)
    assert [device.speaks for device in group.devices()] == [None]
    # What changed, tags and rule as well, as values.
    after, before = group.lists().activity(limit=2)
    changes = group.lists().differences(before.transaction, after.transaction)
    assert [change.before for change in changes if isinstance(change, Difference.TAGS)] == [["food"]]
    assert any(isinstance(change, Difference.PAID_IN) for change in changes)
    assert any(isinstance(change, Difference.SPLIT) for change in changes)
    # Found by tag, and a refund is received.
    refund = bill(shares=shares, hints=hints)
    refund.direction = Direction.INCOMING
    group.entries().record_expense(refund)
    tagged = ExpenseFilter(conditions=[Condition.TAG("food")])
    [row] = group.lists().expenses(tagged)
    assert row.transaction.expense.direction == Direction.INCOMING
    assert [tag.name for tag in group.lists().tags()] == ["food"]
    received = ExpenseFilter(conditions=[Condition.DIRECTION(Direction.INCOMING)])
    assert len(group.lists().expenses(received)) == 1
    # One person settles.
    payments = group.balances().settle_up_for(ben)
    assert len(group.entries().record_payments(payments, DAY, "Settle-up")) == len(payments) == 1
    assert group.balances().settle_up_for(ben) == []


def recurs(flat):
    recurring = flat.group.recurring()
    first, later = datetime.date(2126, 1, 31), datetime.date(2126, 4, 1)
    monthly = RecurrenceRule(unit=RecurrenceUnit.MONTHS, every=1)
    rent = flat.expense(900)
    rent.date = first
    series = recurring.begin(Transaction.EXPENSE(rent), monthly)
    [row] = recurring.series(first)
    assert (row.id, row.next_day, row.rule, row.total.minor_units) == (series, first, monthly, 900)
    [begun] = flat.group.lists().activity(limit=1)
    assert begun.kind == EntryKind.TEMPLATE and begun.template.changes is None
    assert begun.template.rule == monthly and begun.template.transaction.expense.date == first
    due = recurring.due(later)
    assert [one.number for one in due.occurrences] == [0, 1, 2] and not due.has_more
    assert due.occurrences[1].transaction.expense.date == datetime.date(2126, 2, 28)
    assert recurring.record(series, 0) is not None and recurring.record(series, 0) is None
    assert len(recurring.record_due(later).expenses) == 2
    assert recurring.record_due(later).expenses == []
    assert len(recurring.pause(series, later, datetime.date(2126, 6, 1))) == 2
    assert recurring.series(later)[0].next_day == datetime.date(2126, 6, 30)
    recurring.end(series, datetime.date(2126, 7, 1))
    assert recurring.series(datetime.date(2126, 7, 2))[0].next_day is None


def serves_several_threads(flat):
    before, failures = flat.group.info().entries, []

    def work():
        try:
            for _ in range(25):
                flat.group.entries().record_expense(flat.expense())
                flat.group.balances().now()
                flat.group.lists().expenses(limit=5)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert flat.group.info().entries == before + 100


def lives_in_memory(flat):
    def story():
        before = datetime.datetime.now(datetime.timezone.utc)
        ledger = Ledger.in_memory()
        group = ledger.create_group("Flat", "Anna")
        group.entries().add_placeholder("Ben")
        age = group.lists().activity(limit=1)[0].timestamp - before
        # An instant has whole milliseconds.
        assert datetime.timedelta(milliseconds=-1) < age < datetime.timedelta(hours=1)
        return group.id(), group.state_digest()

    one, other = story(), story()
    assert one[0] != other[0] and one[1] != other[1]


def changes_the_app_key(flat):
    keychain, path = Keychain(), str(flat.folder / "sealed.db")
    old, new = bytes(32), bytes([2]) * 32
    ledger = Ledger.open(path, keychain, app_key=old)
    group = ledger.create_group("Flat", "Anna")
    before = dict(keychain.secrets)
    ledger.maintenance().change_app_key(new)
    changed = [name for name, secret in keychain.secrets.items() if secret != before[name]]
    assert changed == ["wrapping-key"]
    group.entries().add_placeholder("Ben")
    ledger.close()
    for wrong in (old, None):
        assert code_of(lambda: Ledger.open(path, keychain, app_key=wrong)) == ErrorCode.WRONG_APP_KEY
    again = Ledger.open(path, keychain, app_key=new)
    assert len(again.group(group.id()).members()) == 2
    again.close()


def suspends_and_resumes(flat):
    flat.ledger.checkpoint()
    flat.ledger.suspend()
    assert code_of(flat.group.info) == ErrorCode.SUSPENDED
    flat.ledger.resume()
    maintenance = flat.ledger.maintenance()
    assert maintenance.check_database() == []
    maintenance.rebuild_indexes()
    assert "Flat" not in maintenance.support_dump()
    maintenance.release_memory()


def changes_the_key(flat):
    older = str(flat.folder / "older.db")
    flat.ledger.maintenance().backup(older)
    agreed, keys = flat.group.agreement(), dict(flat.keychain.secrets)
    flat.ledger.maintenance().rekey()
    changed = [name for name in keys if flat.keychain.secrets[name] != keys[name]]
    assert [name.split("-")[0] for name in changed] == ["database"]
    assert flat.group.agreement() == agreed
    flat.group.entries().record_expense(flat.expense())
    # What was copied before opens with the key of then.
    Ledger.open(older, Keychain(keys), create=False).close()


def invites_and_admits(flat):
    other, welcome = admitted(flat)
    joined = other.joining().enter(welcome)
    assert joined.id() == flat.group.id()
    assert flat.group.members()[-1].name == "Cleo 0"
    assert [invite.info().used for invite in flat.group.invites().list()] == [1]
    assert flat.group.create_successor_group("New house").info().name == "New house"


def restores_the_person(flat):
    words = flat.ledger.recovery().reveal_phrase()
    assert len(words.split()) == 24
    phone = Ledger.in_memory().recovery()
    phone.restore_phrase(words)
    assert phone.reveal_phrase() == words


def does_not_leak(flat):
    def work(calls):
        for n in range(calls // 5):
            flat.group.balances().now()
            flat.group.lists().expenses(limit=5)
            code_of(lambda: flat.group.lists().history(NOBODY))
            flat.ledger.group(flat.group.id()).info()
            parse_money("12.50", "EUR")
        gc.collect()
        pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    sizes = [work(10_000) for _ in range(4)]
    grown = [after - before for before, after in zip(sizes, sizes[1:])]
    # A leak grows each time.
    assert min(grown) < 1 << 20, f"10,000 calls cost {grown} bytes"


def refuses_calls_after_closing(flat):
    changes = Changes()
    watch = flat.ledger.watch(changes)
    flat.ledger.close()
    flat.ledger.close()
    for call in (flat.group.balances().now, flat.ledger.groups, flat.group.info):
        assert code_of(call) == ErrorCode.CLOSED
    assert watch.is_stopped()


def opens_again(flat):
    again = Ledger.open(flat.path, flat.keychain, create=False)
    group = again.group(flat.group.id())
    group.prepare(Progress())
    assert group.info().name == "House"
    digest = group.state_digest()
    again.delete_group(flat.group.id())
    assert code_of(lambda: again.group(flat.group.id())) == ErrorCode.UNKNOWN_GROUP
    assert len(digest) == 64
    again.close()


STEPS = [
    creates_a_group,
    records_an_expense,
    corrects_it,
    pays_and_confirms,
    cancels,
    finds_and_pages,
    shows_statements_before_signing,
    tells_what_changes,
    verifies_and_cancels_a_long_check,
    backs_up,
    counts_money_to_the_cent,
    keeps_settings,
    plans_an_import,
    keeps_rules_and_hints,
    recurs,
    *MONEY,
    serves_several_threads,
    lives_in_memory,
    changes_the_app_key,
    suspends_and_resumes,
    changes_the_key,
    invites_and_admits,
    restores_the_person,
    *PHONES,
    does_not_leak,
    reports_every_error,
    refuses_calls_after_closing,
    opens_again,
]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        flat = Flat(folder)
        for step in STEPS:
            try:
                step(flat)
                print(f"ok {step.__name__}", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED {step.__name__}", flush=True)
                traceback.print_exc()
    print(f"{len(STEPS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
