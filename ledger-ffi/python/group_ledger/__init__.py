"""Group ledgers: shared expenses of a few people, signed and encrypted.

A `Ledger` is an open database, a `LedgerGroup` one group of it. A `with` block closes
the ledger at its end:

    with Ledger.open_with_key_file("flat.db", "flat.db.keys") as ledger:
        group = ledger.create_group("Flat", "Anna")
"""

from ._bindings.group_ledger import *
from ._bindings.group_ledger import __all__

# UniFFI writes no context managers.
Ledger.__enter__ = lambda ledger: ledger
Ledger.__exit__ = lambda ledger, *error: ledger.close()
