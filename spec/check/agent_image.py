# spec/agent-image.md: the image of an agent in its slot, and the order of checks of section 3.

import delegation
import suite
from fault import require
from shapes import COUNT, WORD, Signed, closed, decode, is_bytes, is_int, is_short, one_of

BAD = "agent-image-malformed"
HEAD = 32
HEADER = 1024


def split(slot):
    """Step 1: counter, code, proof (empty: none)."""
    require(slot[:6] == b"FSAG\x01\x00", BAD)
    proof_length = int.from_bytes(slot[6:8], "little")
    length = int.from_bytes(slot[8:12], "little")
    counter = int.from_bytes(slot[12:16], "little")
    require(proof_length <= HEADER - HEAD, BAD)
    require(0 < length <= len(slot) - HEADER and length % 32 == 0, BAD)
    require(counter <= COUNT, BAD)
    require(not any(slot[16:HEAD]) and not any(slot[HEAD + proof_length : HEADER]), BAD)
    return counter, slot[HEADER : HEADER + length], slot[HEAD : HEAD + proof_length]


def read_proof(data):
    """Step 3."""
    proof = decode(data, BAD)
    require(isinstance(proof, list) and len(proof) == 3, BAD)
    require(isinstance(proof[0], list) and len(proof[0]) <= 4, BAD)
    require(all(isinstance(item, bytes) for item in proof[0] + proof[1:]), BAD)
    return proof


def read_statement(payload):
    fields = closed(decode(payload, BAD), range(7), BAD)
    require(one_of(fields[0], 1) and is_short(fields[1]) and is_short(fields[2]), BAD)
    require(is_int(fields[3], COUNT) and is_int(fields[4], COUNT) and is_int(fields[5], WORD), BAD)
    require(is_bytes(fields[6], 32), BAD)
    return fields


def signer_of(delegated, successions, now, counter, known):
    """Step 4; the anchor goes by the signer that its data name, up to the cap that they name (anchor.md section 2)."""
    if known and counter <= known[1] and known[0] in delegated:
        return {"key": known[0], "cap": known[1]}
    return delegation.verify_authority(delegated, None, successions, now, "agent-signer")[0]


def check(slot, now, chip, measured, known=None):
    """The version of the agent; 0 for the measured one. `measured`: SHA-256 of its code, and its counter."""
    counter, code, proof = split(slot)
    digest = suite.sha256(code)
    if not proof:
        require((digest, counter) == measured, "agent-image-unknown")
        return 0
    successions, delegated, object_ = read_proof(proof)
    signer = signer_of(delegated, successions, now, counter, known)
    signed = Signed(object_, "agent", BAD, 256)
    signed.check(signer["key"], "agent-image-signature-invalid")
    fields = read_statement(signed.payload)
    require(fields[1] == now["product"], "agent-image-product-wrong")
    require(fields[2] == chip, "agent-image-chip-wrong")
    require(fields[4] == counter and fields[5] == len(code), BAD)
    delegation.check_cap(signer, counter)
    require(fields[6] == digest, "agent-image-digest-wrong")
    return fields[3]
