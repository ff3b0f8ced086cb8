"""Lets `close()` and `use {}` of a Kotlin `Ledger` close the database.

UniFFI 0.32.2 gives every object a `close()` that releases its handle only. The `Ledger`
has a `close()` of its own, which closes the file for all its groups; the handle itself is
small, and the garbage collector releases it. Two functions of one name do not compile, so
the generated one goes. The generated `use {}` releases the handle, too; with this change
it closes whatever can be closed.

    closing.py group_ledger.kt    changes the file; fails if it is not as expected
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

USING = """\
            // N.B. our implementation is on the nullable type `Disposable?`.
            this?.destroy()
"""
CLOSING = """\
            (this as? AutoCloseable)?.close() ?: this?.destroy()
"""

path = pathlib.Path(sys.argv[1])
source = path.read_text()
start = source.find("open class Ledger:")
end = source.find("\nopen class ", start + 1)
ledger = source[start:end]
expected = [
    start > 0,
    ledger.count(RELEASING) == 1,
    re.search(r"override fun `close`\(\)", ledger),
    source.count(USING) == 1,
]
if not all(expected):
    sys.exit(f"{path} is not what UniFFI 0.32.2 writes; look at {__file__}")
source = source[:start] + ledger.replace(RELEASING, "") + source[end:]
path.write_text(source.replace(USING, CLOSING))
