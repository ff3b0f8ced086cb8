"""Helpers for the steps of the scenario."""

import datetime
import os
import pathlib
import sys
import threading

from group_ledger import (
    ChangeListener,
    Expense,
    InvitePolicy,
    Ledger,
    LedgerError,
    Part,
    ProgressListener,
    SecretStore,
    format_money,
    split_equally,
)

FIXTURES = pathlib.Path(sys.argv[1])
# A file system of one MiB, and one that cannot be written: made by root.
FULL_DISK = os.environ.get("LEDGER_FULL_DISK")
READ_ONLY_DISK = os.environ.get("LEDGER_READ_ONLY_DISK")
NOBODY = "00" * 32
DAY = datetime.date(2026, 11, 21)


class Keychain(SecretStore):
    """A secret store, as an app writes one over Keychain or Keystore."""

    def __init__(self, secrets=()):
        self.secrets = dict(secrets)
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
        self.ben = self.group.entries().add_placeholder("Ben")

    def expense(self, minor_units=2500, **change):
        half = split_equally(minor_units, 2, 0)
        fields = {
            "date": DAY,
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
        return [format_money(row.balance) for row in self.group.balances().now()]


def code_of(call):
    try:
        call()
    except LedgerError.Failed as error:
        assert error.reason and error.advice, "an error says what happened, and what to do"
        return error.code
    raise AssertionError("this should have failed")


def asks(flat, policy, people=1):
    """Somebody asks to join by an invite."""
    link = flat.group.invites().create(policy, "https://example.org/join")
    for number in range(people):
        other = Ledger.in_memory()
        flat.ledger.joining().receive_request(other.joining().join(link, f"Cleo {number}"))
    return other


def admitted(flat, policy=None):
    """Somebody asks to join, and is admitted."""
    other = asks(flat, policy or InvitePolicy(note="Cleo"))
    invites = flat.group.invites()
    request = invites.join_requests()[-1]
    return other, invites.admit(request, invites.propose_admission(request)).welcome
