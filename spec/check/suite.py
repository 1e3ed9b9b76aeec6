# Suite 1 (spec/suites.md) by python3-cryptography: ES256 with low s, SHA-256, HMAC,
# HKDF, AES-256-GCM, HPKE base mode.

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hmac_sha256(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def hkdf_expand(key, info, length):
    result, block, counter = b"", b"", 1
    while len(result) < length:
        block = hmac_sha256(key, block, info, bytes([counter]))
        result, counter = result + block, counter + 1
    return result[:length]


def hkdf(ikm, salt, info, length):
    return hkdf_expand(hmac_sha256(salt, ikm), info, length)


def point(data):
    """The public key, or None when the bytes are no uncompressed point on the curve."""
    if len(data) != 65 or data[0] != 4:
        return None
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
    except ValueError:
        return None


def verify(public_key, message, signature):
    key = point(public_key)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if key is None or len(signature) != 64 or not 0 < r < ORDER or not 0 < s <= ORDER // 2:
        return False
    try:
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        return True
    except InvalidSignature:
        return False


def gcm_open(key, nonce, aad, sealed):
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except InvalidTag:
        return None


# RFC 9180: DHKEM(P-256, HKDF-SHA256) 0x0010, HKDF-SHA256 0x0001, AES-256-GCM 0x0002, base mode.
KEM_SUITE = b"KEM\x00\x10"
HPKE_SUITE = b"HPKE\x00\x10\x00\x01\x00\x02"


def labeled_extract(suite, salt, label, ikm):
    return hmac_sha256(salt or bytes(32), b"HPKE-v1", suite, label, ikm)


def labeled_expand(suite, key, label, info, length):
    return hkdf_expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


def hpke_open(private_key, enc, info, aad, ciphertext):
    sender = point(enc)
    if sender is None:
        return None
    own = ec.derive_private_key(int.from_bytes(private_key, "big"), ec.SECP256R1())
    numbers = own.public_key().public_numbers()
    recipient = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    shared = own.exchange(ec.ECDH(), sender)
    extracted = labeled_extract(KEM_SUITE, b"", b"eae_prk", shared)
    secret = labeled_expand(KEM_SUITE, extracted, b"shared_secret", enc + recipient, 32)
    context = (
        b"\x00"
        + labeled_extract(HPKE_SUITE, b"", b"psk_id_hash", b"")
        + labeled_extract(HPKE_SUITE, b"", b"info_hash", info)
    )
    schedule = labeled_extract(HPKE_SUITE, secret, b"secret", b"")
    key = labeled_expand(HPKE_SUITE, schedule, b"key", context, 32)
    nonce = labeled_expand(HPKE_SUITE, schedule, b"base_nonce", context, 12)
    return gcm_open(key, nonce, aad, ciphertext)
