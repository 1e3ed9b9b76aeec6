# spec/package.md: the file, the manifest, the key schedule and the order of checks of section 6.

import suite
from delegation import check_cap, verify_authority
from fault import Fault, require
from shapes import COUNT, WORD, Signed, closed, decode, is_bytes, is_int, is_short, is_text, one_of

MAGIC = bytes([0x46, 0x53, 0x45, 0x41, 0x4C, 0x01, 0x0D, 0x0A])
ZERO = bytes(32)
AGENT = 5
WITH_RECORDS = (1, AGENT)


def u32be(value):
    return value.to_bytes(4, "big")


def split(data):
    """Step 1."""
    require(data[:8] == MAGIC, "package-magic-wrong")
    require(len(data) >= 12, "package-truncated")
    length = int.from_bytes(data[8:12], "little")
    require(length <= 4096, "package-header-too-large")
    require(len(data) >= 12 + length, "package-truncated")
    bad = "package-malformed"
    header = decode(data[12 : 12 + length], bad)
    require(isinstance(header, list) and len(header) == 5, bad)
    require(all(isinstance(item, bytes) for item in header[:2]), bad)
    require(all(item is None or isinstance(item, bytes) for item in (header[2], header[4])), bad)
    require(isinstance(header[3], list) and len(header[3]) <= 4, bad)
    require(all(isinstance(item, bytes) for item in header[3]), bad)
    return header, data[12 + length :]


def check_entry(entry, areas):
    if areas[0][0] == AGENT:
        require(entry == areas[0][1] + 1024, "entry-outside-firmware")
        return
    inside = any(area[0] == 1 and area[1] <= entry < area[1] + area[2] for area in areas)
    require(inside and entry % 128 == 0, "entry-outside-firmware")


def check_agent_package(core):
    """An agent comes alone, and asks for nothing."""
    areas = core[6]
    if all(area[0] != AGENT for area in areas):
        return
    alone = len(areas) == 1 and areas[0][2] > 1024
    plain = core[11] == 1 and core[13] == 1 and not core[9] and core[5] == 0
    require(alone and plain, "agent-package-invalid")


