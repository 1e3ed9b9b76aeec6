# Closed maps and signed objects (spec/encoding.md): every fault of CBOR, shape or shell is
# the object's malformed fault.

import cbor
import suite
from fault import Fault, require

COUNT = 2**31 - 1
WORD = 2**32 - 1


def is_int(value, most, least=0):
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_bytes(value, least, most=None):
    return isinstance(value, bytes) and least <= len(value) <= (least if most is None else most)


def is_text(value, lowest):
    return isinstance(value, str) and 1 <= len(value) <= 32 and all(lowest <= char <= "~" for char in value)


def is_short(value):
    return is_text(value, "!")


def one_of(value, *allowed):
    return is_int(value, WORD) and value in allowed


def decode(data, malformed):
    try:
        return cbor.decode(data)
    except Fault:
        raise Fault(malformed) from None


def closed(value, required, malformed, optional=()):
    """The map, when it has each required key and no unknown one."""
    require(isinstance(value, dict), malformed)
    require(set(required) <= set(value) <= set(required) | set(optional), malformed)
    return value


def option_values(value):
    """Array of [register, value] in ascending register, at most 32."""
    if not isinstance(value, list) or len(value) > 32:
        return False
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2 or not is_int(pair[0], COUNT) or not is_int(pair[1], WORD):
            return False
    registers = [pair[0] for pair in value]
    return all(a < b for a, b in zip(registers, registers[1:]))


ORIGINS = (1, 2, 3, 5, 6, 7)


def is_bool(value):
    return isinstance(value, bool)


class Signed:
    """A COSE_Sign1 of section 2, its lengths and its shell checked, its signature not yet."""

    def __init__(self, data, typ, malformed, most, too_large=None):
        require(len(data) <= most + 128, too_large or malformed)
        require(data[:1] == b"\xd2", malformed)  # tag 18
        body = decode(data[1:], malformed)
        require(isinstance(body, list) and len(body) == 4, malformed)
        protected, unprotected, payload, signature = body
        header = cbor.encode({1: -7, 16: "application/firmseal-" + typ})
        require(protected == header and unprotected == {}, malformed)
        require(isinstance(payload, bytes) and is_bytes(signature, 64), malformed)
        require(len(payload) <= most, too_large or malformed)
        self.payload = payload
        self.signature = signature
        self.message = cbor.encode(["Signature1", protected, b"", payload])
        self.digest = suite.sha256(self.message)

    def holds(self, public_key):
        return suite.verify(public_key, self.message, self.signature)

    def check(self, public_key, invalid):
        require(self.holds(public_key), invalid)
