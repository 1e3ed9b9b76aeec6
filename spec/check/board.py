# Blocks of board settings: spec/board.md sections 2 to 4.

import struct
import zlib

from fault import require

NO_PIN = 0xFF


def field(condition):
    require(condition, "board-field-invalid")


def pin(byte):
    field(byte >> 4 <= 10)
    return f"P{'ABCDEFGHIJK'[byte >> 4]}{byte & 15}"


def uart(block):
    code, tx, rx, functions, baud, fast = struct.unpack_from("<BBBBII", block, 20)
    if code == 0:
        field(tx == rx == NO_PIN and not any([functions, baud, fast]))
        return None
    field(code in range(1, 11) or code in range(0x81, 0x84))
    found = {
        "peripheral": f"LPUART{code & 0x7F}" if code & 0x80 else f"USART{code}",
        "tx": {"pin": pin(tx), "function": functions & 15},
        "rx": {"pin": pin(rx), "function": functions >> 4},
        "baud": baud,
    }
    field(1200 <= baud <= 20_000_000)
    if fast:
        field(1200 <= fast <= 20_000_000 and fast != baud)
        found["fastBaud"] = fast
    return found


def entry(block):
    where, flags = block[32], block[33]
    if where == NO_PIN:
        field(flags == 0)
        return None
    field(flags >> 3 == 0 and flags >> 1 != 3)
    return {
        "pin": pin(where),
        "active": "high" if flags & 1 else "low",
        "pull": ["none", "up", "down"][flags >> 1],
    }


def usb(block):
    flags, _, vendor, product = struct.unpack_from("<BBHH", block, 36)
    field(flags >> 2 == 0)
    if not flags & 1:
        field(not any([flags, vendor, product]) and not any(block[42:60]))
        return None
    field(vendor > 0)
    page = block[42:60].rstrip(b"\0")
    field(all(0x21 <= letter <= 0x7E for letter in page))
    found = {"vendorId": vendor, "productId": product, "vbusSensing": bool(flags & 2)}
    return {**found, "landingPage": "https://" + page.decode("ascii")} if page else found


def settings(block):
    field(block[5] == 0 and block[37] <= 100)
    kind, core, frequency, least, most = struct.unpack_from("<BBIHH", block, 10)
    field(kind <= 2 and core <= 2)
    field(frequency == 0 if kind == 0 else 1_000_000 <= frequency <= 50_000_000)
    field(1600 <= least <= most <= 3700)
    oscillator = {"kind": ["internal", "crystal", "bypass"][kind]}
    if kind:
        oscillator["frequencyHz"] = frequency
    window = struct.unpack_from("<H", block, 34)[0]
    field(window <= 10_000)
    parts = {"uart": uart(block), "entry": entry(block), "usb": usb(block)}
    field(parts["uart"] or parts["usb"])
    pins = [parts["uart"][side]["pin"] for side in ("tx", "rx")] if parts["uart"] else []
    pins += [parts["entry"]["pin"]] if parts["entry"] else []
    taken = ["PA11", "PA12"] if parts["usb"] else []
    taken += ["PA9"] if parts["usb"] and parts["usb"]["vbusSensing"] else []
    field(len(set(pins + taken)) == len(pins + taken))
    return {
        "oscillator": oscillator,
        "supply": {"leastMillivolts": least, "mostMillivolts": most, "core": ["ldo", "smps", "direct"][core]},
        **{name: part for name, part in parts.items() if part},
        "listenWindowMs": window,
        **({"unconfirmedBoots": block[37]} if block[37] else {}),
    }


def read(block, chip_number):
    require(len(block) >= 64 and block[:4] == b"FSBD", "board-missing")
    require(block[4] == 1, "board-version-unsupported")
    length, crc = struct.unpack_from("<H", block, 6)[0], struct.unpack_from("<I", block, 60)[0]
    require(length == 64 and zlib.crc32(block[:60]) == crc, "board-damaged")
    found = settings(block)
    require(struct.unpack_from("<H", block, 8)[0] == chip_number, "board-chip-wrong")
    return found
