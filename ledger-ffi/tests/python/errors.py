"""Every code of errors, provoked once."""

import datetime
import pathlib
import sys
import types

from group_ledger import (
    Blame,
    CallbackError,
    ErrorCode,
    Expense,
    ImportChoice,
    ImportTarget,
    InvitePolicy,
    Ledger,
    LedgerError,
    OldRows,
    PairingMode,
    Part,
    Split,
    StatementIntent,
    Transaction,
    Transfer,
    parse_money,
    parse_rate,
    shares_of,
)

from flat import (
    DAY,
    FIXTURES,
    FULL_DISK,
    NOBODY,
    READ_ONLY_DISK,
    Flat,
    Keychain,
    Progress,
    admitted,
    asks,
    code_of,
)
from phones import pairs


HEADER = b"Date,Description,Category,Cost,Currency,Anna,Ben\n"


def cancelled_twice(flat):
    invites = flat.group.invites()
    invites.create(InvitePolicy(note=""), "")
    invite = invites.list()[-1]
    invites.cancel(invite)
    invites.cancel(invite)


def declined_twice(flat):
    asks(flat, InvitePolicy(note=""))
    invites = flat.group.invites()
    request = invites.join_requests()[-1]
    invites.decline(request)
    invites.decline(request)


def admits_without_proposal(flat):
    admitted(flat)
    cleo = flat.group.members()[-1].id
    asks(flat, InvitePolicy(note="", for_member=cleo))
    invites = flat.group.invites()
    invites.admit(invites.join_requests()[-1])


def people(prefix, count):
    """An export in which that many people stand."""
    names = ",".join(f"{prefix}{n}" for n in range(count))
    row = "2026-11-21,Dinner,food,1.00,EUR,1.00,-1.00" + ",0.00" * (count - 2)
    return f"Date,Description,Category,Cost,Currency,{names}\n\n{row}\n".encode()


def other_phrase():
    other = Ledger.in_memory()
    other.create_group("Other", "Zoe")
    return other.recovery().reveal_phrase()


def unknown_person():
    recovery = Ledger.in_memory().recovery()
    recovery.request()
    recovery.recover_from_shares("12345")


