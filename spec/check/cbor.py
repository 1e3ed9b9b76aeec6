# The CBOR profile of spec/encoding.md section 1: bytes to values, or the first fault that is
# met. Maps are dicts with integer keys, byte strings bytes, text str. Tag 18 is taken only by
# cose.py, which cuts it off first.

from fault import Fault, require

LIMIT = 2**53 - 1
MOST_DEEP = 8
SIMPLE = {20: False, 21: True, 22: None}


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def rest(self):
        return len(self.data) - self.at

    def take(self, count):
        require(count <= self.rest(), "cbor-truncated")
        piece = self.data[self.at : self.at + count]
        self.at += count
        return piece

    def head(self):
        """Major type, additional information, argument; in the order of the page up to the shortest form."""
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        require(not 28 <= info <= 30, "cbor-type-refused")
        require(info != 31, "cbor-not-deterministic")
        if info < 24:
            return major, info, info
        size = 1 << (info - 24)
        argument = int.from_bytes(self.take(size), "big")
        least = 24 if size == 1 else 1 << (4 * size)
        require(argument >= least, "cbor-not-deterministic")
        return major, info, argument

    def item(self, depth, as_key=False):
        major, info, argument = self.head()
        if as_key:
            require(major in (0, 1), "cbor-type-refused")
        require(major != 6, "cbor-type-refused")
        if major == 7:
            require(info in SIMPLE, "cbor-type-refused")
        if major == 0:
            require(argument <= LIMIT, "cbor-type-refused")
        if major == 1:
            require(argument <= LIMIT - 1, "cbor-type-refused")
        require(depth <= MOST_DEEP, "cbor-too-deep")
        if major == 0:
            return argument
        if major == 1:
            return -1 - argument
        if major == 2:
            return bytes(self.take(argument))
        if major == 3:
            return self.text(argument)
        if major == 4:
            require(argument <= self.rest(), "cbor-truncated")
            return [self.item(depth + 1) for _ in range(argument)]
        if major == 5:
            return self.map(argument, depth)
        return SIMPLE[info]

    def text(self, length):
        piece = bytes(self.take(length))
        try:
            return piece.decode("utf-8")
        except UnicodeDecodeError:
            raise Fault("cbor-text-invalid") from None

    def map(self, pairs, depth):
        require(2 * pairs <= self.rest(), "cbor-truncated")
        result = {}
        before = None
        for _ in range(pairs):
            start = self.at
            key = self.item(depth + 1, as_key=True)
            encoded = bytes(self.data[start : self.at])
            if before is not None:
                require(encoded != before, "cbor-duplicate-key")
                require(encoded > before, "cbor-not-deterministic")
            before = encoded
            result[key] = self.item(depth + 1)
        return result


def decode(data):
    reader = Reader(data)
    value = reader.item(1)
    require(reader.rest() == 0, "cbor-trailing-bytes")
    return value


def head_bytes(major, argument):
    for size, info in ((0, None), (1, 24), (2, 25), (4, 26), (8, 27)):
        if size == 0 and argument < 24:
            return bytes([major << 5 | argument])
        if size and argument < 1 << (8 * size):
            return bytes([major << 5 | info]) + argument.to_bytes(size, "big")
    raise ValueError("too large")


def encode(value):
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return head_bytes(0, value) if value >= 0 else head_bytes(1, -1 - value)
    if isinstance(value, bytes):
        return head_bytes(2, len(value)) + value
    if isinstance(value, str):
        data = value.encode()
        return head_bytes(3, len(data)) + data
    if isinstance(value, list):
        return head_bytes(4, len(value)) + b"".join(map(encode, value))
    pairs = sorted((encode(key), encode(inner)) for key, inner in value.items())
    return head_bytes(5, len(value)) + b"".join(key + inner for key, inner in pairs)
