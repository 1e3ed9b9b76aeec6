# Single requests to the agent: spec/link.md sections 3 and 4. The table of messages and life cycles first,
# then the shape of the body. `lookup` is for a chip without a session that was just reset.

import recovery
import suite
from fault import Fault, require
from shapes import COUNT, ORIGINS, closed, decode, is_bytes, is_int, is_text, one_of

MESSAGES = {
    0x01: "info", 0x02: "hello", 0x10: "personalize-begin", 0x11: "personalize-finish",
    0x12: "personalize-protect", 0x13: "personalize-enrol", 0x20: "package", 0x21: "license", 0x22: "record", 0x24: "receipt", 0x25: "acknowledge", 0x26: "start",
    0x27: "agent-receipt", 0x30: "recover",
}  # fmt: skip

# The columns "blank" and "personalized" of the table; None: it is served.
BLANK = {
    "hello": "not-personalized", "personalize-finish": "request-out-of-state",
    "personalize-enrol": "request-out-of-state", "package": "not-personalized",
    "license": "request-out-of-state", "record": "request-out-of-state", "receipt": "not-personalized",
    "agent-receipt": "not-personalized",
    "start": "not-personalized", "recover": "not-personalized",
}  # fmt: skip
PERSONALIZED = {
    "personalize-begin": "already-personalized", "personalize-finish": "already-personalized",
    "personalize-protect": "already-personalized", "personalize-enrol": "already-personalized",
    "license": "request-out-of-state", "record": "request-out-of-state", "receipt": "no-receipt",
    "agent-receipt": "no-receipt", "start": "request-out-of-state",
}  # fmt: skip
TABLE = {"blank": BLANK, "personalized": PERSONALIZED}

MALFORMED = "request-malformed"


def is_challenge(body):
    return len(body) == 0 or 16 <= len(body) <= 32


def check_begin(body):
    value = closed(decode(body, MALFORMED), (0, 1, 2, 3, 5), MALFORMED, optional=(4,))
    require(is_bytes(value[0], 65) and suite.point(value[0]) is not None, MALFORMED)
    require(is_text(value[1], "!"), MALFORMED)
    require(is_int(value[2], COUNT), MALFORMED)
    require(is_bytes(value[3], 0, 32) and is_challenge(value[3]), MALFORMED)
    require(4 not in value or is_bytes(value[4], 32, 64), MALFORMED)
    require(one_of(value[5], *ORIGINS), MALFORMED)


# Registers of option bytes that the chip of the vectors has: STM32F427.
REGISTERS = (0, 1)


def check_protect(body):
    rows = decode(body, MALFORMED)
    require(isinstance(rows, list) and len(rows) <= 16, MALFORMED)
    before = -1
    for row in rows:
        require(isinstance(row, list) and len(row) == 3, MALFORMED)
        register, mask, value = row
        require(all(is_int(one, 2**32 - 1) for one in row) and register < 2**31, MALFORMED)
        require(mask != 0 and value & ~mask == 0 and register > before, MALFORMED)
        before = register
    for register, _, _ in rows:
        require(register in REGISTERS, "policy-field-unknown")


def serve(life_cycle, kind, body):
    """Raises what the chip answers; package, license and record are not looked into."""
    require(kind in MESSAGES, "request-unknown")
    message = MESSAGES[kind]
    fault = TABLE[life_cycle].get(message)
    if fault:
        raise Fault(fault)
    if message in ("info", "acknowledge", "start"):
        require(body == b"", MALFORMED)
    if message == "hello":
        require(is_challenge(body), MALFORMED)
    if message == "personalize-begin":
        check_begin(body)
    if message == "personalize-protect":
        check_protect(body)
    if message == "recover":
        recovery.split(body)
