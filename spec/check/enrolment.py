# Enrolment: spec/device.md section 6.

import hashlib
import hmac
import struct
import zlib

from fault import require


def prove(block, nonce, keys, numbers, product):
    """(id, proof). `keys`: root, signing and KEM public key; `numbers`: epoch and origin."""
    require(block[:8] == b"FSEN" + struct.pack("<I", 1), "enrolment-missing")
    require(struct.unpack_from("<I", block, 60)[0] == zlib.crc32(block[:60]), "enrolment-missing")
    said = b"firmseal/1 enrol" + nonce + b"".join(keys) + struct.pack("<II", *numbers) + product.encode()
    return block[8:24], hmac.new(block[24:56], said, hashlib.sha256).digest()
