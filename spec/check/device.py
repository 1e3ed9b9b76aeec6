# spec/device.md section 3: what a chip signs of itself.

from fault import require
from shapes import COUNT, ORIGINS, Signed, closed, decode, is_bool, is_bytes, is_int, is_short, one_of, option_values


def is_challenge(value):
    return is_bytes(value, 0) or is_bytes(value, 16, 32)


def verify_hello(data, device, challenge):
    """`device`: signing key, thumbprint, chip id and origin of the certificate."""
    bad = "hello-malformed"
    signed = Signed(data, "hello", bad, 640)
    signed.check(device["signing"], "hello-signature-invalid")
    hello = closed(decode(signed.payload, bad), range(16), bad)
    require(one_of(hello[0], 1) and is_challenge(hello[1]) and is_bytes(hello[2], 16), bad)
    require(is_bytes(hello[3], 32) and is_short(hello[4]) and one_of(hello[5], 0, 1, 2, 3, 4, 5, 6), bad)
    require(option_values(hello[6]) and one_of(hello[7], 0, 1, 2), bad)
    require(all(is_int(hello[key], COUNT) for key in (8, 9, 10, 11, 15)), bad)
    require(hello[12] is None or is_bytes(hello[12], 32), bad)
    require(one_of(hello[13], *ORIGINS) and is_bool(hello[14]), bad)
    require(hello[3] == device["thumbprint"], "hello-thumbprint-wrong")
    require(hello[4] == device["chip"], "hello-chip-wrong")
    require(hello[13] == device["origin"], "hello-origin-wrong")
    require(challenge is None or hello[1] == challenge, "hello-challenge-wrong")
