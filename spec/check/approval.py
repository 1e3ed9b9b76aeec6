# spec/approval.md: policy, approval, restore and the certificate of a job's end. An approval is
# read up to step 3 of section 3.

import re

from delegation import decision, verify_authority
from fault import require
from shapes import COUNT, WORD, closed, is_bytes, is_int, is_short, one_of
from station import opened


def is_printable(value, most):
    return isinstance(value, str) and re.fullmatch("[ -~]{1,%d}" % most, value) is not None


def rises(values, most):
    return all(is_int(one, most, 1) for one in values) and all(a < b for a, b in zip(values, values[1:]))


def is_stations(names):
    fits = isinstance(names, list) and 1 <= len(names) <= 8 and all(is_name(one) for one in names)
    return fits and all(a < b for a, b in zip(names, names[1:]))


def is_name(value):
    return isinstance(value, str) and re.fullmatch("[!-~]{1,32}", value) is not None


def is_order(items):
    quota, mode, accepts, manifests, until, ledger = items[:6]
    if len(items) == 7 and not is_stations(items[6]):
        return False
    if not is_int(quota, COUNT, 1) or not one_of(mode, 1, 2, 3, 4):
        return False
    if not isinstance(accepts, list) or not rises(accepts, 6):
        return False
    if not isinstance(manifests, list) or not 1 <= len(manifests) <= 16 or not all(is_bytes(one, 32) for one in manifests):
        return False
    nullable = (until is None or is_int(until, WORD)) and (ledger is None or is_bytes(ledger, 32))
    return nullable and len(set(manifests)) == len(manifests)


def is_void(items):
    return is_int(items[0], COUNT) and is_bytes(items[1], 32) and is_printable(items[2], 200)


def is_acknowledgement(items):
    ids = is_int(items[0], COUNT) and is_bytes(items[1], 16) and is_bytes(items[2], 32)
    return ids and is_printable(items[3], 64) and is_printable(items[4], 200)


def is_recovery(items):
    return is_bytes(items[0], 32) and is_int(items[1], COUNT) and is_int(items[2], COUNT)


def is_site_cap(items):
    site, cap, until, number = items
    named = isinstance(site, str) and re.fullmatch("[!-)+-.0-~]{1,30}", site) is not None
    return named and is_int(cap, COUNT) and is_int(until, WORD) and is_int(number, COUNT, 1)


# Kind to how many items it may have, and what they are.
KINDS = {
    1: ((6, 7), is_order),
    2: ((1,), lambda items: is_bytes(items[0], 32)),
    3: ((3,), is_void),
    4: ((5,), is_acknowledgement),
    5: ((0,), lambda items: True),
    6: ((3,), is_recovery),
    7: ((4,), is_site_cap),
}


def read_policy(data, root, product):
    bad = "approval-policy-malformed"
    value, _ = opened(data, "approval-policy", "approval-policy", 128, root)
    closed(value, range(4), bad)
    require(one_of(value[0], 1) and is_short(value[1]) and is_int(value[2], 16, 1) and is_int(value[3], COUNT), bad)
    require(value[1] == product, "approval-policy-product-wrong")


def read_approval(data, delegation, root, product, epoch):
    bad, wrong = "approval-malformed", "approval-wrong"
    approver, _ = verify_authority(delegation, None, [], decision(root, product, epoch), "approver")
    value, _ = opened(data, "approval", "approval", 1152, approver["key"])
    closed(value, range(9), bad)
    require(one_of(value[0], 1) and one_of(value[1], *KINDS) and is_short(value[2]) and is_int(value[3], 16, 1), bad)
    require(is_bytes(value[4], 32) and is_bytes(value[5], 16) and is_int(value[6], WORD) and is_int(value[7], WORD), bad)
    lengths, reads = KINDS[value[1]]
    require(isinstance(value[8], list) and len(value[8]) in lengths and reads(value[8]), bad)
    require(value[6] <= value[7] and one_of(value[1], 6, 7) == (value[5] == bytes(16)), bad)
    require(value[2] == product and value[4] == approver["grant"], wrong)


def read_restore(data, root, product):
    bad = "restore-malformed"
    value, _ = opened(data, "restore", "restore", 384, root)
    closed(value, range(7), bad)
    require(one_of(value[0], 1) and is_short(value[1]) and is_bytes(value[3], 32), bad)
    require(all(is_int(value[key], WORD) for key in (2, 4, 5)) and is_printable(value[6], 200), bad)
    require(value[1] == product, "restore-wrong")


def read_end(data, delegation, root, product, epoch):
    bad = "job-end-malformed"
    issuer, _ = verify_authority(delegation, None, [], decision(root, product, epoch), "license-issuer")
    value, _ = opened(data, "job-end", "job-end", 256, issuer["key"])
    closed(value, range(10), bad)
    require(one_of(value[0], 1) and is_short(value[1]) and is_bytes(value[2], 16), bad)
    require(all(is_int(value[key], COUNT) for key in range(3, 8)), bad)
    require(is_int(value[8], WORD) and is_bytes(value[9], 32), bad)
    require(value[1] == product and value[9] == issuer["digest"], "job-end-wrong")
