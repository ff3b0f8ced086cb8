"""The Python binding shows what the command line shows.

Run by ledger-ffi/test-bindings.sh, which sets LEDGER to the command line and
PYTHONPATH to the generated bindings.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import ledger_ffi

ROOT = pathlib.Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "examples" / "data" / "flatshare.csv"


def command_line(*arguments):
    run = [os.environ["LEDGER"], *map(str, arguments)]
    return subprocess.run(run, check=True, capture_output=True, text=True).stdout


class FirstLight(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.db = pathlib.Path(folder.name) / "flat.db"
        cls.other = pathlib.Path(folder.name) / "other.db"
        for db in (cls.db, cls.other):
            command_line("import", "--db", db, "--format", "splitwise", SAMPLE)
        cls.ledger = ledger_ffi.Ledger.open(str(cls.db), f"{cls.db}.keys")

    def shown(self, command):
        return json.loads(command_line(command, "--db", self.db, "--json"))

    def test_balances_are_those_of_the_command_line(self):
        rows = [vars(row) for row in self.ledger.balances()]
        self.assertEqual(rows, self.shown("balances"))
        self.assertTrue(any(row["minor_units"] for row in rows))
        for currency in {row["currency"] for row in rows}:
            sums = [row["minor_units"] for row in rows if row["currency"] == currency]
            self.assertEqual(sum(sums), 0, currency)

    def test_settle_up_is_that_of_the_command_line(self):
        plan = [
            {
                "from": row.from_member,
                "to": row.to_member,
                "currency": row.currency,
                "minor_units": row.minor_units,
            }
            for row in self.ledger.settle_up()
        ]
        self.assertEqual(plan, self.shown("settle-up"))
        self.assertTrue(plan)

    def test_members_and_digest_are_those_of_the_export(self):
        export = json.loads(command_line("export", "--db", self.db, "--format", "json"))
        labels = [member["label"] for member in export["members"]]
        self.assertEqual(self.ledger.member_names(), labels)
        self.assertEqual(self.ledger.state_digest(), export["digest"])

    def test_the_wrong_key_is_a_typed_error(self):
        with self.assertRaises(ledger_ffi.LedgerError.WrongKey) as caught:
            ledger_ffi.Ledger.open(str(self.db), f"{self.other}.keys")
        self.assertIn(str(self.db), caught.exception.reason)

    def test_a_missing_file_is_a_typed_error(self):
        with self.assertRaises(ledger_ffi.LedgerError.NotFound):
            ledger_ffi.Ledger.open(f"{self.db}.nowhere", f"{self.db}.keys")


if __name__ == "__main__":
    unittest.main()
