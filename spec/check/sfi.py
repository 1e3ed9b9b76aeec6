# Files of ST's installer: spec/sfi.md section 1.

import struct

from fault import require

AREA = struct.Struct("<BBHIIH16s")
TYPES = set("FMCPREK")


def name(byte):
    return chr(byte) if 0x21 <= byte <= 0x7E else f"0x{byte:02x}"


def walk(data, count):
    """The areas and where the last one ends; None where the file is too short."""
    areas, at = [], 28
    for _ in range(count):
        if at + AREA.size > len(data):
            return None
        kind, version, index, size, address, total, _tag = AREA.unpack_from(data, at)
        start = at + AREA.size
        if start + size > len(data):
            return None
        areas.append(
            {
                "type": name(kind),
                "imageVersion": version,
                "index": index,
                "destinationAddress": address,
                "totalAreas": total,
                "offset": at,
                "payload": data[start : start + size],
            }
        )
        at = start + size
    return areas, at


def read(data):
    """The layout by which the areas were read, and the areas."""
    require(data[:8] == b"SFIMAGIC", "sfi-magic-missing")
    require(len(data) >= 28, "sfi-truncated")
    version, count = struct.unpack_from("<HH", data, 8)
    require(version in (1, 2), "sfi-version-unknown")
    found = walk(data, count)
    if version == 1:
        require(found is not None, "sfi-truncated")
        return "known", found[0]
    if found is None or found[1] != len(data) or any(area["type"] not in TYPES for area in found[0]):
        return "closed", []
    return "fits-version-1", found[0]
