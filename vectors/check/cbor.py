"""The subset of CBOR that entries use, and the rule that a bad byte breaks (SPEC 1.3)."""


class Refused(Exception):
    """The first rule that the bytes break."""

    def __init__(self, rule):
        super().__init__(rule)
        self.rule = rule


UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
LARGEST = 2**63 - 1


def need(holds, rule):
    if not holds:
        raise Refused(rule)


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        need(count <= len(self.data) - self.at, "C6")
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self, expected):
        """The argument of the next head, which must be of the expected type."""
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if info == 31:
            need(major not in (BYTES, TEXT, ARRAY, MAP), "C3")
        need(info < 28, "C1")
        argument, smallest = info, 0
        if info >= 24:
            width = 1 << (info - 24)
            argument = int.from_bytes(self.take(width), "big")
            smallest = 24 if width == 1 else 1 << (4 * width)
        if major in (UINT, BYTES, TEXT, ARRAY):
            need(info < 24 or argument >= smallest, "C2")
        need(major == expected, "C1")
        return argument

    def uint(self):
        number = self.head(UINT)
        need(number <= LARGEST, "C7")
        return number

    def bytes(self, length=None):
        found = self.take(self.head(BYTES))
        need(length is None or len(found) == length, "C6")
        return found

    def text(self, longest):
        found = self.take(self.head(TEXT))
        need(len(found) <= longest, "P3")
        try:
            return found.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("C4") from None

    def array(self, length):
        need(self.head(ARRAY) == length, "C6")

    def array_up_to(self, longest, rule):
        length = self.head(ARRAY)
        need(length <= longest, rule)
        return length

    def optional(self, read):
        if self.data[self.at : self.at + 1] == b"\xf6":
            self.at += 1
            return None
        return read()

    def rest(self):
        return self.data[self.at :]

    def finish(self):
        need(self.at == len(self.data), "C5")


def head(major, argument):
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << (8 * width):
            return bytes([major << 5 | info]) + argument.to_bytes(width, "big")
    raise ValueError(argument)


def write(value):
    """The one encoding of an integer, byte string, text, list or None."""
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(UINT, value)
    if isinstance(value, bytes):
        return head(BYTES, len(value)) + value
    if isinstance(value, str):
        data = value.encode("utf-8")
        return head(TEXT, len(data)) + data
    return head(ARRAY, len(value)) + b"".join(write(item) for item in value)
