# Frames of the agent's link: spec/link.md section 1. COBS, then a CRC-32/ISO-HDLC in
# little-endian over all before it.

import zlib


def unstuff(data):
    """COBS decoding of what stands between two zero bytes; None when it is not COBS."""
    out = bytearray()
    at = 0
    while at < len(data):
        length = data[at]
        if length == 0 or at + length > len(data):
            return None
        out += data[at + 1 : at + length]
        at += length
        if length < 255 and at < len(data):
            out.append(0)
    return bytes(out)


def frames(line):
    """Contents of the frames that a receiver takes from the line; what is damaged is dropped in silence."""
    found = []
    *ended, _ = line.split(b"\0")
    for piece in ended:
        content = unstuff(piece) if piece else None
        if content is None or len(content) < 6:
            continue
        if zlib.crc32(content[:-4]) == int.from_bytes(content[-4:], "little"):
            found.append(content)
    return found
