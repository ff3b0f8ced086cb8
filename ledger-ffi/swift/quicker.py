"""Has the Swift that UniFFI 0.32.2 writes read numbers and strings where they lie.

As written, each goes through a copy made by Foundation's `Data`, which takes most of
the time of a page of expenses: `ledger-ffi/bench-bindings.sh swift` gave 5.1 times the
call from Rust, and 1.7 times after this, both on a busy machine; 1.3 on a quiet one.

    quicker.py GroupLedger.swift    changes the file; fails if it is not as expected
"""

import pathlib
import sys

CHANGES = [
    (
        """\
    var value: T = 0
    let _ = withUnsafeMutableBytes(of: &value, { reader.data.copyBytes(to: $0, from: range)})
    reader.offset = range.upperBound
""",
        """\
    let value = reader.data.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self)
    }
    reader.offset = range.upperBound
""",
    ),
    (
        """\
        return String(decoding: try readBytes(&buf, count: Int(len)), as: UTF8.self)
""",
        """\
        let range = buf.offset..<(buf.offset + Int(len))
        guard buf.data.count >= range.upperBound else {
            throw UniffiInternalError.bufferOverflow
        }
        buf.offset = range.upperBound
        return buf.data.withUnsafeBytes {
            String(decoding: UnsafeRawBufferPointer(rebasing: $0[range]), as: UTF8.self)
        }
""",
    ),
]

path = pathlib.Path(sys.argv[1])
source = path.read_text()
for before, after in CHANGES:
    if source.count(before) != 1:
        sys.exit(f"{path} is not what UniFFI 0.32.2 writes; look at {__file__}")
    source = source.replace(before, after)
path.write_text(source)
