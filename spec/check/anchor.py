# spec/anchor.md section 2: the data block, and the anchor's check of an image by it.

import struct
import zlib

import agent_image
import delegation
from fault import require

BAD = "anchor-data-missing"
LENGTH = 256


def read(block):
    """What the block says; `signer`: key and cap, None for a block that names nobody."""
    require(len(block) == LENGTH and block[:4] == b"FSAD", BAD)
    version, length, epoch, counter = struct.unpack_from("<HHII", block, 4)
    require(version in (1, 2) and length == LENGTH and block[129] <= 32, BAD)
    require(zlib.crc32(block[:252]) == struct.unpack_from("<I", block, 252)[0], BAD)
    return {
        "epoch": epoch,
        "counter": counter,
        "digest": block[32:64],
        "root": block[64:129],
        "product": block[130 : 130 + block[129]],
        "signer": (block[162:227], struct.unpack_from("<I", block, 228)[0]) if version == 2 else None,
    }


def check(data, slot, chip):
    """The version of the agent in the slot; 0 for the measured one."""
    now = delegation.decision(data["root"], data["product"].decode("ascii"), data["epoch"])
    return agent_image.check(slot, now, chip, (data["digest"], data["counter"]), data["signer"])