def reports_every_error(flat):
    group, ledger = flat.group, flat.ledger
    bundles, maintenance = group.bundles(), ledger.maintenance()

    def opens(path, keychain=flat.keychain, create=False):
        return lambda: Ledger.open(str(path), keychain, create)

    def records(**change):
        return lambda: group.entries().record_expense(flat.expense(**change))

    def shares(*members):
        parts = [Part(member=member, minor_units=1250) for member in members]
        return records(shares=parts)

    def locked():
        flat.keychain.error = CallbackError.Locked()
        try:
            group.entries().record_expense(flat.expense())
        finally:
            flat.keychain.error = None

    def without_root_key():
        secrets = flat.keychain.secrets.items()
        keychain = Keychain((k, v) for k, v in secrets if k != "entropy")
        other = Ledger.open(flat.path, keychain, False)
        try:
            other.group(group.id()).statements().propose(StatementIntent.RENAME("Zoe"))
        finally:
            other.close()

    def before_entries_came():
        other, welcome = admitted(flat)
        other.joining().enter(welcome).entries().add_placeholder("Ben")

    def no_key():
        path = str(flat.folder / "theirs.bundle")
        bundles.export_file(path)
        other = Ledger.in_memory()
        other.create_group("Other", "Zoe")
        other.recovery().restore_group(path)

    def no_bundle():
        photo = flat.folder / "photo.jpg"
        photo.write_bytes(bytes(range(256)) * 20)
        bundles.import_file(str(photo))

    def other_group():
        path = str(flat.folder / "other.bundle")
        both = Ledger.in_memory()
        both.create_group("Trip", "Zoe").bundles().export_file(path)
        both.create_group("House", "Zoe").bundles().import_file(path)

    def no_sealing_key():
        other, welcome = admitted(flat)
        other.joining().enter(welcome).bundles().export_file(str(flat.folder / "none.bundle"))

    def rolled_back():
        path = str(flat.folder / "old.db")
        maintenance.backup(path)
        group.entries().record_expense(flat.expense())
        bundles.export_file(str(flat.folder / "handed-out.bundle"))
        other = Ledger.open(path, flat.keychain, False)
        try:
            other.group(group.id()).entries().record_expense(flat.expense())
        finally:
            other.close()

    def many_devices():
        old = Ledger.in_memory()
        old.create_group("Flat", "Zoe")
        for _ in range(11):
            pairs(old, Ledger.in_memory(), PairingMode.RECORD_ONLY)

    def outdated():
        other = ledger.create_group("Outdated", "Anna")
        ben = other.entries().add_placeholder("Ben")
        proposal = other.statements().propose(StatementIntent.REMOVE(ben, None))
        other.statements().sign(other.statements().propose(StatementIntent.RENAME("Ben")))
        other.statements().sign(proposal)

    def imports(csv, target):
        """Plans an import and applies it, as if nobody had looked at the plan."""
        plan = ledger.imports().plan_splitwise(csv, target)
        ledger.imports().apply(plan, ImportChoice(old_rows=OldRows.REFUSE))

    def imported():
        other = ledger.create_group("Imported", "Anna")
        other.import_splitwise(HEADER + b"2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00\n")
        return other

    def gas_of_another_group():
        other = HEADER + b"2026-02-01,Gas,Home,8.00,EUR,4.00,-4.00\n"
        imports(other, ImportTarget.GROUP(imported().info().id))

    def without_predecessor():
        old = imported()
        other = old.create_successor_group("Continued")
        ledger.delete_group(old.info().id)
        other.import_splitwise(HEADER + b"2026-02-01,Gas,Home,8.00,EUR,4.00,-4.00\n")

    def crowd():
        other = ledger.create_group("Crowd", "Anna")
        other.import_splitwise(people("P", 1000))
        other.entries().add_placeholder("One more")

    def huge():
        other = ledger.create_group("Huge", "Anna")
        ben, anna = other.entries().add_placeholder("Ben"), other.info().me
        most = 10**15
        rows = [
            Transaction.TRANSFER(
                Transfer(
                    date=DAY,
                    description="",
                    currency="EUR",
                    minor_units=most,
                    from_member=anna,
                    to_member=ben,
                )
            )
        ] * 9224
        other.entries().record_all(rows)
        other.balances().now()

    def two_phones(name):
        """The group of Zoe, and the same group on the phone of Yan, who joined."""
        host, other = Ledger.in_memory(), Ledger.in_memory()
        ours = host.create_group(name, "Zoe")
        link = ours.invites().create(InvitePolicy(note="", requires_approval=False), "")
        request = other.joining().join(link, "Yan")
        welcome = str(flat.folder / f"{name}.welcome")
        ours.invites().write_welcome(host.joining().receive_request(request).admitted, welcome)
        return ours, other.joining().enter_with_bundle(welcome).group

    def sends(theirs, ours):
        path = str(flat.folder / f"{ours.info().name}.bundle")
        theirs.bundles().export_file(path)
        ours.bundles().import_file(path)

    def crowds():
        """A group in which more people are than an entry can name."""
        ours, theirs = two_phones("Crowds")
        ours.import_splitwise(people("P", 600))
        theirs.import_splitwise(people("Q", 600))
        sends(theirs, ours)
        members = [member.id for member in ours.members()]
        ours.entries().record_expense(
            Expense(
                date=DAY,
                description="A feast",
                currency="EUR",
                minor_units=len(members),
                payers=[Part(member=members[0], minor_units=len(members))],
                shares=[Part(member=member, minor_units=1) for member in members],
            )
        )

    def cancels_void_transfer():
        ours, theirs = two_phones("Void")
        zoe, yan = ours.info().me, theirs.info().me
        ours.statements().sign(ours.statements().propose(StatementIntent.REMOVE(yan, None)))
        gift = theirs.entries().record_transfer(
            Transfer(
                date=DAY, description="", currency="EUR", minor_units=1, from_member=yan, to_member=zoe
            )
        )
        sends(theirs, ours)
        ours.entries().cancel(gift)

    def cancels_expense_twice():
        expense = group.entries().record_expense(flat.expense())
        group.entries().cancel(expense)
        group.entries().cancel(expense)

    def exposed_key_file():
        path, keys = str(flat.folder / "exposed.db"), flat.folder / "exposed.keys"
        Ledger.open_with_key_file(path, str(keys), True).close()
        keys.chmod(0o644)
        Ledger.open_with_key_file(path, str(keys), False)

    def forked():
        # Database and secrets, copied together: nothing tells the clone that it is one.
        clone = Keychain(flat.keychain.secrets)
        path, bundle = str(flat.folder / "clone.db"), str(flat.folder / "original.bundle")
        maintenance.backup(path)
        other = Ledger.open(path, clone, False)
        try:
            cloned = other.group(group.id())
            group.entries().record_expense(flat.expense())
            cloned.entries().record_expense(flat.expense())
            bundles.export_file(bundle)
            cloned.bundles().import_file(bundle)
            cloned.entries().record_expense(flat.expense())
        finally:
            other.close()

    def throws(_):
        raise ValueError("a secret that must not be passed on")

    def fixture(name, call):
        def opens():
            path = FIXTURES / name
            other = Ledger.open_with_key_file(str(path), f"{path}.keys", False)
            try:
                for row in other.groups():
                    call(other.group(row.id))
            finally:
                other.close()

        return opens

    def full_disk():
        other = Flat(FULL_DISK)
        while True:
            other.group.entries().record_all([Transaction.EXPENSE(other.expense())] * 100)

    def read_only():
        path = pathlib.Path(READ_ONLY_DISK) / "busy.db"
        other = Ledger.open_with_key_file(str(path), f"{path}.keys", False)
        other.group(other.groups()[0].id).entries().add_placeholder("Ben")

    def without_container_name():
        path = str(flat.folder / "shared.db")
        Ledger.open(path, flat.keychain, True, "shared").close()
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
            group.maintenance().verify_history(Progress(suspends))
        except LedgerError:
            pass
        ledger.resume()
        raise kept[0]

    # A `datetime.date` is always a day of the calendar.
    no_day = types.SimpleNamespace(year=2026, month=2, day=30)
    cut = flat.folder / "cut.db"
    cut.write_bytes(b"short")
    provoke = {
        ErrorCode.NOT_FOUND: opens(flat.folder / "nowhere.db"),
        ErrorCode.WRONG_KEY: opens(flat.path, Keychain()),
        ErrorCode.SECRETS_FAILED: locked,
        ErrorCode.WRONG_APP_KEY: lambda: maintenance.change_app_key(b"short"),
        ErrorCode.SECRETS_DAMAGED: lambda: Ledger.open(
            flat.path, flat.keychain, False, app_key=bytes(32)
        ),
        ErrorCode.SECRETS_EXPOSED: exposed_key_file,
        ErrorCode.DAMAGED: opens(cut),
        ErrorCode.FROM_THE_FUTURE: fixture("future.db", lambda _: None),
        ErrorCode.BUSY: fixture("busy.db", lambda group: group.entries().add_placeholder("Ben")),
        ErrorCode.DATABASE_FAILED: fixture("incomplete.db", lambda group: group.lists().expenses()),
        ErrorCode.REFUSED: fixture("strange.db", lambda group: group.prepare()),
        ErrorCode.FILE: lambda: maintenance.backup(flat.path),
        ErrorCode.NO_SALT: without_container_name,
        ErrorCode.SUSPENDED: suspended,
        ErrorCode.STILL_IN_USE: still_in_use,
        ErrorCode.UNKNOWN_GROUP: lambda: ledger.group(NOBODY),
        ErrorCode.UNKNOWN_ENTRY: lambda: group.entries().cancel(NOBODY),
        ErrorCode.UNKNOWN_MEMBER: shares(flat.anna, NOBODY),
        ErrorCode.DUPLICATE_MEMBER: shares(flat.anna, flat.anna),
        ErrorCode.TOO_MANY_MEMBERS: crowd,
        ErrorCode.TOO_MANY_REFERENCES: crowds,
        ErrorCode.NOT_ENROLLED: before_entries_came,
        ErrorCode.INVALID_ENTRY: records(minor_units=0),
        ErrorCode.WOULD_BE_VOID: lambda: group.statements().propose(StatementIntent.REMOVE(flat.anna, None)),
        ErrorCode.ALREADY_CANCELLED: cancels_expense_twice,
        ErrorCode.NOT_CANCELLED: lambda: group.entries().restore(group.entries().record_expense(flat.expense())),
        ErrorCode.NOT_COUNTED: cancels_void_transfer,
        ErrorCode.SERIES_ENDED: lambda: group.recurring().end(
            group.recurring().series(DAY)[0].id, datetime.date(2126, 8, 1)
        ),
        ErrorCode.ALREADY_COUNTS: lambda: group.entries().copy_void_entry(group.entries().record_expense(flat.expense())),
        ErrorCode.CANNOT_BE_UNDONE: lambda: Ledger.in_memory().create_group("Flat", "Anna").entries().undo(),
        ErrorCode.PROPOSAL_OUTDATED: outdated,
        ErrorCode.NO_ROOT_KEY: without_root_key,
        ErrorCode.INVALID_MESSAGE: lambda: ledger.joining().join("hello", "Anna"),
        ErrorCode.INVALID_JOIN: lambda: Ledger.in_memory().joining().enter(admitted(flat)[1]),
        ErrorCode.INVALID_PHRASE: lambda: Ledger.in_memory().recovery().restore_phrase("zoo zoo"),
        ErrorCode.PAIRING_FAILED: lambda: Ledger.in_memory().pairing().start_on_old_device(b"hello"),
        ErrorCode.INVALID_SHARE: lambda: group.shares().share_phrase(1, [flat.anna]),
        ErrorCode.UNKNOWN_PERSON: unknown_person,
        ErrorCode.INVALID_APPROVAL: lambda: ledger.recovery().approve_device(b"hello"),
        ErrorCode.NO_KEY: no_key,
        ErrorCode.NO_BUNDLE: no_bundle,
        ErrorCode.OTHER_GROUP: other_group,
        ErrorCode.NO_SEALING_KEY: no_sealing_key,
        ErrorCode.NOT_CONFIRMED: lambda: group.statements().sign(group.statements().propose(StatementIntent.LEAVE())),
        ErrorCode.ROLLED_BACK: rolled_back,
        ErrorCode.FORKED: forked,
        ErrorCode.TOO_MANY_DEVICES: many_devices,
        ErrorCode.UNKNOWN_INVITE: lambda: cancelled_twice(flat),
        ErrorCode.INVITE_EXPIRED: lambda: asks(
            flat, InvitePolicy(note="", expires_at=datetime.datetime(1970, 1, 2, tzinfo=datetime.timezone.utc))
        ),
        ErrorCode.INVITE_USED_UP: lambda: asks(
            flat, InvitePolicy(note="", requires_approval=False, max_uses=1), people=2
        ),
        ErrorCode.APPROVAL_REQUIRED: lambda: group.invites().create(
            InvitePolicy(note="", requires_approval=False, for_member=flat.anna), ""
        ),
        ErrorCode.UNKNOWN_REQUEST: lambda: declined_twice(flat),
        ErrorCode.NEEDS_PROPOSAL: lambda: admits_without_proposal(flat),
        ErrorCode.OTHER_PERSON: lambda: ledger.recovery().restore_phrase(other_phrase()),
        ErrorCode.ALREADY_IN: lambda: ledger.joining().join(
            group.invites().create(InvitePolicy(note=""), ""), "Anna"
        ),
        ErrorCode.CANCELLED: lambda: group.maintenance().verify_history(Progress(lambda calls: False)),
        ErrorCode.CALLBACK_FAILED: lambda: group.maintenance().verify_history(Progress(throws)),
        ErrorCode.INVALID_ID: shares(flat.anna, "Ben"),
        ErrorCode.INVALID_CURSOR: lambda: group.lists().expenses(after="first"),
        ErrorCode.INVALID_DATE: records(date=no_day),
        ErrorCode.INVALID_CURRENCY: records(currency="euro"),
        ErrorCode.INVALID_AMOUNT: lambda: parse_money("1.505", "EUR"),
        ErrorCode.INVALID_RATE: lambda: parse_rate("EUR", "USD", "0"),
        ErrorCode.INVALID_SPLIT: lambda: shares_of(Split.EXACT([]), 500, "EUR", 0),
        ErrorCode.BALANCE_TOO_LARGE: huge,
        ErrorCode.INVALID_IMPORT: lambda: group.import_splitwise(b"hello"),
        ErrorCode.IMPORT_DIFFERS: lambda: imported().import_splitwise(
            HEADER + b"2026-01-01,Tea,Food,6.00,EUR,3.00,-3.00\n"
        ),
        ErrorCode.OTHER_GROUPS_FILE: gas_of_another_group,
        ErrorCode.PREDECESSOR_MISSING: without_predecessor,
        ErrorCode.EMPTY_IMPORT: lambda: imports(HEADER, ImportTarget.NEW_GROUP("Empty", 0)),
        ErrorCode.IMPORT_OUTDATED: lambda: imports(
            HEADER + b"2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00\n",
            ImportTarget.FIRST_GROUP("Not the first", 0),
        ),
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
    # Codes that no call of an app can provoke; tests in Rust do.
    unreachable = {
        ErrorCode[line.split()[0].replace("-", "_").upper()]
        for line in (FIXTURES / "unreachable.txt").read_text().splitlines()
    }
    assert not unreachable & set(provoke)
    disks = set() if FULL_DISK else {ErrorCode.DISK_FULL, ErrorCode.READ_ONLY}
    for code in disks:
        print(f"!!! SKIPPED: {code}, which needs a disk that root mounts", file=sys.stderr)
    forgotten = set(ErrorCode) - set(provoke) - unreachable - disks
    assert not forgotten, f"not provoked: {forgotten}"
    try:
        ledger.group("Ben")
    except LedgerError.Failed as error:
        assert error.blame == Blame.YOU
        assert "64 hexadecimal digits" in error.reason
    try:
        group.maintenance().verify_history(Progress(throws))
    except LedgerError.Failed as error:
        assert "secret that must" not in repr(error)
