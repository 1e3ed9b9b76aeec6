# Texts of places: spec/places.md. The grammar of section 1 as one pattern a part, in the order of section 4.

import ipaddress
import re

from fault import Fault, require

LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def number(text, least, most):
    """None for what is no number of the grammar or lies outside."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,8}", text):
        return None
    return int(text) if least <= int(text) <= most else None


def host(text):
    if text.startswith("[") and text.endswith("]"):
        require(re.fullmatch(r"[0-9A-Fa-f:.]+", text[1:-1]), "place-host-invalid")
        try:
            groups = ipaddress.IPv6Address(text[1:-1]).packed
        except ValueError:
            raise Fault("place-host-invalid") from None
        # Section 3: RFC 5952, all of it in hexadecimal.
        return f"[{compressed(groups)}]"
    require(":" not in text and 0 < len(text) <= 253, "place-host-invalid")
    labels = text.split(".")
    if labels[-1].isdigit():
        octets = len(labels) == 4 and all(number(one, 0, 255) is not None for one in labels)
        require(octets, "place-host-invalid")
        return text
    require(all(LABEL.fullmatch(one) for one in labels), "place-host-invalid")
    return text.lower()


def compressed(packed):
    """RFC 5952 section 4: no leading zeros, the first of the longest runs of two or more zero groups as ::."""
    groups = [int.from_bytes(packed[at : at + 2], "big") for at in range(0, 16, 2)]
    runs = [(length, -at) for at in range(8) for length in range(2, 9 - at) if not any(groups[at : at + length])]
    words = [f"{group:x}" for group in groups]
    if not runs:
        return ":".join(words)
    length, at = max(runs)[0], -max(runs)[1]
    return ":".join(words[:at]) + "::" + ":".join(words[at + length :])


def serial(rest):
    name, mark, baud = rest.rpartition("@") if "@" in rest else (rest, "", "")
    require(not mark or number(baud, 1200, 20_000_000) is not None, "place-baud-invalid")
    com = re.fullmatch(r"(?:\\\\\.\\)?COM([0-9]+)", name, re.IGNORECASE)
    if com:
        require(number(com[1], 1, 999) is not None, "place-port-name-invalid")
        return f"serial:COM{com[1]}{mark}{baud}"
    segments = name.split("/")
    named = segments[0] == "" and len(segments) > 1 and not any(one in ("", ".", "..") for one in segments[1:])
    require(named and "@" not in name, "place-port-name-invalid")
    return f"serial:{name}{mark}{baud}"


def usb(kind, rest):
    bus, _, ports = rest.partition("-")
    numbers = [number(bus, 0, 255), *(number(one, 1, 255) for one in ports.split("."))]
    require(None not in numbers and len(numbers) <= 8, "place-socket-invalid")
    return f"{kind}:{rest}"


def net(kind, rest):
    name, _, port = rest.rpartition(":")
    require(number(port, 1, 65535) is not None and ":" in rest, "place-tcp-port-invalid")
    return f"{kind}:{host(name)}:{port}"


def station(rest):
    name, slash, inner = rest.partition("/")
    require(slash and re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name), "place-station-invalid")
    place = read_kind(inner)
    require(place != "written" and not place.startswith("station:"), "place-station-invalid")
    return f"station:{name}/{place}"


def read_kind(text):
    kind, colon, rest = text.partition(":")
    if text == "written":
        return text
    if colon and kind == "serial":
        return serial(rest)
    if colon and kind in ("usb", "probe"):
        return usb(kind, rest)
    if colon and kind in ("tcp", "openocd", "virtual"):
        return net(kind, rest)
    if colon and kind == "station":
        return station(rest)
    raise Fault("place-kind-unknown")


def read(text):
    """The canonical text of a place."""
    require(re.fullmatch(r"[!-~]{1,300}", text), "place-text-invalid")
    return read_kind(text)
