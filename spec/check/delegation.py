# spec/delegation.md section 3.

import suite
from fault import require
from shapes import COUNT, Signed, closed, decode, is_bytes, is_int, is_short, one_of

ROLES = {"package-signer": 1, "license-issuer": 2, "device-ca": 3, "approver": 4}


def verify_epoch(data, root, product):
    bad = "epoch-malformed"
    signed = Signed(data, "epoch", bad)
    fields = closed(decode(signed.payload, bad), range(3), bad)
    require(one_of(fields[0], 1) and is_short(fields[1]) and is_int(fields[2], COUNT), bad)
    signed.check(root, "epoch-signature-invalid")
    require(fields[1] == product, "epoch-product-wrong")
    return fields[2]


def verify_delegation(data, root, product, epoch, role):
    bad = "delegation-malformed"
    signed = Signed(data, "delegation", bad)
    fields = closed(decode(signed.payload, bad), range(6), bad)
    require(one_of(fields[0], 1) and one_of(fields[1], 1, 2, 3, 4), bad)
    require(is_bytes(fields[2], 65) and suite.point(fields[2]) is not None, bad)
    require(is_short(fields[3]) and is_int(fields[4], COUNT) and is_int(fields[5], COUNT), bad)
    signed.check(root, "delegation-signature-invalid")
    require(fields[1] == ROLES[role], "delegation-role-wrong")
    require(fields[3] == product, "delegation-product-wrong")
    require(fields[5] >= epoch, "delegation-revoked")
    return {"key": fields[2], "cap": fields[4]}


def verify_authority(delegation, statement, root, product, epoch, role):
    """Steps 1 and 2: the delegate and the epoch in force."""
    if statement is not None:
        epoch = max(epoch, verify_epoch(statement, root, product))
    return verify_delegation(delegation, root, product, epoch, role), epoch


def check_cap(delegate, counter):
    require(counter <= delegate["cap"], "delegation-counter-exceeded")
