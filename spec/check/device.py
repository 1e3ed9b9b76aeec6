# spec/device.md section 3 and spec/receipt.md: what a chip signs of itself.

from fault import require
from shapes import COUNT, Signed, closed, decode, is_bytes, is_int, is_short, one_of, option_values


def verify_hello(data, signing_key, thumbprint, challenge):
    bad = "hello-malformed"
    signed = Signed(data, "hello", bad)
    hello = closed(decode(signed.payload, bad), range(13), bad)
    require(one_of(hello[0], 1) and is_bytes(hello[1], 0, 32) and is_bytes(hello[2], 16), bad)
    require(is_bytes(hello[3], 32) and is_short(hello[4]) and one_of(hello[5], 0, 1, 2, 3, 4, 5, 6), bad)
    require(option_values(hello[6]) and one_of(hello[7], 0, 1, 2), bad)
    require(all(is_int(hello[key], COUNT) for key in (8, 9, 10, 11)), bad)
    require(hello[12] is None or is_bytes(hello[12], 32), bad)
    signed.check(signing_key, "hello-signature-invalid")
    require(hello[3] == thumbprint, "hello-thumbprint-wrong")
    require(challenge is None or hello[1] == challenge, "hello-challenge-wrong")


BOOLEANS = (-70001, -70013)
COUNTS = (-70005, -70008, -70010, -70011)
DEBUG_STATUS = {0: 0, 1: 1, 2: 4}


def read_receipt(payload):
    bad = "receipt-malformed"
    receipt = closed(decode(payload, bad), [10, 256, 263, 265, *range(-70013, -70000)], bad)
    require(is_bytes(receipt[10], 32) and is_bytes(receipt[256], 33) and receipt[256][0] == 1, bad)
    require(one_of(receipt[-70009], 0, 1, 2), bad)
    require(one_of(receipt[263], DEBUG_STATUS[receipt[-70009]]), bad)
    require(receipt[265] == "tag:firmseal,2026:receipt-1", bad)
    require(all(isinstance(receipt[key], bool) for key in BOOLEANS), bad)
    require(all(is_int(receipt[key], COUNT) for key in COUNTS), bad)
    require(is_bytes(receipt[-70002], 32) and is_bytes(receipt[-70003], 16) and is_bytes(receipt[-70004], 16), bad)
    areas = receipt[-70006]
    require(isinstance(areas, list) and 1 <= len(areas) <= 8, bad)
    require(all(is_bytes(area, 32) or is_int(area, COUNT) for area in areas), bad)
    require(option_values(receipt[-70007]) and is_short(receipt[-70012]), bad)
    return receipt


def verify_receipt(data, signing_key, thumbprint, license_fields, manifest, challenge):
    signed = Signed(data, "receipt", "receipt-malformed")
    receipt = read_receipt(signed.payload)
    signed.check(signing_key, "receipt-signature-invalid")
    device = receipt[256][1:]
    require(device == thumbprint == license_fields["thumbprint"], "receipt-device-wrong")
    same = receipt[-70003] == license_fields["licenseId"] and receipt[-70004] == license_fields["jobId"]
    require(same, "receipt-license-wrong")
    require(receipt[-70002] == manifest.digest == license_fields["manifestDigest"], "receipt-manifest-wrong")
    held = [area[2] if digest is None else digest for area, digest in zip(manifest.areas, manifest.digests)]
    require(receipt[-70006] == held, "receipt-digest-wrong")
    expected = challenge if receipt[-70001] else license_fields["receiptNonce"]
    require(receipt[10] == expected, "receipt-challenge-wrong")
    require(receipt[-70010] == 0, "receipt-result-bad")
