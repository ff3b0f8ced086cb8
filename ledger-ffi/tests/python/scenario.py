"""The scenario that is the same in Swift, Kotlin and Python.

Run by ledger-ffi/test-bindings.sh, which compares the steps printed here with
those in ledger-ffi/tests/scenario.txt.
"""

import gc
import os
import pathlib
import sys
import tempfile
import threading
import traceback

from group_ledger import (
    Act,
    Blame,
    CallbackError,
    ChangeListener,
    Details,
    EntryKind,
    ErrorCode,
    Expense,
    ExpenseFilter,
    FoundBy,
    InvitePolicy,
    Ledger,
    LedgerError,
    Part,
    ProgressListener,
    Role,
    SecretStore,
    TestClock,
    Transfer,
    currency_exponent,
    format_money,
    parse_money,
    split_equally,
)

FIXTURES = pathlib.Path(sys.argv[1])
# A file system of one MiB, and one that cannot be written: made by root.
FULL_DISK = os.environ.get("LEDGER_FULL_DISK")
READ_ONLY_DISK = os.environ.get("LEDGER_READ_ONLY_DISK")
NOBODY = "00" * 32


class Keychain(SecretStore):
    """What an app would write over Keychain or Keystore."""

    def __init__(self):
        self.secrets = {}
        self.error = None

    def check(self):
        if self.error:
            raise self.error

    def get(self, name):
        self.check()
        return self.secrets.get(name)

    def set(self, name, secret):
        self.check()
        self.secrets[name] = secret

    def remove(self, name):
        self.check()
        self.secrets.pop(name, None)


class Progress(ProgressListener):
    def __init__(self, answer=lambda calls: True):
        self.calls = []
        self.answer = answer

    def on_progress(self, progress):
        self.calls.append((progress.done, progress.total))
        return self.answer(len(self.calls))


class Changes(ChangeListener):
    def __init__(self):
        self.seen = []
        self.came = threading.Condition()

    def on_change(self, change):
        with self.came:
            self.seen.append(change)
            self.came.notify_all()

    def wait(self, count):
        with self.came:
            assert self.came.wait_for(lambda: len(self.seen) >= count, 60), "no change came"
            return self.seen[count - 1]


class Flat:
    """A ledger in a folder of its own, with Anna, whose phone it is, and Ben."""

    def __init__(self, folder, name="flat.db"):
        self.folder = pathlib.Path(folder)
        self.path = str(self.folder / name)
        self.keychain = Keychain()
        self.ledger = Ledger.open(self.path, self.keychain)
        self.group = self.ledger.create_group("Flat", "Anna")
        self.anna = self.group.info().me
        self.ben = self.group.add_placeholder("Ben")

    def expense(self, minor_units=2500, **change):
        half = split_equally(minor_units, 2, 0)
        fields = {
            "date": "2026-11-21",
            "description": "Dinner",
            "currency": "EUR",
            "minor_units": minor_units,
            "payers": [Part(member=self.anna, minor_units=minor_units)],
            "shares": [
                Part(member=self.anna, minor_units=half[0]),
                Part(member=self.ben, minor_units=half[1]),
            ],
            "category": "food",
        }
        return Expense(**{**fields, **change})

    def balances(self):
        return [format_money(row.balance) for row in self.group.balances()]


def code_of(call):
    try:
        call()
    except LedgerError.Failed as error:
        assert error.reason and error.advice, "an error says what happened, and what to do"
        return error.code
    raise AssertionError("this should have failed")


def memory(seed=1):
    return Ledger.in_memory(TestClock(1_763_700_000_000, seed))


def asks(flat, policy, people=1):
    """Somebody asks to join by an invite."""
    link = flat.group.invite(policy, "https://example.org/join")
    for seed in range(people):
        other = memory(100 + seed)
        flat.ledger.receive_request(other.join(link, f"Cleo {seed}"))
    return other


