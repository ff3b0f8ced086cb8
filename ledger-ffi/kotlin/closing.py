"""Lets `close()` of a Kotlin `Ledger` close the database, as `use {}` expects.

UniFFI 0.32.2 gives every object a `close()` that releases its handle only. The `Ledger`
has a `close()` of its own, which closes the file for all its groups; the handle itself is
small, and the garbage collector releases it. Two functions of one name do not compile, so
the generated one goes.

    closing.py groupledger.kt    changes the file; fails if it is not as expected
"""

import pathlib
import re
import sys

RELEASING = """\
    @Synchronized
    override fun close() {
        this.destroy()
    }

"""

path = pathlib.Path(sys.argv[1])
source = path.read_text()
start = source.find("open class Ledger:")
end = source.find("\nopen class ", start + 1)
ledger = source[start:end]
if start < 0 or ledger.count(RELEASING) != 1 or not re.search(r"override fun `close`\(\)", ledger):
    sys.exit(f"{path} is not what UniFFI 0.32.2 writes; look at {__file__}")
path.write_text(source[:start] + ledger.replace(RELEASING, "") + source[end:])
