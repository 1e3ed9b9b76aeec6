# spec/license.md: the checks of a chip (section 4) and the content-key file (section 3).

import suite
from delegation import check_cap, verify_authority
from fault import Fault, require
from package import check_content_key, derive, u32be
from shapes import COUNT, ORIGINS, WORD, Signed, closed, decode, is_bytes, is_int, one_of

BAD = "license-malformed"


def read_bundle(data):
    require(len(data) <= 4096, BAD)
    bundle = decode(data, BAD)
    require(isinstance(bundle, list) and len(bundle) == 3, BAD)
    require(isinstance(bundle[0], bytes) and isinstance(bundle[1], bytes), BAD)
    require(bundle[2] is None or isinstance(bundle[2], bytes), BAD)
    return bundle


def read_terms(data):
    terms = decode(data, BAD)
    require(isinstance(terms, dict), BAD)
    for key, allowed in ((0, (1,)), (6, (1, 2))):
        value = terms.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            require(value in allowed, "license-version-unsupported")
    keys = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13]
    session = one_of(terms.get(6), 1)
    closed(terms, keys + [7] if session else keys, BAD, optional=[] if session else [14])
    require(one_of(terms[0], 1) and one_of(terms[6], 1, 2), BAD)
    require(is_bytes(terms[1], 16) and is_bytes(terms[2], 16) and is_int(terms[3], COUNT), BAD)
    require(is_bytes(terms[4], 32) and is_bytes(terms[5], 32), BAD)
    require(7 not in terms or is_bytes(terms[7], 16), BAD)
    require(is_bytes(terms[8], 32) and is_int(terms[9], COUNT), BAD)
    require(one_of(terms[10], *ORIGINS) and is_int(terms[11], COUNT) and is_bytes(terms[12], 32), BAD)
    require(isinstance(terms[13], list) and len(terms[13]) <= 8 and all(is_bytes(one, 32) for one in terms[13]), BAD)
    require(14 not in terms or is_int(terms[14], WORD), BAD)
    return terms


def open_license(data, now, manifest, chip):
    """Section 4. `now`: the decision that the package left. `chip`: thumbprint, origin, nonce or None, unwraps, journaled
    digest and whether its install ended well or None, private KEM key."""
    license_object, delegation, statement = read_bundle(data)
    issuer, _ = verify_authority(delegation, statement, [], now, "license-issuer")
    signed = Signed(license_object, "license", BAD, 2048)
    signed.check(issuer["key"], "license-signature-invalid")
    payload = closed(decode(signed.payload, BAD), range(3), BAD)
    require(isinstance(payload[0], bytes) and is_bytes(payload[1], 65) and is_bytes(payload[2], 52, 1200), BAD)
    terms = read_terms(payload[0])
    require(terms[12] == issuer["digest"], "license-delegation-wrong")
    require(terms[4] == manifest.digest, "license-manifest-wrong")
    require(terms[5] == chip["thumbprint"], "license-device-wrong")
    require(terms[10] == chip["origin"], "license-origin-wrong")
    again = chip["journaled"] == (signed.digest, False)
    require(terms[6] == 2 or again or terms[7] == chip["nonce"], "license-nonce-wrong")
    require(manifest.counter >= terms[9], "license-counter-floor")
    check_cap(issuer, manifest.counter)
    require(chip["unwraps"] < terms[11], "license-unwraps-exhausted")
    plaintext = suite.hpke_open(chip["kem"], payload[1], b"firmseal/1 license", payload[0], payload[2])
    if plaintext is None:
        raise Fault("license-unwrap-failed")
    return read_envelope(plaintext, manifest, terms[13])


def read_envelope(plaintext, manifest, digests):
    bad = "license-data-wrong"
    envelope = decode(plaintext, bad)
    require(isinstance(envelope, list) and len(envelope) == 2 and is_bytes(envelope[0], 32), bad)
    areas = [(ordinal, area[2]) for ordinal, area in enumerate(manifest.areas) if area[0] == 3]
    require(isinstance(envelope[1], list) and all(isinstance(item, bytes) for item in envelope[1]), bad)
    require([len(item) for item in envelope[1]] == [length for _, length in areas], bad)
    require(len(digests) == len(areas), bad)
    check_content_key(manifest, envelope[0])
    for (ordinal, _), item, digest in zip(areas, envelope[1], digests):
        key = derive(manifest, envelope[0], b"digest", u32be(ordinal))
        require(suite.hmac_sha256(key, suite.sha256(item)) == digest, bad)
    return envelope


def open_content_key(data, private_key, manifest):
    """Section 3."""
    bad = "content-key-malformed"
    file = decode(data, bad)
    require(isinstance(file, list) and len(file) == 4 and one_of(file[0], 1), bad)
    require(is_bytes(file[1], 32) and is_bytes(file[2], 65) and is_bytes(file[3], 48), bad)
    require(file[1] == manifest.digest, "content-key-package-wrong")
    key = suite.hpke_open(private_key, file[2], b"firmseal/1 content-key", file[1], file[3])
    if key is None:
        raise Fault("content-key-unwrap-failed")
    check_content_key(manifest, key)
    return key