def answered(flat, policy=None):
    """Somebody asks to join, and is let in."""
    other = asks(flat, policy or InvitePolicy(label="Cleo"))
    request = flat.group.requests()[-1]
    proposal = flat.group.propose_admission(request)
    return other, flat.group.admit(request, proposal)


def cancelled_twice(flat):
    flat.group.invite(InvitePolicy(label=""), "")
    invite = flat.group.invites()[-1]
    flat.group.cancel_invite(invite)
    flat.group.cancel_invite(invite)


def declined_twice(flat):
    asks(flat, InvitePolicy(label=""))
    request = flat.group.requests()[-1]
    flat.group.decline(request)
    flat.group.decline(request)


def admits_without_proposal(flat):
    answered(flat)
    cleo = flat.group.members()[-1].id
    asks(flat, InvitePolicy(label="", claims=cleo))
    flat.group.admit(flat.group.requests()[-1])


def other_phrase():
    other = memory(5)
    other.create_group("Other", "Zoe")
    return other.reveal_phrase()


def creates_a_group(flat):
    [overview] = flat.ledger.groups()
    assert (overview.name, overview.me, overview.members) == ("Flat", flat.anna, 2)
    assert overview.balances == []
    members = flat.group.members()
    assert [member.label for member in members] == ["Anna", "Ben"]
    assert [member.is_me for member in members] == [True, False]
    assert members[1].is_placeholder
    [device] = flat.group.devices()
    assert device.is_this_device and device.member == flat.anna
    assert sorted(name.split("-")[0] for name in flat.keychain.secrets) == [
        "database",
        "device",
        "entropy",
    ]


def records_an_expense(flat):
    flat.dinner = flat.group.record_expense(flat.expense())
    assert flat.balances() == ["12.50", "-12.50"]
    [row] = flat.group.expenses()
    assert (row.id, row.shown, row.is_cancelled) == (flat.dinner, flat.dinner, False)
    assert row.details.expense.description == "Dinner"
    [balance] = flat.ledger.groups()[0].balances
    assert (balance.currency, balance.minor_units) == ("EUR", 1250)


def corrects_it(flat):
    expense = flat.group.expenses()[0].details.expense
    dearer = flat.expense(3000, description=expense.description + " and wine")
    correction = flat.group.correct(flat.dinner, Details.EXPENSE(dearer))
    assert flat.balances() == ["15.00", "-15.00"]
    [row] = flat.group.expenses()
    assert (row.id, row.shown) == (flat.dinner, correction)
    history = flat.group.history(flat.dinner)
    assert [row.role for row in history] == [Role.CORRECTION, Role.ORIGINAL]
    assert history[0].details.expense.description == "Dinner and wine"


def pays_and_confirms(flat):
    [payment] = flat.group.settle_up()
    assert (payment.from_member, payment.to_member) == (flat.ben, flat.anna)
    flat.payment = flat.group.record_transfer(
        Transfer(
            date="2026-11-22",
            description="",
            currency=payment.money.currency,
            minor_units=payment.money.minor_units,
            from_member=payment.from_member,
            to_member=payment.to_member,
        )
    )
    assert flat.balances() == ["0.00", "0.00"]
    flat.group.endorse(flat.payment, True, "thanks")
    [opinion] = flat.group.opinions(flat.payment)
    assert (opinion.member, opinion.confirms, opinion.note) == (flat.anna, True, "thanks")


def cancels(flat):
    flat.group.cancel(flat.payment, "it bounced")
    assert flat.balances() == ["15.00", "-15.00"]
    [cancelled] = [row for row in flat.group.expenses() if row.is_cancelled]
    assert cancelled.id == flat.payment
    newest = flat.group.activity(limit=1)[0]
    assert (newest.kind, newest.target) == (EntryKind.CANCELLATION, flat.payment)
    assert newest.remark == "it bounced"


