# spec/batch.md section 2, steps 1 to 5.

import suite
from delegation import verify_authority
from license import read_bundle, read_terms
from fault import Fault, require
from shapes import WORD, Signed, closed, decode, is_bytes, is_int, one_of

BAD = "batch-malformed"


def read_license(bundle):
    """The terms of a license, nothing verified; every fault is the batch's."""
    try:
        license_object, _, _ = read_bundle(bundle)
        payload = closed(decode(Signed(license_object, "license", BAD, 2048).payload, BAD), range(3), BAD)
        return read_terms(payload[0])
    except Fault:
        raise Fault(BAD) from None


def open_batch(data, now):
    """The devices, in the order of the file."""
    file = decode(data, BAD)
    require(isinstance(file, list) and len(file) == 5 and file[0] == "firmseal batch 1", BAD)
    require(all(isinstance(file[i], bytes) for i in (1, 3, 4)), BAD)
    require(file[2] is None or isinstance(file[2], bytes), BAD)
    issuer, _ = verify_authority(file[1], file[2], [], now, "license-issuer")
    signed = Signed(file[3], "batch", BAD, 512)
    signed.check(issuer["key"], "batch-signature-invalid")
    facts = closed(decode(signed.payload, BAD), range(8), BAD)
    require(one_of(facts[0], 1) and is_bytes(facts[1], 16) and is_bytes(facts[2], 16), BAD)
    require(is_bytes(facts[3], 32) and is_int(facts[4], WORD) and is_int(facts[5], WORD), BAD)
    require(is_int(facts[6], 10_000, 1) and is_bytes(facts[7], 32), BAD)
    require(suite.sha256(file[4]) == facts[7], "batch-altered")
    bundles = decode(file[4], BAD)
    require(isinstance(bundles, list) and len(bundles) == facts[6], BAD)
    require(all(isinstance(one, bytes) for one in bundles), BAD)
    devices = []
    for bundle in bundles:
        terms = read_license(bundle)
        require(terms[6] == 2 and terms[1] == facts[2] and terms[4] == facts[3], BAD)
        require(14 in terms and terms[14] <= facts[5] and terms[5] not in devices, BAD)
        devices.append(terms[5])
    return devices
