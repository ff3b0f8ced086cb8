"""Every code of errors, provoked once."""

import pathlib
import sys

from group_ledger import (
    Act,
    Blame,
    CallbackError,
    Details,
    ErrorCode,
    Expense,
    InvitePolicy,
    Ledger,
    LedgerError,
    PairingMode,
    Part,
    Transfer,
    parse_money,
)

from flat import (
    FIXTURES,
    FULL_DISK,
    NOBODY,
    READ_ONLY_DISK,
    Flat,
    Keychain,
    Progress,
    answered,
    asks,
    code_of,
    memory,
)
from phones import pairs


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


def people(prefix, count):
    """An export in which that many people stand."""
    names = ",".join(f"{prefix}{n}" for n in range(count))
    row = "2026-11-21,Dinner,food,1.00,EUR,1.00,-1.00" + ",0.00" * (count - 2)
    return f"Date,Description,Category,Cost,Currency,{names}\n\n{row}\n".encode()


def other_phrase():
    other = memory(5)
    other.create_group("Other", "Zoe")
    return other.reveal_phrase()


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
        secrets = flat.keychain.secrets.items()
        keychain = Keychain((k, v) for k, v in secrets if k != "entropy")
        other = Ledger.open(flat.path, keychain, False)
        try:
            other.group(group.id()).propose(Act.RENAME("Zoe"))
        finally:
            other.shut_down()

    def before_entries_came():
        other, answer = answered(flat)
        other.finish_join(answer).add_placeholder("Ben")

    def no_key():
        path = str(flat.folder / "theirs.bundle")
        group.export_bundle(path)
        other = memory(5)
        other.create_group("Other", "Zoe")
        other.restore_group(path)

    def no_sealing_key():
        other, answer = answered(flat)
        other.finish_join(answer).export_bundle(str(flat.folder / "none.bundle"))

    def old_copy():
        path = str(flat.folder / "old.db")
        ledger.backup(path)
        group.record_expense(flat.expense())
        group.export_bundle(str(flat.folder / "handed-out.bundle"))
        other = Ledger.open(path, flat.keychain, False)
        try:
            other.group(group.id()).record_expense(flat.expense())
        finally:
            other.shut_down()

    def many_devices():
        old = memory(7)
        old.create_group("Flat", "Zoe")
        for seed in range(11):
            pairs(old, memory(100 + seed), PairingMode.HIGH_SECURITY)

    def outdated():
        other = ledger.create_group("Outdated", "Anna")
        ben = other.add_placeholder("Ben")
        proposal = other.propose(Act.REMOVE(ben, None))
        other.sign(other.propose(Act.RENAME("Ben")))
        other.sign(proposal)

    def crowd():
        other = ledger.create_group("Crowd", "Anna")
        other.import_splitwise(people("P", 999))
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

    def crowds():
        """A group in which more people are than an entry can name."""
        host, other = memory(8), memory(9)
        ours = host.create_group("Crowds", "Zoe")
        request = other.join(ours.invite(InvitePolicy(label="", asks=False), ""), "Yan")
        welcome = str(flat.folder / "crowds.welcome")
        ours.write_answer(host.receive_request(request).admitted, welcome)
        theirs = other.finish_join_from(welcome).group
        ours.import_splitwise(people("P", 600))
        theirs.import_splitwise(people("Q", 600))
        path = str(flat.folder / "crowds.bundle")
        theirs.export_bundle(path)
        ours.import_bundle(path)
        members = [member.id for member in ours.members()]
        ours.record_expense(
            Expense(
                date="2026-11-21",
                description="A feast",
                currency="EUR",
                minor_units=len(members),
                payers=[Part(member=members[0], minor_units=len(members))],
                shares=[Part(member=member, minor_units=1) for member in members],
            )
        )

    def forked():
        # Database and secrets, copied together: nothing tells the clone that it is one.
        clone = Keychain(flat.keychain.secrets)
        path, bundle = str(flat.folder / "clone.db"), str(flat.folder / "original.bundle")
        ledger.backup(path)
        other = Ledger.open(path, clone, False)
        try:
            cloned = other.group(group.id())
            group.record_expense(flat.expense())
            cloned.record_expense(flat.expense())
            group.export_bundle(bundle)
            cloned.import_bundle(bundle)
            cloned.record_expense(flat.expense())
        finally:
            other.shut_down()

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
                other.shut_down()

        return opens

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
    provoke = {
        ErrorCode.NOT_FOUND: opens(flat.folder / "nowhere.db"),
        ErrorCode.WRONG_KEY: opens(flat.path, Keychain()),
        ErrorCode.SECRETS_FAILED: locked,
        ErrorCode.WRONG_APP_KEY: lambda: ledger.change_app_key(b"short"),
        ErrorCode.SECRETS_DAMAGED: lambda: Ledger.open(
            flat.path, flat.keychain, False, app_key=bytes(32)
        ),
        ErrorCode.DAMAGED: opens(cut),
        ErrorCode.FROM_THE_FUTURE: fixture("future.db", lambda _: None),
        ErrorCode.BUSY: fixture("busy.db", lambda group: group.add_placeholder("Ben")),
        ErrorCode.DATABASE_FAILED: fixture("incomplete.db", lambda group: group.expenses()),
        ErrorCode.REFUSED: fixture("strange.db", lambda group: group.prepare()),
        ErrorCode.FILE: lambda: ledger.backup(flat.path),
        ErrorCode.NO_SALT: without_container_name,
        ErrorCode.SUSPENDED: suspended,
        ErrorCode.STILL_IN_USE: still_in_use,
        ErrorCode.UNKNOWN_GROUP: lambda: ledger.group(NOBODY),
        ErrorCode.UNKNOWN_ENTRY: lambda: group.cancel(NOBODY),
        ErrorCode.UNKNOWN_MEMBER: shares(flat.anna, NOBODY),
        ErrorCode.DUPLICATE_MEMBER: shares(flat.anna, flat.anna),
        ErrorCode.TOO_MANY_MEMBERS: crowd,
        ErrorCode.TOO_MANY_REFERENCES: crowds,
        ErrorCode.NOT_ENROLLED: before_entries_came,
        ErrorCode.INVALID_ENTRY: records(minor_units=0),
        ErrorCode.WOULD_BE_VOID: lambda: group.propose(Act.REMOVE(flat.anna, None)),
        ErrorCode.PROPOSAL_OUTDATED: outdated,
        ErrorCode.NO_ROOT_KEY: without_root_key,
        ErrorCode.INVALID_MESSAGE: lambda: ledger.join("hello", "Anna"),
        ErrorCode.INVALID_JOIN: lambda: memory().finish_join(answered(flat)[1]),
        ErrorCode.INVALID_PHRASE: lambda: memory().restore_phrase("zoo zoo"),
        ErrorCode.PAIRING_FAILED: lambda: memory().pair_as_old(b"hello"),
        ErrorCode.INVALID_SHARE: lambda: group.share_phrase(1, [flat.anna]),
        ErrorCode.INVALID_ENROLMENT: lambda: ledger.carry_enrolment(b"hello"),
        ErrorCode.NO_KEY: no_key,
        ErrorCode.NO_SEALING_KEY: no_sealing_key,
        ErrorCode.OLD_COPY: old_copy,
        ErrorCode.FORKED: forked,
        ErrorCode.TOO_MANY_DEVICES: many_devices,
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
    # What nothing that an app does can bring about; tests in Rust do.
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
        group.verify(Progress(throws))
    except LedgerError.Failed as error:
        assert "secret that must" not in repr(error)
