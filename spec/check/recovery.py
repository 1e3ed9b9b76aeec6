# The bundle of a recovery: spec/recovery.md section 3, for a chip whose journal
# stands and that has no floors.

import delegation
from fault import require
from shapes import COUNT, Signed, closed, decode, is_bytes, is_int, one_of

BAD = "recovery-malformed"
MOST = 4096


def optional(value):
    return value is None or is_bytes(value, 0, MOST)


def split(data):
    """Step 1: statement, delegation or None, epoch statement or None, successions."""
    require(len(data) <= MOST, BAD)
    parts = decode(data, BAD)
    require(isinstance(parts, list) and len(parts) == 4, BAD)
    require(is_bytes(parts[0], 0, MOST) and optional(parts[1]) and optional(parts[2]), BAD)
    require(isinstance(parts[3], list) and len(parts[3]) <= 4, BAD)
    require(all(is_bytes(one, 0, MOST) for one in parts[3]), BAD)
    return parts


def verify(data, now, chip):
    """The fields of the statement. `chip`: thumbprint, nonce, securityCounter, unwraps."""
    statement, given, epoch, successions = split(data)
    now = delegation.follow_root(epoch, successions, now)
    delegate = {"key": now["root"], "cap": COUNT}
    if given is not None:
        delegate, now = delegation.adopt_delegation(given, now, "recoverer")
    signed = Signed(statement, "recovery", BAD, 128)
    signed.check(delegate["key"], "recovery-signature-invalid")
    fields = closed(decode(signed.payload, BAD), range(6), BAD)
    require(one_of(fields[0], 1) and is_bytes(fields[1], 32) and is_bytes(fields[2], 16), BAD)
    require(all(is_int(fields[key], COUNT) for key in (3, 4, 5)), BAD)
    require(fields[1] == chip["thumbprint"], "recovery-device-wrong")
    require(fields[2] == chip["nonce"], "recovery-nonce-wrong")
    require(fields[4] == now["epoch"], "recovery-epoch-wrong")
    delegation.check_cap(delegate, fields[3])
    require(fields[3] >= chip["securityCounter"] and fields[5] >= chip["unwraps"], "recovery-floor-low")
    return fields