def finds_and_pages(flat):
    for day in range(1, 8):
        flat.group.record_expense(flat.expense(date=f"2026-10-0{day}", category="rent"))

    def found(**change):
        return len(flat.group.expenses(ExpenseFilter(**change), limit=100))

    assert found() == 9
    assert found(by=FoundBy.TEXT("wi din")) == 1
    assert found(by=FoundBy.CATEGORY("rent")) == 7
    assert found(by=FoundBy.CURRENCY("JPY")) == 0
    assert found(by=FoundBy.MEMBER(flat.ben)) == 9
    assert found(from_date="2026-10-02", to_date="2026-10-04") == 3
    pages, after = [], None
    while page := flat.group.expenses(after=after, limit=4):
        pages.append(len(page))
        after = page[-1].cursor
    assert pages == [4, 4, 1]
    assert flat.group.void_entries() == []
    authors = {row.author for row in flat.group.activity(limit=100)}
    assert authors == {flat.anna}


def shows_acts_before_signing(flat):
    outdated = flat.group.propose(Act.REMOVE(flat.ben, None))
    assert "Remove Ben" in outdated.text()
    rename = flat.group.propose(Act.RENAME("Ben"))
    flat.group.sign(rename)
    labels = [member.label for member in flat.group.members()]
    assert labels == ["Ben", "Ben (2)"]
    assert code_of(lambda: flat.group.sign(outdated)) == ErrorCode.PROPOSAL_OUTDATED
    flat.group.sign(flat.group.propose(Act.RENAME_GROUP("House")))
    assert flat.group.info().name == "House"
    removal = flat.group.propose(Act.REMOVE(flat.ben, None))
    assert removal.fingerprint() is None and removal.voids() == removal.revives() == []
    flat.group.sign(removal)
    assert flat.group.members()[1].is_removed


def tells_what_changes(flat):
    changes = Changes()
    watch = flat.ledger.watch(changes)
    flat.group.record_expense(flat.expense())
    change = changes.wait(1)
    assert (change.group, change.new_entries, change.balances) == (flat.group.id(), 1, True)
    flat.group.add_placeholder("Cleo")
    assert changes.wait(2).members
    watch.stop()
    assert watch.is_stopped()
    flat.group.record_expense(flat.expense())
    assert len(changes.seen) == 2


def verifies_and_cancels_a_long_check(flat):
    rows = [Details.EXPENSE(flat.expense(100 + n)) for n in range(1000)]
    assert len(flat.group.record_all(rows)) == 1000
    progress = Progress()
    verification = flat.group.verify(progress)
    assert verification.problems == []
    assert verification.entries == flat.group.info().entries
    assert verification.state_digest == flat.group.state_digest()
    assert progress.calls[-1] == (verification.entries, verification.entries)
    stopping = Progress(lambda calls: calls < 3)
    assert code_of(lambda: flat.group.verify(stopping)) == ErrorCode.CANCELLED
    assert len(stopping.calls) == 3


def backs_up(flat):
    copy = str(flat.folder / "copy.db")
    progress = Progress()
    flat.ledger.backup(copy, progress)
    assert progress.calls
    other = Ledger.open(copy, flat.keychain, create=False)
    assert other.group(flat.group.id()).agreement() == flat.group.agreement()
    other.shut_down()


def counts_money_to_the_cent(flat):
    assert parse_money("12.5", "EUR").minor_units == 1250
    assert format_money(parse_money("1.234", "KWD")) == "1.234"
    assert [currency_exponent(code) for code in ("EUR", "JPY", "KWD")] == [2, 0, 3]
    assert split_equally(1000, 3, 1) == [333, 334, 333]
    flat.group.record_expense(flat.expense(7, currency="JPY"))
    yen = [row.balance for row in flat.group.balances() if row.balance.currency == "JPY"]
    assert sorted(format_money(money) for money in yen) == ["-3", "0", "3"]


