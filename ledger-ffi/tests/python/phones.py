"""Several phones that never talk to a server: files and messages go back and forth."""

import datetime
import itertools
import pathlib
import shutil

from group_ledger import (
    ErrorCode,
    Expense,
    InvitePolicy,
    Ledger,
    MessageKind,
    PairedGroup,
    PairingMode,
    Part,
    RequestOutcome,
    StatementIntent,
    Transaction,
    format_money,
    message_from_text,
    message_kind,
    message_to_text,
    read_recovery_request,
    salvage_database,
    split_equally,
)

from flat import DAY, Keychain, Progress, code_of

numbers = itertools.count()


class Phone:
    """Somebody's phone, with its own database and keys."""

    def __init__(self, folder, name, keychain=None):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.path = str(self.folder / f"{name}.phone")
        self.keychain = keychain or Keychain()
        self.ledger = Ledger.open(self.path, self.keychain)
        self.group = None

    @property
    def me(self):
        return self.group.info().me

    def expense(self, description, minor_units):
        """What this phone's person paid for everybody who is there."""
        members = [member.id for member in self.group.members() if not member.is_removed]
        shares = zip(members, split_equally(minor_units, len(members), 0))
        return Expense(
            date=DAY,
            description=description,
            currency="EUR",
            minor_units=minor_units,
            payers=[Part(member=self.me, minor_units=minor_units)],
            shares=[Part(member=member, minor_units=share) for member, share in shares],
        )

    def record(self, description, minor_units):
        return self.group.entries().record_expense(self.expense(description, minor_units))

    def file(self, what):
        return str(self.folder / f"{next(numbers)}.{what}")

    def bundle(self, summary=None, listener=None):
        path = self.file("bundle")
        self.exported = self.group.bundles().export_file(path, summary, listener)
        return path

    def take(self, other):
        return self.group.bundles().import_file(other.bundle())

    def shown(self):
        return sorted(row.transaction.expense.description for row in self.group.lists().expenses())

    def agrees_with(self, other):
        balances = [[format_money(row.balance) for row in of.group.balances().now()] for of in (self, other)]
        digests = [of.group.agreement() for of in (self, other)]
        return balances[0] == balances[1] and digests[0] == digests[1]


def swap(one, other):
    files = one.bundle(), other.bundle()
    one.group.bundles().import_file(files[1])
    other.group.bundles().import_file(files[0])


def joins(host, name):
    """Somebody gets into the host's group by an open invite and one file."""
    phone = Phone(host.folder, name)
    policy = InvitePolicy(note=name, requires_approval=False)
    link = host.group.invites().create(policy, "https://example.org/join")
    request = phone.ledger.joining().join(link, name)
    assert message_kind(message_from_text(link)) == MessageKind.INVITE
    assert message_kind(message_from_text(message_to_text(request))) == MessageKind.JOIN_REQUEST
    outcome = host.ledger.joining().receive_request(request)
    assert isinstance(outcome, RequestOutcome.ADMITTED)
    welcome = host.file("welcome")
    host.group.invites().write_welcome(outcome.admitted, welcome)
    joined = phone.ledger.joining().enter_with_bundle(welcome)
    assert joined.report.is_complete and joined.report.added > 0
    phone.group = joined.group
    return phone


def pairs(old, new, mode, typed=lambda code: code):
    """Both sides of a pairing between two ledgers, message by message."""
    showing = new.pairing().start_on_new_device()
    scanned = old.pairing().start_on_old_device(showing.offer())
    code = showing.receive(scanned.reply())
    enrolling = scanned.receive(code.reply()).enter(typed(code.reveal_code()))
    accepting = code.receive(enrolling.reply())
    [group] = old.groups()
    assert accepting.groups() == [PairedGroup(id=group.id, name=group.name)]
    awaiting = accepting.accept()
    [group] = awaiting.receive(enrolling.receive(awaiting.reply(), mode))
    return showing, group


