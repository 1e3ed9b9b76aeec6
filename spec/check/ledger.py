# The ledger (spec/ledger.md): signed notes, checkpoints, proofs, and what a witness answers.

import base64
import binascii
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import cbor
from fault import Fault, require
from shapes import decode, is_int, one_of
from suite import sha256

LOG, WITNESS = 1, 4
DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}")


def from_base64(text):
    """The bytes, or None when the text is not the one encoding that they have."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


class Key:
    """A verifier key, NAME+ID+KEY (section 2)."""

    def __init__(self, text):
        require(text.count("+") >= 2, "note-key-malformed")
        self.name, number, body = text.split("+", 2)
        data = from_base64(body)
        require(data is not None and len(data) == 33 and data[0] in (LOG, WITNESS), "note-key-malformed")
        self.type, self.public = data[0], data[1:]
        self.id = sha256(self.name.encode() + b"\n" + data)[:4]
        require(self.id.hex() == number, "note-key-malformed")

    def verify(self, text, signature):
        message = text.encode()
        if self.type == WITNESS:
            if len(signature) != 72:
                return False
            time = int.from_bytes(signature[:8], "big")
            message, signature = f"cosignature/v1\ntime {time}\n{text}".encode(), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            return True
        except (InvalidSignature, ValueError):
            return False

    def has_signed(self, note):
        text, signatures = note
        mine = [data[4:] for name, data in signatures if name == self.name and data[:4] == self.id]
        return any(self.verify(text, signature) for signature in mine)


def read_note(note):
    """Text with its last newline, and signatures as pairs of name and bytes."""
    require(not re.search(r"[\x00-\x09\x0b-\x1f]", note), "note-malformed")
    text, empty, lines = note.rpartition("\n\n")
    require(empty and lines.endswith("\n"), "note-malformed")
    signatures = []
    for line in lines[:-1].split("\n"):
        parts = re.fullmatch("\u2014 ([^\\s+]{1,128}) ([A-Za-z0-9+/=]+)", line)
        data = from_base64(parts[2]) if parts else None
        require(data is not None and len(data) > 4, "note-malformed")
        signatures.append((parts[1], data))
    require(len(signatures) <= 32, "note-malformed")
    return text + "\n", signatures


def read_checkpoint(text):
    lines = text.split("\n")
    require(len(lines) >= 4 and lines[0], "checkpoint-malformed")
    root = from_base64(lines[2])
    require(DECIMAL.fullmatch(lines[1]) and root is not None and len(root) == 32, "checkpoint-malformed")
    return lines[0], int(lines[1]), root


def verify_checkpoint(note, log, witnesses, least):
    """Size and root, once the signatures are those that are asked for (section 2)."""
    parsed = read_note(note)
    origin, size, root = read_checkpoint(parsed[0])
    require(origin == log.name, "checkpoint-of-another-log")
    require(log.has_signed(parsed), "checkpoint-unsigned")
    require(sum(witness.has_signed(parsed) for witness in witnesses) >= least, "cosignatures-too-few")
    return size, root


def read_policy(data):
    """The ledger policy of a job (section 9)."""
    bad = "ledger-policy-malformed"
    require(len(data) <= 8192, bad)
    value = decode(data, bad)
    require(isinstance(value, list) and len(value) == 4 and one_of(value[0], 1), bad)
    _, log, least, witnesses = value
    require(is_int(least, 16) and isinstance(witnesses, list) and len(witnesses) <= 16, bad)
    texts = [log, *witnesses]
    require(all(isinstance(text, str) and 1 <= len(text.encode()) <= 384 for text in texts), bad)
    require(all(a.encode() < b.encode() for a, b in zip(witnesses, witnesses[1:])), bad)
    keys = [Key(text) for text in texts]
    require(keys[0].type == LOG and all(key.type == WITNESS for key in keys[1:]), bad)
    require(len({key.public for key in keys[1:]}) == len(witnesses) and least <= len(witnesses), bad)


def leaf(data):
    return sha256(b"\0", data)


def node(left, right):
    return sha256(b"\1", left, right)


def root_of_path(index, size, hashed, path):
    """RFC 9162 section 2.1.3.2; None where the path does not fit."""
    if index >= size:
        return None
    at, last = index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if at % 2 == 1 or at == last:
            hashed = node(sibling, hashed)
            while at % 2 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            hashed = node(hashed, sibling)
        at, last = at >> 1, last >> 1
    return hashed if last == 0 else None


def is_consistent(before, after, path):
    """RFC 9162 section 2.1.4.2; trees as pairs of size and root."""
    (size, root), (end, end_root) = before, after
    if size > end:
        return False
    if size == end:
        return not path and root == end_root
    if size == 0:
        return not path
    if size & (size - 1) == 0:
        path = [root, *path]
    if not path:
        return False
    at, last = size - 1, end - 1
    while at % 2 == 1:
        at, last = at >> 1, last >> 1
    earlier = later = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at % 2 == 1 or at == last:
            earlier, later = node(sibling, earlier), node(sibling, later)
            while at % 2 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            later = node(later, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and earlier == root and later == end_root


def verify_proof(text, log, witnesses, least):
    """Kind and fields of the entry that the proof proves (section 6, steps 1 to 3)."""
    head, empty, checkpoint = text.partition("\n\n")
    first, extra, index, *lines = [*head.split("\n"), "", ""]
    lines = lines[:-2]
    require(empty and first == "c2sp.org/tlog-proof@v1", "ledger-proof-malformed")
    data = from_base64(extra[6:]) if extra.startswith("extra ") else None
    require(data is not None and len(data) > 32, "ledger-proof-malformed")
    require(re.fullmatch(f"index ({DECIMAL.pattern})", index), "ledger-proof-malformed")
    path = [from_base64(line) for line in lines]
    require(all(item is not None and len(item) == 32 for item in path), "ledger-proof-malformed")
    size, root = verify_checkpoint(checkpoint, log, witnesses, least)
    number = int(index[6:])
    salted = sha256(b"firmseal/1 log entry", data)
    require(root_of_path(number, size, leaf(salted), path) == root, "inclusion-proof-invalid")
    entry = cbor.decode(data[32:])
    require(entry[0] == number, "inclusion-proof-invalid")
    return entry[2], {name: value for name, value in entry[3]}


def check_license(text, trust, digest, job, unit):
    kind, fields = verify_proof(text, *trust)
    found = kind, fields.get("digest"), fields.get("job"), fields.get("unit")
    require(found == ("license-issued", digest, job, unit), "ledger-entry-wrong")


def check_receipt(text, trust, digest):
    kind, fields = verify_proof(text, *trust)
    require((kind, fields.get("receipt")) == ("receipt-stored", digest), "ledger-entry-wrong")


def answer_of_witness(request, log, seen):
    """Refuses as section 8 says; returns the tree that the witness then has cosigned."""
    head, empty, checkpoint = request.partition("\n\n")
    first, *lines = head.split("\n")
    require(empty and re.fullmatch(f"old ({DECIMAL.pattern})", first), "witness-request-malformed")
    path = [from_base64(line) for line in lines]
    require(len(path) <= 63, "witness-request-malformed")
    require(all(item is not None and len(item) == 32 for item in path), "witness-request-malformed")
    try:
        note = read_note(checkpoint)
        origin, size, root = read_checkpoint(note[0])
    except Fault:
        raise Fault("witness-request-malformed") from None
    old = int(first[4:])
    require(origin == log.name, "witness-log-unknown")
    require(log.has_signed(note), "witness-log-key-unknown")
    require(old <= size, "witness-request-malformed")
    known, known_root = seen or (0, root)
    require(old == known, "witness-size-wrong")
    require(known != size or known_root == root, "witness-fork-refused")
    require(is_consistent((known, known_root), (size, root), path), "witness-proof-refused")
    return size, root