def serves_several_threads(flat):
    before, failures = flat.group.info().entries, []

    def work():
        try:
            for _ in range(25):
                flat.group.record_expense(flat.expense())
                flat.group.balances()
                flat.group.expenses(limit=5)
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
        clock = TestClock(1_763_700_000_000, 7)
        ledger = Ledger.in_memory(clock)
        group = ledger.create_group("Flat", "Anna")
        clock.set(1_763_700_060_000)
        group.add_placeholder("Ben")
        assert group.activity(limit=1)[0].timestamp_ms == 1_763_700_060_000
        return group.id(), group.state_digest()

    assert story() == story()


def suspends_and_resumes(flat):
    flat.ledger.checkpoint()
    flat.ledger.suspend()
    assert code_of(flat.group.info) == ErrorCode.SUSPENDED
    flat.ledger.resume()
    assert flat.ledger.check() == []
    flat.ledger.rebuild()
    assert "Flat" not in flat.ledger.support_dump()


def invites_and_admits(flat):
    other, answer = answered(flat)
    joined = other.finish_join(answer)
    assert joined.id() == flat.group.id()
    assert flat.group.members()[-1].name == "Cleo 0"
    assert [invite.info().used for invite in flat.group.invites()] == [1]
    assert flat.group.found_successor("New house").info().name == "New house"


def restores_the_person(flat):
    words = flat.ledger.reveal_phrase()
    assert len(words.split()) == 24
    phone = memory()
    phone.restore_phrase(words)
    assert phone.reveal_phrase() == words


