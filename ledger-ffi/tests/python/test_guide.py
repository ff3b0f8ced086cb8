"""The code in docs/python.md runs as it stands.

Run by ledger-ffi/test-bindings.sh.
"""

import os
import pathlib
import re
import tempfile

GUIDE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "python.md"

blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
assert len(blocks) == 2, len(blocks)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    exec(compile("\n".join(blocks), str(GUIDE), "exec"))
    os.chdir("/")
print("the guide runs")
