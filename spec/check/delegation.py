# spec/delegation.md section 5. A decision is a dict: root, product, epoch, before (epochs of the delegations
# that it rests on). Each step gives the next one.

import cbor
import suite
from fault import require
from shapes import COUNT, Signed, closed, decode, is_bytes, is_int, is_short, one_of

ROLES = {"package-signer": 1, "license-issuer": 2, "device-ca": 3, "approver": 4, "agent-signer": 5, "recoverer": 6}


def decision(root, product, epoch, before=()):
    return {"root": root, "product": product, "epoch": epoch, "before": list(before)}


def follow(data, now):
    """Step 1, for one succession."""
    bad = "root-malformed"
    signed = Signed(data, "root", bad, 256)
    if not signed.holds(now["root"]):
        return now
    fields = closed(decode(signed.payload, bad), range(4), bad)
    require(one_of(fields[0], 1) and is_short(fields[1]) and is_int(fields[3], COUNT), bad)
    require(is_bytes(fields[2], 65) and suite.point(fields[2]) is not None, bad)
    require(fields[1] == now["product"], "root-product-wrong")
    require(fields[3] > now["epoch"], "root-revoked")
    return {**now, "root": fields[2], "epoch": fields[3]}


def adopt_statement(data, now):
    """Step 2."""
    bad = "epoch-malformed"
    signed = Signed(data, "epoch", bad, 128)
    signed.check(now["root"], "epoch-signature-invalid")
    fields = closed(decode(signed.payload, bad), range(3), bad)
    require(one_of(fields[0], 1) and is_short(fields[1]) and is_int(fields[2], COUNT), bad)
    require(fields[1] == now["product"], "epoch-product-wrong")
    return {**now, "epoch": max(now["epoch"], fields[2])}


def adopt_delegation(data, now, role):
    """Step 3."""
    bad = "delegation-malformed"
    signed = Signed(data, "delegation", bad, 256)
    signed.check(now["root"], "delegation-signature-invalid")
    fields = closed(decode(signed.payload, bad), range(6), bad)
    require(one_of(fields[0], 1) and one_of(fields[1], *ROLES.values()), bad)
    require(is_bytes(fields[2], 65) and suite.point(fields[2]) is not None, bad)
    require(is_short(fields[3]) and is_int(fields[4], COUNT) and is_int(fields[5], COUNT), bad)
    require(fields[1] == ROLES[role], "delegation-role-wrong")
    require(fields[3] == now["product"], "delegation-product-wrong")
    require(fields[5] >= now["epoch"], "delegation-revoked")
    require(all(epoch >= fields[5] for epoch in now["before"]), "delegation-revoked")
    grant = suite.sha256(cbor.encode([fields[1], fields[2], fields[3], fields[4]]))
    delegate = {"key": fields[2], "cap": fields[4], "grant": grant, "digest": signed.digest}
    return delegate, {**now, "epoch": fields[5], "before": now["before"] + [fields[5]]}


def follow_root(statement, successions, now):
    """Steps 1 and 2: the decision as they leave it."""
    for succession in successions:
        now = follow(succession, now)
    return now if statement is None else adopt_statement(statement, now)


def verify_authority(delegation, statement, successions, now, role):
    """Steps 1 to 3: the delegate, and the decision as they leave it."""
    return adopt_delegation(delegation, follow_root(statement, successions, now), role)


def check_cap(delegate, counter):
    """Step 4."""
    require(counter <= delegate["cap"], "delegation-counter-exceeded")