def does_not_leak(flat):
    def work(calls):
        for n in range(calls // 5):
            flat.group.balances()
            flat.group.expenses(limit=5)
            code_of(lambda: flat.group.history(NOBODY))
            flat.ledger.group(flat.group.id()).info()
            parse_money("12.50", "EUR")
        gc.collect()
        pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    sizes = [work(10_000) for _ in range(4)]
    grown = [after - before for before, after in zip(sizes, sizes[1:])]
    # A leak grows each time.
    assert min(grown) < 1 << 20, f"10,000 calls cost {grown} bytes"


def reports_every_error(flat):
    group, ledger = flat.group, flat.ledger

    def opens(path, keychain=flat.keychain, create=False):
        return lambda: Ledger.open(str(path), keychain, create)

    def records(**change):
        return lambda: group.record_expense(flat.expense(**change))

    def shares(*members):
        parts = [Part(member=member, minor_units=1250) for member in members]
        return records(shares=parts)

    def locked():
        flat.keychain.error = CallbackError.Locked()
        try:
            group.record_expense(flat.expense())
        finally:
            flat.keychain.error = None

    def without_root_key():
        keychain = Keychain()
        keychain.secrets = {k: v for k, v in flat.keychain.secrets.items() if k != "entropy"}
        other = Ledger.open(flat.path, keychain, False)
        try:
            other.group(group.id()).propose(Act.RENAME("Zoe"))
        finally:
            other.shut_down()

    def before_entries_came():
        other, answer = answered(flat)
        other.finish_join(answer).add_placeholder("Ben")

    def outdated():
        other = ledger.create_group("Outdated", "Anna")
        ben = other.add_placeholder("Ben")
        proposal = other.propose(Act.REMOVE(ben, None))
        other.sign(other.propose(Act.RENAME("Ben")))
        other.sign(proposal)

    def crowd():
        names = ",".join(f"P{n}" for n in range(999))
        header = f"Date,Description,Category,Cost,Currency,{names}\n\n"
        row = "2026-11-21,Dinner,food,1.00,EUR,1.00,-1.00" + ",0.00" * 997 + "\n"
        other = ledger.create_group("Crowd", "Anna")
        other.import_splitwise((header + row).encode())
        other.add_placeholder("One more")

    def huge():
        other = ledger.create_group("Huge", "Anna")
        ben, anna = other.add_placeholder("Ben"), other.info().me
        most = 10**15
        rows = [
            Details.TRANSFER(
                Transfer(
                    date="2026-11-21",
                    description="",
                    currency="EUR",
                    minor_units=most,
                    from_member=anna,
                    to_member=ben,
                )
            )
        ] * 9224
        other.record_all(rows)
        other.balances()

    def throws(_):
        raise ValueError("a secret that must not be passed on")

    def busy():
        path = FIXTURES / "busy.db"
        other = Ledger.open_with_key_file(str(path), f"{path}.keys", False)
        try:
            other.group(other.groups()[0].id).add_placeholder("Ben")
        finally:
            other.shut_down()

    def full_disk():
        other = Flat(FULL_DISK)
        while True:
            other.group.record_all([Details.EXPENSE(other.expense())] * 100)

    def read_only():
        path = pathlib.Path(READ_ONLY_DISK) / "busy.db"
        other = Ledger.open_with_key_file(str(path), f"{path}.keys", False)
        other.group(other.groups()[0].id).add_placeholder("Ben")

    def without_container_name():
        path = str(flat.folder / "shared.db")
        Ledger.open(path, flat.keychain, True, "shared").shut_down()
        assert pathlib.Path(path).read_bytes().startswith(b"SQLite format 3")
        Ledger.open(path, flat.keychain, False)

    def suspended():
        ledger.suspend()
        try:
            group.info()
        finally:
            ledger.resume()

    kept = []

    def suspends(calls):
        if not kept:
            try:
                ledger.suspend()
            except LedgerError as error:
                kept.append(error)
        return True

    def still_in_use():
        try:
            group.verify(Progress(suspends))
        except LedgerError:
            pass
        ledger.resume()
        raise kept[0]

    cut = flat.folder / "cut.db"
    cut.write_bytes(b"short")
    future = FIXTURES / "future.db"
    provoke = {
        ErrorCode.NOT_FOUND: opens(flat.folder / "nowhere.db"),
        ErrorCode.WRONG_KEY: opens(flat.path, Keychain()),
        ErrorCode.SECRETS_FAILED: locked,
        ErrorCode.DAMAGED: opens(cut),
        ErrorCode.FROM_THE_FUTURE: lambda: Ledger.open_with_key_file(
            str(future), f"{future}.keys", False
        ),
        ErrorCode.BUSY: busy,
        ErrorCode.FILE: lambda: ledger.backup(flat.path),
        ErrorCode.NO_SALT: without_container_name,
        ErrorCode.SUSPENDED: suspended,
        ErrorCode.STILL_IN_USE: still_in_use,
        ErrorCode.UNKNOWN_GROUP: lambda: ledger.group(NOBODY),
        ErrorCode.UNKNOWN_ENTRY: lambda: group.cancel(NOBODY),
        ErrorCode.UNKNOWN_MEMBER: shares(flat.anna, NOBODY),
        ErrorCode.DUPLICATE_MEMBER: shares(flat.anna, flat.anna),
        ErrorCode.TOO_MANY_MEMBERS: crowd,
        ErrorCode.NOT_ENROLLED: before_entries_came,
        ErrorCode.INVALID_ENTRY: records(minor_units=0),
        ErrorCode.WOULD_BE_VOID: lambda: group.propose(Act.REMOVE(flat.anna, None)),
        ErrorCode.PROPOSAL_OUTDATED: outdated,
        ErrorCode.NO_ROOT_KEY: without_root_key,
        ErrorCode.INVALID_MESSAGE: lambda: ledger.join("hello", "Anna"),
        ErrorCode.INVALID_JOIN: lambda: memory().finish_join(answered(flat)[1]),
        ErrorCode.INVALID_PHRASE: lambda: memory().restore_phrase("zoo zoo"),
        ErrorCode.UNKNOWN_INVITE: lambda: cancelled_twice(flat),
        ErrorCode.INVITE_EXPIRED: lambda: asks(flat, InvitePolicy(label="", expires_ms=1)),
        ErrorCode.INVITE_USED_UP: lambda: asks(
            flat, InvitePolicy(label="", asks=False, uses=1), people=2
        ),
        ErrorCode.INVITE_MUST_ASK: lambda: group.invite(
            InvitePolicy(label="", asks=False, claims=flat.anna), ""
        ),
        ErrorCode.UNKNOWN_REQUEST: lambda: declined_twice(flat),
        ErrorCode.NEEDS_PROPOSAL: lambda: admits_without_proposal(flat),
        ErrorCode.OTHER_PERSON: lambda: ledger.restore_phrase(other_phrase()),
        ErrorCode.ALREADY_IN: lambda: ledger.join(group.invite(InvitePolicy(label=""), ""), "Anna"),
        ErrorCode.CANCELLED: lambda: group.verify(Progress(lambda calls: False)),
        ErrorCode.CALLBACK_FAILED: lambda: group.verify(Progress(throws)),
        ErrorCode.INVALID_ID: shares(flat.anna, "Ben"),
        ErrorCode.INVALID_CURSOR: lambda: group.expenses(after="first"),
        ErrorCode.INVALID_DATE: records(date="2026-02-30"),
        ErrorCode.INVALID_CURRENCY: records(currency="euro"),
        ErrorCode.INVALID_AMOUNT: lambda: parse_money("1.505", "EUR"),
        ErrorCode.BALANCE_TOO_LARGE: huge,
        ErrorCode.INVALID_IMPORT: lambda: group.import_splitwise(b"hello"),
        ErrorCode.CLOSED: None,  # the next step
    }
    if FULL_DISK:
        provoke[ErrorCode.DISK_FULL] = full_disk
    if READ_ONLY_DISK:
        provoke[ErrorCode.READ_ONLY] = read_only
    for code, call in provoke.items():
        if call:
            found = code_of(call)
            assert found == code, f"{found} in place of {code}"
    # What nothing that an app does can bring about in a sound build.
    beyond = {
        ErrorCode.NO_CIPHER,
        ErrorCode.NO_RANDOMNESS,
        ErrorCode.DATABASE_FAILED,
        ErrorCode.PAIRING_FAILED,
        ErrorCode.INVALID_SHARE,
        ErrorCode.TOO_MANY_DEVICES,
        ErrorCode.TOO_MANY_REFERENCES,
        ErrorCode.REFUSED,
        ErrorCode.INTERNAL,
    }
    for code in set(ErrorCode) - set(provoke) - beyond:
        print(f"!!! SKIPPED: {code}, which needs a disk that root mounts", file=sys.stderr)
    try:
        ledger.group("Ben")
    except LedgerError.Failed as error:
        assert error.blame == Blame.YOU
        assert "64 hexadecimal digits" in error.reason
    try:
        group.verify(Progress(throws))
    except LedgerError.Failed as error:
        assert "secret that must" not in repr(error)


def refuses_calls_after_closing(flat):
    changes = Changes()
    watch = flat.ledger.watch(changes)
    flat.ledger.shut_down()
    flat.ledger.shut_down()
    for call in (flat.group.balances, flat.ledger.groups, flat.group.info):
        assert code_of(call) == ErrorCode.CLOSED
    assert watch.is_stopped()


def opens_again(flat):
    again = Ledger.open(flat.path, flat.keychain, create=False)
    group = again.group(flat.group.id())
    assert group.info().name == "House"
    digest = group.state_digest()
    again.delete_group(flat.group.id())
    assert code_of(lambda: again.group(flat.group.id())) == ErrorCode.UNKNOWN_GROUP
    assert len(digest) == 64
    again.shut_down()


STEPS = [
    creates_a_group,
    records_an_expense,
    corrects_it,
    pays_and_confirms,
    cancels,
    finds_and_pages,
    shows_acts_before_signing,
    tells_what_changes,
    verifies_and_cancels_a_long_check,
    backs_up,
    counts_money_to_the_cent,
    serves_several_threads,
    lives_in_memory,
    suspends_and_resumes,
    invites_and_admits,
    restores_the_person,
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
