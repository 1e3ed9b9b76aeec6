# spec/device.md section 2. The profile is one fixed sequence of DER, so the reader walks it field by field,
# needs no general X.509 parser, and refuses whatever is not exactly there.

from datetime import datetime, timezone

import suite
from fault import Fault, require
from shapes import ORIGINS, is_short

BAD = "certificate-malformed"
ECDSA = bytes.fromhex("300a06082a8648ce3d040302")
P256 = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
VERSION_3 = bytes.fromhex("a003020102")
NOT_CA = bytes.fromhex("300c0603551d130101ff04023000")
KEY_USAGE = bytes.fromhex("300e0603551d0f0101ff040403020780")
ORGANIZATION, UNIT, NAME = bytes.fromhex("060355040a"), bytes.fromhex("060355040b"), bytes.fromhex("0603550403")


def arc(value):
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.insert(0, value & 0x7F | 0x80)
    return bytes(digits)


KEM_OID = arc(2 * 40 + 25) + arc(204310498301297519873102975127310296151)
ORIGIN_OID = arc(2 * 40 + 25) + arc(14507052808871318780289119723670512624)


class Der:
    def __init__(self, data):
        self.data = data

    def exactly(self, expected):
        require(self.data.startswith(expected), BAD)
        self.data = self.data[len(expected) :]

    def value(self, tag):
        require(len(self.data) >= 2 and self.data[0] == tag, BAD)
        length, start = self.data[1], 2
        if length >= 0x80:
            size = length & 0x7F
            start = 2 + size
            require(size in (1, 2) and len(self.data) >= start, BAD)
            length = int.from_bytes(self.data[2:start], "big")
            require(length >= (0x80 if size == 1 else 0x100), BAD)
        require(len(self.data) >= start + length, BAD)
        content, self.data = self.data[start : start + length], self.data[start + length :]
        return content

    def inner(self, tag):
        return Der(self.value(tag))

    def end(self):
        require(not self.data, BAD)

    def positive(self, most):
        digits = self.value(0x02)
        require(1 <= len(digits) <= most and digits[0] < 0x80 and any(digits), BAD)
        require(digits[0] != 0 or digits[1] >= 0x80, BAD)
        return int.from_bytes(digits, "big")

    def attribute(self, oid):
        pair = self.inner(0x31)
        inner = pair.inner(0x30)
        pair.end()
        inner.exactly(oid)
        text = inner.value(0x0C)
        inner.end()
        try:
            return text.decode()
        except UnicodeDecodeError:
            raise Fault(BAD) from None

    def extension(self, oid):
        """The value of a non-critical extension."""
        pair = self.inner(0x30)
        require(pair.value(0x06) == oid, BAD)
        held = pair.inner(0x04)
        pair.end()
        return held

    def time(self):
        general = self.data[:1] == b"\x18"
        text = self.value(0x18 if general else 0x17).decode("latin-1")
        try:
            at = datetime.strptime(text if general else f"20{text}", "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)
        except ValueError:
            raise Fault(BAD) from None
        require(at.strftime("%Y%m%d%H%M%SZ")[0 if general else 2 :] == text and general == (at.year >= 2050), BAD)
        return at


def read_outside(data):
    """Check 1: what is signed, and r || s."""
    require(len(data) <= 1024, BAD)
    outer = Der(data)
    certificate = outer.inner(0x30)
    outer.end()
    before = certificate.data
    certificate.value(0x30)
    tbs = before[: len(before) - len(certificate.data)]
    certificate.exactly(ECDSA)
    signature = Der(certificate.value(0x03))
    certificate.end()
    signature.exactly(b"\x00")
    pair = signature.inner(0x30)
    signature.end()
    r, s = pair.positive(33), pair.positive(33)
    pair.end()
    require(max(r, s) < 2**256, BAD)
    return tbs, r.to_bytes(32, "big") + s.to_bytes(32, "big")


def read_profile(data):
    """Check 3."""
    whole = Der(data)
    tbs = whole.inner(0x30)
    whole.end()
    fields = {}
    tbs.exactly(VERSION_3)
    tbs.positive(20)
    tbs.exactly(ECDSA)
    issuer = tbs.inner(0x30)
    fields["issuer"] = issuer.attribute(ORGANIZATION)
    require(issuer.attribute(NAME) == "firmseal device CA", BAD)
    issuer.end()
    validity = tbs.inner(0x30)
    fields["from"], fields["until"] = validity.time(), validity.time()
    validity.end()
    subject = tbs.inner(0x30)
    for name, oid in (("product", ORGANIZATION), ("chip", UNIT), ("name", NAME)):
        fields[name] = subject.attribute(oid)
    subject.end()
    key = tbs.inner(0x30)
    key.exactly(P256 + bytes.fromhex("034200"))
    fields["signing"] = key.data
    tail = tbs.inner(0xA3)
    tbs.end()
    extensions = tail.inner(0x30)
    tail.end()
    extensions.exactly(NOT_CA)
    extensions.exactly(KEY_USAGE)
    kem = extensions.extension(KEM_OID)
    fields["kem"] = kem.value(0x04)
    kem.end()
    origin = extensions.extension(ORIGIN_OID)
    fields["origin"] = origin.positive(1)
    origin.end()
    extensions.end()
    require(fields["issuer"] == fields["product"], BAD)
    require(is_short(fields["product"]) and is_short(fields["chip"]) and fields["origin"] in ORIGINS, BAD)
    require(suite.point(fields["signing"]) is not None and suite.point(fields["kem"]) is not None, BAD)
    return fields


def verify(data, ca_keys, product, now):
    tbs, signature = read_outside(data)
    require(any(suite.verify(key, tbs, signature) for key in ca_keys), "certificate-signature-invalid")
    fields = read_profile(tbs)
    require(fields["product"] == product, "certificate-product-wrong")
    require(fields["from"] <= now <= fields["until"], "certificate-expired")
    thumbprint = suite.sha256(fields["signing"], fields["kem"])
    require(fields["name"] == thumbprint.hex(), BAD)
    return fields["signing"], fields["kem"], thumbprint, fields["chip"], fields["origin"]