class Manifest:
    def __init__(self, signed, payload, core):
        self.digest = signed.digest
        self.core_digest = suite.sha256(payload[0])
        self.first_hash, self.digests, self.salt, self.commitment = (payload[key] for key in (1, 2, 3, 4))
        self.core = core
        self.product, self.chips, self.counter = core[2], core[3], core[5]
        self.areas, self.chunk_size, self.entry = core[6], core[7], core[8]
        self.requirements, self.level, self.agent = core[9], core[10], core[12]
        self.on_trial = core[11] == 3

    def records(self):
        """Area ordinal, chunk index, chunk length, last of area; in file order."""
        for ordinal, area in enumerate(self.areas):
            if area[0] not in WITH_RECORDS:
                continue
            count = -(-area[2] // self.chunk_size)
            for index in range(count):
                length = min(self.chunk_size, area[2] - index * self.chunk_size)
                yield ordinal, index, length, index == count - 1


def read_payload(data):
    bad = "manifest-malformed"
    payload = closed(decode(data, bad), range(6), bad)
    require(isinstance(payload[0], bytes) and all(is_bytes(payload[key], 32) for key in (1, 3, 4, 5)), bad)
    digests = payload[2]
    require(isinstance(digests, list) and 1 <= len(digests) <= 8, bad)
    require(all(item is None or is_bytes(item, 32) for item in digests), bad)
    return payload


def read_core(data):
    """Step 4, from the core on."""
    bad = "manifest-malformed"
    core = decode(data, bad)
    require(isinstance(core, dict), bad)
    any_int = lambda key: isinstance(core.get(key), int) and not isinstance(core.get(key), bool)
    require(not any_int(0) or core[0] == 1, "manifest-version-unsupported")
    require(not any_int(1) or core[1] == 1, "suite-unsupported")
    closed(core, range(14), bad, optional=[14])
    require(one_of(core[0], 1) and one_of(core[1], 1) and is_short(core[2]), bad)
    require(isinstance(core[3], list) and 1 <= len(core[3]) <= 8 and all(map(is_short, core[3])), bad)
    require(is_text(core[4], " ") and is_int(core[5], COUNT), bad)
    require(one_of(core[7], 1024, 2048, 4096) and is_int(core[8], WORD), bad)
    require(one_of(core[10], 0, 1, 2) and one_of(core[11], 1, 2, 3), bad)
    require(is_int(core[12], COUNT) and one_of(core[13], 1, 2), bad)
    require(14 not in core or is_bytes(core[14], 32), bad)
    return core


def check_areas(areas):
    bad = "area-malformed"
    require(isinstance(areas, list) and 1 <= len(areas) <= 8, bad)
    end = data = 0
    for area in areas:
        require(isinstance(area, dict) and one_of(area.get(0), 1, 2, 3, AGENT), bad)
        closed(area, range(4) if area[0] in (2, AGENT) else range(3), bad)
        require(is_int(area[1], WORD) and is_int(area[2], WORD if area[0] in WITH_RECORDS else 1024, 1), bad)
        require(area[0] != 2 or one_of(area[3], 1, 2), bad)
        require(area[0] != AGENT or is_int(area[3], COUNT), bad)
        data += area[2] if area[0] == 3 else 0
        require(area[1] >= end and area[1] + area[2] <= 2**32 and data <= 1024, bad)
        require(area[1] % 32 == 0 and area[2] % 32 == 0, "area-misaligned")
        end = area[1] + area[2]


def check_requirements(requirements):
    bad = "manifest-malformed"
    require(isinstance(requirements, list) and len(requirements) <= 16, bad)
    before = -1
    for one in requirements:
        require(isinstance(one, list) and len(one) == 3, bad)
        register, mask, value = one
        require(is_int(register, COUNT) and is_int(mask, WORD, 1) and is_int(value, WORD), bad)
        require(register > before and value & ~mask == 0, bad)
        before = register


def verify_header(header, now):
    """Steps 2 to 6: the manifest, and the decision as the header leaves it."""
    signed_manifest, delegation, statement, successions, _ = header
    signer, now = verify_authority(delegation, statement, successions, now, "package-signer")
    signed = Signed(signed_manifest, "manifest", "manifest-malformed", 2048, "manifest-too-large")
    signed.check(signer["key"], "manifest-signature-invalid")
    payload = read_payload(signed.payload)
    core = read_core(payload[0])
    require(core[2] == now["product"], "manifest-product-wrong")
    require(payload[5] == signer["grant"], "manifest-grant-wrong")
    check_cap(signer, core[5])
    check_areas(core[6])
    kinds = [area[0] in WITH_RECORDS for area in core[6]]
    require(kinds == [digest is not None for digest in payload[2]], "manifest-malformed")
    check_entry(core[8], core[6])
    check_requirements(core[9])
    manifest = Manifest(signed, payload, core)
    require(sum(1 for _ in manifest.records()) <= 65535 and manifest.first_hash != ZERO, "manifest-malformed")
    check_agent_package(core)
    return manifest, now


def unit_of(chip, address):
    return next((i for i, (start, size) in enumerate(chip["eraseUnits"]) if start <= address < start + size), None)


def check_chip(manifest, chip_id, chip, state):
    """Steps 7 to 10, with the facts of the catalogue as the vectors give them."""
    require(chip_id in manifest.chips, "manifest-chip-wrong")
    last_unit = None
    for area in manifest.areas:
        start, end = area[1], area[1] + area[2]
        slots = chip["slots"]
        if area[0] == AGENT:
            begin, size = chip["agentSlot"]
            require(start == begin and area[2] <= size, "agent-target-wrong")
            slots = [chip["agentSlot"]]
        require(any(begin <= start and end <= begin + size for begin, size in slots), "area-outside-application")
        require(start % chip["writeUnitBytes"] == 0 and area[2] % chip["writeUnitBytes"] == 0, "area-misaligned")
        require(last_unit is None or unit_of(chip, start) != last_unit, "area-overlap")
        last_unit = unit_of(chip, end - 1)
        require(area[0] != 2 or chip["hasRandomGenerator"], "area-kind-unsupported")
    require(state["agentVersion"] >= manifest.agent, "agent-too-old")
    if manifest.areas[0][0] == AGENT:
        require(manifest.areas[0][3] > state["agentCounter"], "agent-counter-rolled-back")
        require(not state.get("installPending"), "agent-install-pending")
    else:
        require(manifest.counter >= state["securityCounter"], "counter-rolled-back")
    check_policy(manifest, chip)
    require(effective_level(state["readoutLevel"], state["levelKey"]) >= manifest.level, "readout-level-too-low")
    check_strength(manifest, chip, state)


def effective_level(level, level_key):
    """agent.md section 4."""
    return min(level, 1) if level_key else level


def bits_of(chip, register):
    return chip["policyBits"].get(str(register), {"neutral": 0, "clearOnly": 0, "setOnly": 0, "readout": 0})


def check_policy(manifest, chip):
    for register, mask, _ in manifest.requirements:
        bits = bits_of(chip, register)
        allowed = bits["neutral"] | bits["clearOnly"] | bits["setOnly"] | bits["readout"]
        require(mask & ~allowed == 0, "policy-field-unknown")
        require(mask & bits["readout"] in (0, bits["readout"]), "policy-field-unknown")


def level_of(chip, value):
    byte = value >> chip["readout"]["lsb"] & 0xFF
    return {chip["readout"]["level0"]: 0, chip["readout"]["level2"]: 2}.get(byte, 1)


def check_strength(manifest, chip, state):
    in_force = {one["register"]: one["value"] for one in state["optionBytes"]}
    weakens = differs = False
    for register, mask, value in manifest.requirements:
        bits, present = bits_of(chip, register), in_force[register]
        differing = (present ^ value) & mask & ~bits["readout"]
        differs = differs or differing != 0
        weakens = weakens or differing & bits["clearOnly"] & value != 0
        weakens = weakens or differing & bits["setOnly"] & ~value != 0
        if mask & bits["readout"]:
            differs = differs or level_of(chip, value) != level_of(chip, present)
            weakens = weakens or level_of(chip, value) < level_of(chip, present)
    require(not weakens, "policy-not-stronger")
    require(not (differs and state["readoutLevel"] == 2), "policy-locked")


def derive(manifest, content_key, label, *rest):
    info = b"firmseal/1 " + label + manifest.core_digest + b"".join(rest)
    return suite.hkdf(content_key, manifest.salt, info, 32)


def check_content_key(manifest, content_key):
    """Step 11."""
    require(derive(manifest, content_key, b"commitment") == manifest.commitment, "key-commitment-wrong")


def open_records(manifest, content_key, data, release):
    """Step 12; `release` gets each chunk whose hash, tag and next hash were checked."""
    expected, plaintexts = manifest.first_hash, {}
    plan = list(manifest.records())
    for number, (ordinal, index, length, last) in enumerate(plan):
        record, data = data[: 48 + length], data[48 + length :]
        require(len(record) == 48 + length, "package-truncated")
        require(suite.sha256(record) == expected, "record-hash-wrong")
        key = derive(manifest, content_key, b"area", u32be(ordinal))
        nonce = u32be(ordinal) + u32be(index) + bytes([0, 0, 0, 1 if last else 0])
        plaintext = suite.gcm_open(key, nonce, manifest.core_digest, record[32:])
        if plaintext is None:
            raise Fault("record-tag-wrong")
        expected = record[:32]
        require((expected == ZERO) == (number == len(plan) - 1), "record-hash-wrong")
        release(plaintext)
        plaintexts[ordinal] = plaintexts.get(ordinal, b"") + plaintext
    require(not data, "package-overlong")
    for ordinal, plaintext in plaintexts.items():
        key = derive(manifest, content_key, b"digest", u32be(ordinal))
        require(suite.hmac_sha256(key, suite.sha256(plaintext)) == manifest.digests[ordinal], "area-digest-wrong")
