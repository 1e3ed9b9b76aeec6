# Sealing, given F: spec/package.md sections 2, 4 and 5. For the vectors, which have every value on the way.

import cbor
import suite
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from package import ZERO, u32be


def chunks(core, plaintexts):
    """Area ordinal, chunk index, chunk, last of area; in file order."""
    size = core[7]
    for ordinal, plaintext in enumerate(plaintexts):
        if plaintext is None:
            continue
        pieces = [plaintext[at : at + size] for at in range(0, len(plaintext), size)]
        for index, piece in enumerate(pieces):
            yield ordinal, index, piece, index == len(pieces) - 1


def seal(core_bytes, plaintexts, randomness, grant):
    core = cbor.decode(core_bytes)
    digest = suite.sha256(core_bytes)
    hashes = [None if text is None else suite.sha256(text) for text in plaintexts]
    places = [u32be(area[1]) + u32be(area[2]) + one for area, one in zip(core[6], hashes) if one is not None]
    content = suite.sha256(*places)
    both = suite.hkdf(randomness, digest + content, b"firmseal/1 content", 64)
    key, salt = both[:32], both[32:]

    def derive(label, *rest):
        return suite.hkdf(key, salt, b"firmseal/1 " + label + digest + b"".join(rest), 32)

    keys = [None if one is None else derive(b"area", u32be(i)) for i, one in enumerate(hashes)]
    digests = [
        None if one is None else suite.hmac_sha256(derive(b"digest", u32be(i)), one) for i, one in enumerate(hashes)
    ]
    records, following = [], ZERO
    for ordinal, index, chunk, last in reversed(list(chunks(core, plaintexts))):
        nonce = u32be(ordinal) + u32be(index) + bytes([0, 0, 0, 1 if last else 0])
        record = following + AESGCM(keys[ordinal]).encrypt(nonce, chunk, digest)
        following = suite.sha256(record)
        records.insert(0, record)
    payload = {0: core_bytes, 1: following, 2: digests, 3: salt, 4: derive(b"commitment"), 5: grant}
    return {
        "coreDigest": digest,
        "plaintextDigest": content,
        "contentKey": key,
        "salt": salt,
        "commitment": payload[4],
        "areaKeys": keys,
        "areaDigests": digests,
        "firstRecordHash": following,
        "records": records,
        "payload": cbor.encode(payload),
    }
