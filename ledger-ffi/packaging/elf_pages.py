"""Says whether native libraries can be loaded by an Android with 16 KiB pages.

    elf_pages.py LIBRARY...

Such an Android maps each loadable segment at a multiple of 16 KiB, and the Play
Store refuses libraries whose ELF program headers ask for less.
https://developer.android.com/guide/practices/page-sizes
"""

import struct
import sys

PAGE = 16 * 1024
PT_LOAD = 1


def load_alignments(data):
    """The alignment of each loadable segment, from the program headers."""
    if data[:4] != b"\x7fELF":
        raise ValueError("not an ELF file")
    order = {1: "<", 2: ">"}[data[5]]
    if data[4] == 2:  # 64 bits
        (offset,) = struct.unpack_from(order + "Q", data, 32)
        size, count = struct.unpack_from(order + "HH", data, 54)
        align = (48, "Q")
    else:
        (offset,) = struct.unpack_from(order + "I", data, 28)
        size, count = struct.unpack_from(order + "HH", data, 42)
        align = (28, "I")
    found = []
    for place in range(offset, offset + size * count, size):
        (kind,) = struct.unpack_from(order + "I", data, place)
        if kind == PT_LOAD:
            found += struct.unpack_from(order + align[1], data, place + align[0])
    if not found:
        raise ValueError("no loadable segment")
    return found


def main(paths):
    failed = False
    for path in paths:
        try:
            with open(path, "rb") as file:
                least = min(load_alignments(file.read()))
        except (ValueError, struct.error, KeyError, IndexError) as error:
            print(f"{path}: {error}")
            failed = True
            continue
        good = least % PAGE == 0
        print(f"{path}: segments at {least} bytes: {'good' if good else 'too small for 16 KiB pages'}")
        failed |= not good
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
