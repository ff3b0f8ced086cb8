"""The Python binding shows what the command line shows.

Run by ledger-ffi/test-bindings.sh, which sets LEDGER to the command line.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from group_ledger import Ledger

ROOT = pathlib.Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "examples" / "data" / "flatshare.csv"


def command_line(*arguments):
    run = [os.environ["LEDGER"], *map(str, arguments)]
    return subprocess.run(run, check=True, capture_output=True, text=True).stdout


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.db = pathlib.Path(folder.name) / "flat.db"
        command_line("import", "--db", cls.db, "--format", "splitwise", SAMPLE)
        cls.ledger = Ledger.open_with_key_file(str(cls.db), f"{cls.db}.keys", create=False)
        [overview] = cls.ledger.groups()
        cls.group = cls.ledger.group(overview.id)
        cls.labels = {member.id: member.label for member in cls.group.members()}

    def shown(self, command):
        return json.loads(command_line(command, "--db", self.db, "--json"))

    def test_balances_are_those_of_the_command_line(self):
        rows = [
            {
                "member": self.labels[row.member],
                "currency": row.balance.currency,
                "minor_units": row.balance.minor_units,
            }
            for row in self.group.balances().now()
        ]
        self.assertEqual(rows, self.shown("balances"))
        self.assertTrue(any(row["minor_units"] for row in rows))
        for currency in {row["currency"] for row in rows}:
            sums = [row["minor_units"] for row in rows if row["currency"] == currency]
            self.assertEqual(sum(sums), 0, currency)

    def test_settle_up_is_that_of_the_command_line(self):
        plan = [
            {
                "from": self.labels[row.from_member],
                "to": self.labels[row.to_member],
                "currency": row.money.currency,
                "minor_units": row.money.minor_units,
            }
            for row in self.group.balances().settle_up()
        ]
        self.assertEqual(plan, self.shown("settle-up"))
        self.assertTrue(plan)

    def test_members_and_digest_are_those_of_the_export(self):
        export = json.loads(command_line("export", "--db", self.db, "--format", "json"))
        labels = [member["label"] for member in export["members"]]
        self.assertEqual(list(self.labels.values()), labels)
        self.assertEqual(self.group.state_digest(), export["digest"])

    def test_an_import_is_that_of_the_command_line(self):
        db = self.db.with_name("other.db")
        ledger = Ledger.open_with_key_file(str(db), f"{db}.keys")
        group = ledger.create_group("Other", "Anna")
        summary = group.import_splitwise(SAMPLE.read_bytes())
        self.assertEqual((summary.known, summary.differing), (0, []))
        again = group.import_splitwise(SAMPLE.read_bytes())
        self.assertEqual((again.added, again.known), (0, summary.added))
        row = group.lists().expenses()[0]
        group.entries().cancel(row.id)
        again = group.import_splitwise(SAMPLE.read_bytes())
        self.assertEqual((again.added, again.known), (0, summary.added - 1))
        self.assertEqual([cancelled.expense for cancelled in again.cancelled], [row.id])


if __name__ == "__main__":
    unittest.main()