def joins_by_a_file(flat):
    anna = flat.phone = Phone(flat.folder, "Anna")
    anna.group = anna.ledger.create_group("Trip", "Anna")
    ben = flat.bens = joins(anna, "Ben")
    assert ben.agrees_with(anna)
    assert [member.is_me for member in ben.group.members()] == [False, True]


def lives_on_bundles(flat):
    anna, ben = flat.phone, flat.bens
    dinner = anna.record("Dinner", 3000)
    ben.record("Milk", 250)
    assert not anna.agrees_with(ben)
    swap(anna, ben)
    assert anna.agrees_with(ben) and anna.shown() == ["Dinner", "Milk"]
    assert [format_money(row.balance) for row in ben.group.balances().now()] == ["13.75", "-13.75"]
    older = anna.bundle()
    ben.group.entries().correct(dinner, Transaction.EXPENSE(ben.expense("Dinner and wine", 4000)))
    progress = Progress()
    news = ben.bundle(anna.group.bundles().summary(), progress)
    assert ben.exported.entries < ben.group.info().entries and progress.calls
    report = anna.group.bundles().import_file(news)
    assert (report.added, report.is_complete) == (ben.exported.entries, True)
    assert anna.agrees_with(ben) and anna.shown() == ["Dinner and wine", "Milk"]
    # Again, an older one, and half of one.
    for file in (news, older):
        assert ben.group.bundles().import_file(file).added == 0
    half = pathlib.Path(ben.file("half"))
    anna.record("Rent", 90_000)
    whole = pathlib.Path(anna.bundle()).read_bytes()
    half.write_bytes(whole[: len(whole) * 2 // 3])
    assert not ben.group.bundles().import_file(str(half)).is_complete
    stopping = Progress(lambda calls: False)
    path = anna.file("bundle")
    assert code_of(lambda: anna.group.bundles().export_file(path, None, stopping)) == ErrorCode.CANCELLED
    assert not pathlib.Path(path).exists()
    swap(anna, ben)
    assert anna.agrees_with(ben)


def sends_a_bundle_in_parts(flat):
    anna, ben = flat.phone, flat.bens
    for what in ("Gas", "Power", "Water"):
        anna.record(what, 4000)
    parts = anna.group.bundles().begin(ben.group.bundles().summary())
    first, stopped, second = (anna.file("part") for _ in range(3))
    # Room for one entry.
    assert parts.write_next(first, 1).remaining == 2
    stopping = Progress(lambda calls: False)
    assert code_of(lambda: parts.write_next(stopped, None, stopping)) == ErrorCode.CANCELLED
    assert not pathlib.Path(stopped).exists()
    # As after a restart.
    kept = parts.cursor()
    assert anna.group.bundles().begin(cursor=kept).write_next(second).remaining == 0
    assert not ben.group.bundles().import_file(second).is_complete
    assert ben.group.bundles().import_file(first).is_complete
    assert anna.agrees_with(ben)
    foreign = ben.group.bundles().begin(cursor=kept)
    assert code_of(lambda: foreign.write_next(ben.file("part"))) == ErrorCode.INVALID_CURSOR
    assert code_of(lambda: ben.group.bundles().begin(cursor=kept[1:])) == ErrorCode.INVALID_CURSOR


def removes_and_rotates(flat):
    anna, ben = flat.phone, flat.bens
    known = ben.group.info().entries
    removal = anna.group.statements().propose(StatementIntent.REMOVE(ben.me, None))
    assert "Remove Ben" in removal.text() and removal.voids() == []
    anna.group.statements().sign(removal)
    anna.record("A present", 4500)
    report = ben.take(anna)
    assert (report.added, report.is_complete) == (0, False) and report.waiting > 0
    assert ben.group.info().entries == known and "A present" not in ben.shown()
    # What the removed phone writes comes, and counts nothing.
    ben.record("Champagne", 99_900)
    assert anna.take(ben).added > 0
    [void] = [row for row in anna.group.lists().void_entries() if row.transaction]
    assert (void.verdict.code, void.author) == ("hard-cut", ben.me)
    assert "Champagne" not in anna.shown()
    keys, minute = anna.group.keys(), datetime.timedelta(minutes=1)
    assert keys.rotate_group_key(datetime.timedelta()) and not keys.rotate_group_key(minute)
    keys.rotate_device_key()


def pairs_a_device(flat):
    anna, tablet = flat.phone, Phone(flat.folder, "Tablet")
    used, tablet.group = pairs(anna.ledger, tablet.ledger, PairingMode.STANDARD)
    assert code_of(lambda: used.receive(b"")) == ErrorCode.PAIRING_FAILED
    tablet.take(anna)
    assert tablet.agrees_with(anna)
    assert tablet.ledger.recovery().reveal_phrase() == anna.ledger.recovery().reveal_phrase()
    tablet.record("Tickets", 1200)
    anna.take(tablet)
    assert anna.agrees_with(tablet)
    assert [device.member for device in anna.group.devices()] == [anna.me, anna.me]

    kiosk = Phone(flat.folder, "Kiosk")
    _, kiosk.group = pairs(anna.ledger, kiosk.ledger, PairingMode.RECORD_ONLY)
    kiosk.take(anna)
    kiosk.record("Coffee", 300)
    assert code_of(kiosk.ledger.recovery().reveal_phrase) == ErrorCode.NO_ROOT_KEY
    assert code_of(lambda: kiosk.group.statements().propose(StatementIntent.LEAVE())) == ErrorCode.NO_ROOT_KEY
    anna.take(kiosk)
    assert "Coffee" in anna.shown()

    def mistyped(code):
        return f"{(int(code) + 1) % 1_000_000:06}"

    stranger = Phone(flat.folder, "Stranger").ledger
    assert code_of(
        lambda: pairs(anna.ledger, stranger, PairingMode.STANDARD, mistyped)
    ) == ErrorCode.PAIRING_FAILED


def restores_by_phrase(flat):
    anna, cleo = flat.phone, joins(flat.phone, "Cleo")
    flat.cleo = cleo
    restored = Phone(flat.folder, "Restored")
    recovery = restored.ledger.recovery()
    recovery.restore_phrase(anna.ledger.recovery().reveal_phrase())
    bundle = anna.bundle()
    preview = recovery.preview_group(bundle)
    assert (preview.id, preview.name) == (anna.group.id(), "Trip")
    assert set(preview.members) >= {"Anna", "Cleo"}
    assert preview.entries == anna.group.info().entries and restored.ledger.groups() == []
    found = recovery.restore_group(bundle)
    restored.group = found.group
    assert found.report.is_complete and restored.agrees_with(anna)
    assert code_of(lambda: restored.group.entries().add_placeholder("Dora")) == ErrorCode.NOT_ENROLLED
    approved = cleo.ledger.recovery().approve_device(restored.group.keys().request_approval())
    assert approved.group == restored.group.id()
    restored.take(cleo)
    restored.record("Taxi", 2000)
    cleo.take(restored)
    assert cleo.agrees_with(restored) and restored.me == anna.me
    assert code_of(restored.group.keys().request_approval) == ErrorCode.ALREADY_IN


def recovers_by_friends(flat):
    anna = flat.phone
    friends = [flat.cleo, joins(anna, "Dora"), joins(anna, "Emil")]
    shares = anna.group.shares().share_phrase(2, [friend.me for friend in friends])
    kept = [friend.ledger.recovery().keep_share(share) for friend, share in zip(friends, shares)]
    assert all(share.info().member == anna.me for share in kept)
    assert code_of(lambda: friends[1].ledger.recovery().keep_share(shares[0])) == ErrorCode.INVALID_SHARE
    found = Phone(flat.folder, "Found")
    recovery = found.ledger.recovery()
    request = recovery.request()
    assert read_recovery_request(request.message).fingerprint == request.fingerprint

    def returned(n):
        shares = friends[n].group.shares()
        share = shares.return_share(shares.list()[0], request.message)
        return recovery.add_returned_share(share)

    first = returned(0)
    assert (first.friend, first.progress.have, first.progress.need) == (friends[0].me, 1, 2)
    assert code_of(recovery.recover_from_shares) == ErrorCode.INVALID_SHARE
    returned(2)
    assert recovery.progress().have == 2
    recovery.recover_from_shares()
    assert recovery.reveal_phrase() == anna.ledger.recovery().reveal_phrase()
    found.group = recovery.restore_group(anna.bundle()).group
    assert found.agrees_with(anna)
    friends[1].group.shares().forget(kept[1])
    assert friends[1].group.shares().list() == []


def salvages_a_database(flat):
    anna, cleo = flat.phone, flat.cleo
    swap(anna, cleo)
    anna.ledger.close()
    whole = salvage_database(anna.path, anna.keychain, anna.file("whole"))
    assert whole.is_complete and whole.damaged_pages == 0
    content = bytearray(pathlib.Path(anna.path).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = b"x" * 64
    pathlib.Path(anna.path).write_bytes(content)
    salvaged, progress = anna.file("salvaged"), Progress()
    report = salvage_database(anna.path, anna.keychain, salvaged, listener=progress)
    assert (report.is_complete, report.damaged_pages) == (False, 1) and progress.calls
    assert report.groups[0].id == cleo.group.id() and report.groups[0].has_key
    anna.ledger = Ledger.open(salvaged, anna.keychain, create=False)
    anna.group = anna.ledger.group(cleo.group.id())
    anna.take(cleo)
    assert anna.agrees_with(cleo)
    assert anna.group.maintenance().verify_history().problems == []


def resets_the_keys_of_a_clone(flat):
    anna, cleo = flat.phone, flat.cleo
    cleo.ledger.close()
    # Database and secrets, restored together: nothing tells the clone that it is one.
    shutil.copy(cleo.path, flat.folder / "Clone.phone")
    clone = Phone(flat.folder, "Clone", Keychain(cleo.keychain.secrets))
    cleo.ledger = Ledger.open(cleo.path, cleo.keychain, create=False)
    for phone in (cleo, clone):
        phone.group = phone.ledger.group(anna.group.id())
    cleo.record("Bread", 400)
    clone.record("Cheese", 700)
    anna.take(cleo)
    # It learns of the other entry in its place.
    assert clone.take(anna).is_forked
    assert code_of(lambda: clone.record("Wine", 900)) == ErrorCode.FORKED
    [old] = [device.id for device in clone.group.devices() if device.is_this_device]
    clone.group.keys().reset_device_keys()
    assert code_of(lambda: clone.group.entries().add_placeholder("Gus")) == ErrorCode.NOT_ENROLLED
    # The request speaks of what the clone knows.
    anna.take(clone)
    anna.ledger.recovery().approve_device(clone.group.keys().request_approval())
    clone.take(anna)
    clone.record("Wine", 900)
    clone.group.statements().sign(clone.group.statements().propose(StatementIntent.REVOKE(old, None)))
    swap(anna, clone)
    assert anna.agrees_with(clone)
    assert {"Bread", "Cheese", "Wine"} <= set(anna.shown()), "both branches count"
    cleos = [device.id for device in anna.group.devices() if device.member == clone.me]
    assert old not in cleos and len(cleos) == 1


PHONES = [
    joins_by_a_file,
    lives_on_bundles,
    sends_a_bundle_in_parts,
    removes_and_rotates,
    pairs_a_device,
    restores_by_phrase,
    recovers_by_friends,
    salvages_a_database,
    resets_the_keys_of_a_clone,
]
