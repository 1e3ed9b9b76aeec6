# spec/station.md: delegation, request, license and statement of a station.

import re

import suite
from delegation import check_cap, verify_authority
from fault import Fault, require
from license import read_bundle, read_envelope
from shapes import COUNT, WORD, Signed, closed, decode, is_bytes, is_int, is_short, one_of, option_values


def opened(data, typ, code, most, key):
    """The payload as a value, and the digest of the object."""
    malformed, invalid = code + "-malformed", code + "-signature-invalid"
    signed = Signed(data, typ, malformed, most)
    signed.check(key, invalid)
    return decode(signed.payload, malformed), signed.digest


def read_delegation(data, root, product, epoch):
    bad = "station-delegation-malformed"
    value, digest = opened(data, "station", "station-delegation", 256, root)
    closed(value, range(7), bad)
    require(one_of(value[0], 1) and is_bytes(value[1], 65) and is_short(value[2]) and is_short(value[3]), bad)
    require(is_int(value[4], COUNT) and is_int(value[5], WORD) and is_int(value[6], WORD), bad)
    require(value[5] <= value[6] and suite.point(value[1]) is not None, bad)
    require(value[2] == product, "delegation-product-wrong")
    require(value[4] >= epoch, "delegation-revoked")
    return {"key": value[1], "digest": digest}


def read_request(data, station, job, challenge):
    bad, wrong = "station-request-malformed", "station-request-wrong"
    value, digest = opened(data, "station-request", "station-request", 512, station["key"])
    closed(value, range(10), bad)
    require(one_of(value[0], 1) and one_of(value[1], 1, 2) and is_bytes(value[2], 16) and is_bytes(value[3], 32), bad)
    require(is_bytes(value[4], 16) and is_bytes(value[5], 32) and is_short(value[6]) and is_bytes(value[7], 32), bad)
    if value[1] == 1:
        require(is_bytes(value[8], 32) and is_bytes(value[9], 65) and suite.point(value[9]) is not None, bad)
    else:
        require(value[8] is None and value[9] is None, bad)
    require(value[5] == station["digest"] and value[2] == job and value[3] == challenge, wrong)
    return {"job": value[2], "chip": value[6], "holder": value[7], "digest": digest}


def open_license(data, now, manifest, request, kem):
    bad, wrong = "station-license-malformed", "station-license-wrong"
    license_object, delegation, statement = read_bundle(data)
    issuer, _ = verify_authority(delegation, statement, [], now, "license-issuer")
    payload, _ = opened(license_object, "station-license", "station-license", 2048, issuer["key"])
    closed(payload, range(3), bad)
    require(isinstance(payload[0], bytes) and is_bytes(payload[1], 65) and is_bytes(payload[2], 52, 1200), bad)
    terms = closed(decode(payload[0], bad), range(11), bad)
    require(one_of(terms[0], 1) and is_bytes(terms[1], 16) and is_bytes(terms[2], 16) and is_int(terms[3], COUNT), bad)
    require(all(is_bytes(terms[key], 32) for key in (4, 5, 7, 8, 9)) and is_short(terms[6]), bad)
    require(isinstance(terms[10], list) and len(terms[10]) <= 8 and all(is_bytes(one, 32) for one in terms[10]), bad)
    require(terms[9] == issuer["digest"], wrong)
    require(terms[7] == request["digest"] and terms[1] == request["job"] and terms[4] == manifest.digest, wrong)
    require(terms[5] == request["holder"] and terms[6] == request["chip"], wrong)
    check_cap(issuer, manifest.counter)
    plaintext = suite.hpke_open(kem, payload[1], b"firmseal/1 station-license", payload[0], payload[2])
    if plaintext is None:
        raise Fault("license-unwrap-failed")
    return read_envelope(plaintext, manifest, terms[10])


def read_outcome(data, station):
    bad = "outcome-malformed"
    value, digest = opened(data, "outcome", "outcome", 1152, station["key"])
    closed(value, range(18), bad)
    require(one_of(value[0], 1) and is_bytes(value[1], 16) and is_int(value[2], COUNT) and is_bytes(value[3], 32), bad)
    require(is_short(value[4]) and one_of(value[5], 1, 2) and is_bytes(value[6], 32) and one_of(value[7], 1, 2, 3), bad)
    require(value[8] is None or isinstance(value[8], str) and re.fullmatch("[a-z0-9-]{1,64}", value[8]), bad)
    require(value[9] is None or is_bytes(value[9], 32), bad)
    require(is_bytes(value[10], 32) and is_bytes(value[11], 32), bad)
    require(isinstance(value[12], list) and len(value[12]) <= 8 and all(is_bytes(one, 32) for one in value[12]), bad)
    require(value[13] is None or one_of(value[13], 1, 2, 3), bad)
    require(value[14] is None or one_of(value[14], 0, 1, 2), bad)
    require(option_values(value[15]) and isinstance(value[16], bool) and is_int(value[17], WORD), bad)
    require((value[8] is None) == (value[7] == 1), bad)
    require((value[9] is None) == (value[5] == 2), bad)
    require(value[13] is not None or value[14] is None and value[15] == [], bad)
    require(value[6] == station["digest"], "outcome-wrong")
    return value, digest
