# spec/license.md: the checks of a chip (section 4) and the content-key file (section 3).

import suite
from delegation import check_cap, verify_authority
from fault import Fault, require
from package import check_content_key
from shapes import COUNT, Signed, closed, decode, is_bytes, is_int, one_of

BAD = "license-malformed"


def read_bundle(data):
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
    keys = [0, 1, 2, 3, 4, 5, 6, 8, 9]
    closed(terms, keys + [7] if terms.get(6) == 1 else keys, BAD)
    require(one_of(terms[0], 1) and one_of(terms[6], 1, 2), BAD)
    require(is_bytes(terms[1], 16) and is_bytes(terms[2], 16) and is_int(terms[3], COUNT), BAD)
    require(is_bytes(terms[4], 32) and is_bytes(terms[5], 32), BAD)
    require(7 not in terms or is_bytes(terms[7], 16), BAD)
    require(is_bytes(terms[8], 32) and is_int(terms[9], COUNT), BAD)
    return terms


def open_license(data, trust, manifest, chip):
    """Steps 1 to 7. `chip`: thumbprint, nonce or None, journaled digest and unwraps or None, private KEM key."""
    license_object, delegation, statement = read_bundle(data)
    issuer, _ = verify_authority(
        delegation, statement, trust["root"], trust["product"], trust["epoch"], "license-issuer"
    )
    signed = Signed(license_object, "license", BAD)
    signed.check(issuer["key"], "license-signature-invalid")
    payload = closed(decode(signed.payload, BAD), range(3), BAD)
    require(isinstance(payload[0], bytes) and is_bytes(payload[1], 65) and is_bytes(payload[2], 52, 1200), BAD)
    terms = read_terms(payload[0])
    require(terms[4] == manifest.digest, "license-manifest-wrong")
    require(terms[5] == chip["thumbprint"], "license-device-wrong")
    again = chip["journaled"] is not None and chip["journaled"][0] == signed.digest
    require(terms[6] == 2 or again or terms[7] == chip["nonce"], "license-nonce-wrong")
    require(manifest.counter >= terms[9], "license-counter-floor")
    check_cap(issuer, manifest.counter)
    require(not again or chip["journaled"][1] < 16, "license-unwraps-exhausted")
    plaintext = suite.hpke_open(chip["kem"], payload[1], b"firmseal/1 license", payload[0], payload[2])
    if plaintext is None:
        raise Fault("license-unwrap-failed")
    return read_envelope(plaintext, manifest)


def read_envelope(plaintext, manifest):
    bad = "license-data-wrong"
    envelope = decode(plaintext, bad)
    require(isinstance(envelope, list) and len(envelope) == 2 and is_bytes(envelope[0], 32), bad)
    lengths = [area[2] for area in manifest.areas if area[0] == 3]
    require(isinstance(envelope[1], list) and all(isinstance(item, bytes) for item in envelope[1]), bad)
    require([len(item) for item in envelope[1]] == lengths, bad)
    check_content_key(manifest, envelope[0])
    return envelope


def open_content_key(data, private_key):
    bad = "content-key-malformed"
    file = decode(data, bad)
    require(isinstance(file, list) and len(file) == 4 and one_of(file[0], 1), bad)
    require(is_bytes(file[1], 32) and is_bytes(file[2], 65) and is_bytes(file[3], 48), bad)
    key = suite.hpke_open(private_key, file[2], b"firmseal/1 content-key", file[1], file[3])
    require(key is not None and len(key) == 32, "content-key-unwrap-failed")
    return file[1], key
