# Works spec/example.md out again: python3 spec/check/example.py spec/example.md. Every value that follows
# from others is computed here from those, and compared with what the page shows; exits with 1 on a
# difference.

import re
import sys

sys.dont_write_bytecode = True  # before the imports of this folder

from pathlib import Path

import cbor
import certificate
import seal
import suite
from package import u32be

VALUE = re.compile(r"^(?P<name>[^\n]+) \(\d+ bytes\)\n```\n(?P<hex>[0-9a-f\n]+)\n```$", re.M)


class Page:
    """Values by name. A name that stands more than once gives them in the order of the page."""

    def __init__(self, text):
        self.values = {}
        for match in VALUE.finditer(text):
            data = bytes.fromhex(match["hex"].replace("\n", ""))
            self.values.setdefault(match["name"], []).append(data)
        self.compared = 0

    def __getitem__(self, name):
        return self.values[name][0]

    def equal(self, name, computed):
        if computed not in self.values[name]:
            raise AssertionError(f"{name}: {computed.hex()}")
        self.compared += 1


def check_object(page, name, signer):
    """A signed object in its layers; gives its payload."""
    whole = page[f"The {name}, whole"]
    protected, unprotected, payload, signature = cbor.decode(whole[1:])
    message = cbor.encode(["Signature1", protected, b"", payload])
    page.equal("Encoded", payload)
    page.equal("Sig_structure: what is signed", message)
    page.equal("Signature, r || s", signature)
    page.equal(f"Digest of the {name}", suite.sha256(message))
    assert whole[0] == 0xD2 and unprotected == {} and suite.verify(page[f"Public key: {signer}"], message, signature), name
    return cbor.decode(payload)


def check_package(page):
    delegation = check_object(page, "delegation", "root")
    page.equal("`[role, public key, product, cap]`, encoded", cbor.encode([delegation[key] for key in (1, 2, 3, 4)]))
    page.equal("Grant: its SHA-256", suite.sha256(page["`[role, public key, product, cap]`, encoded"]))
    check_object(page, "epoch statement", "root")
    check_object(page, "delegation of the issuer", "root")
    firmware = bytes(range(64))
    made = seal.seal(page["Encoded core"], [firmware, None], page["F, the fresh randomness"], page["Grant: its SHA-256"])
    page.equal("Core digest", made["coreDigest"])
    page.equal("S_0 = SHA-256 of the firmware", suite.sha256(firmware))
    page.equal("P = SHA-256(u32be(address) || u32be(length) || S_0)", made["plaintextDigest"])
    page.equal("Content key", made["contentKey"])
    page.equal("Salt", made["salt"])
    page.equal("Commitment", made["commitment"])
    page.equal("Key of area 0", made["areaKeys"][0])
    page.equal("Keyed digest of area 0 = HMAC(digest key, S_0)", made["areaDigests"][0])
    page.equal("Nonce of record 0", u32be(0) + u32be(0) + bytes([0, 0, 0, 1]))
    page.equal("Record 0 = next || ciphertext || tag", made["records"][0])
    page.equal("Hash of record 0", made["firstRecordHash"])
    assert cbor.encode(check_object(page, "manifest", "package signer")) == made["payload"]
    header = [page["The manifest, whole"], page["The delegation, whole"], None, [], None]
    start = page["Magic and length"]
    encoded = cbor.encode(header)
    assert int.from_bytes(start[8:], "little") == len(encoded)
    page.equal("SHA-256 of the file", suite.sha256(start, encoded, made["records"][0]))


def check_license(page):
    salt, core_digest, content_key = page["Salt"], page["Core digest"], page["Content key"]
    digest_key = suite.hkdf(content_key, salt, b"firmseal/1 digest" + core_digest + u32be(1), 32)
    page.equal("Digest key of area 1", digest_key)
    data = page["Per-device data of this chip"]
    page.equal("Keyed digest of area 1, which stands in the terms", suite.hmac_sha256(digest_key, suite.sha256(data)))
    payload = check_object(page, "license", "license issuer")
    page.equal("Encoded terms: the aad of HPKE", payload[0])
    terms = cbor.decode(payload[0])
    assert terms[4] == page["Digest of the manifest"] and terms[12] == page["Digest of the delegation of the issuer"]
    kem = suite.sha256(b"firmseal test key: device KEM")
    plaintext = suite.hpke_open(kem, payload[1], b"firmseal/1 license", payload[0], payload[2])
    page.equal("Plaintext", plaintext)
    page.equal("Plaintext", cbor.encode([content_key, [data]]))
    assert suite.gcm_open(page["key"], page["base_nonce"], payload[0], payload[2]) == plaintext
    bundle = [page["The license, whole"], page["The delegation of the issuer, whole"], None]
    page.equal("License bundle", cbor.encode(bundle))


def check_device(page):
    thumbprint = suite.sha256(page["Public key: device"], page["Public key: device KEM"])
    page.equal("Thumbprint = SHA-256(signing key || KEM key)", thumbprint)
    tbs, signature = certificate.read_outside(page["Certificate, DER"])
    assert suite.verify(page["Public key: device CA"], tbs, signature)
    fields = certificate.read_profile(tbs)
    assert fields["name"] == thumbprint.hex() and fields["origin"] == 1
    hello = check_object(page, "hello", "device")
    assert hello[1] == page["Challenge of the authority"] and hello[3] == thumbprint
    receipt = check_object(page, "receipt", "device")
    assert receipt[10] == page["Challenge"] and receipt[256] == b"\x01" + thumbprint
    assert receipt[-70002] == page["Digest of the manifest"] and receipt[-70014] == page["Digest of the license"]
    areas = ["Keyed digest of area 0 = HMAC(digest key, S_0)", "Keyed digest of area 1, which stands in the terms"]
    assert receipt[-70006] == [page[name] for name in areas]


def main(path):
    page = Page(Path(path).read_text())
    for check in (check_package, check_device, check_license):
        check(page)
    print(f"{page.compared} values of the example computed again")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "spec/example.md")
