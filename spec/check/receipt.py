# spec/receipt.md: what a receipt proves (section 3), and what the install is called (section 4).

from fault import require
from package import bits_of, effective_level, level_of
from shapes import COUNT, ORIGINS, Signed, closed, decode, is_bool, is_bytes, is_int, is_short, one_of, option_values

BOOLEANS = (-70001, -70013, -70015, -70017)
COUNTS = (-70005, -70008, -70011)
DEBUG_STATUS = {0: 0, 1: 1, 2: 4}


def read_receipt(payload):
    bad = "receipt-malformed"
    receipt = closed(decode(payload, bad), [10, 256, 263, 265, *range(-70017, -70000)], bad, [-70018])
    if -70018 in receipt:
        agent = receipt[-70018]
        require(isinstance(agent, list) and len(agent) == 2 and all(is_int(one, COUNT) for one in agent), bad)
    require(is_bytes(receipt[10], 32) and is_bytes(receipt[256], 33) and receipt[256][0] == 1, bad)
    require(one_of(receipt[-70009], 0, 1, 2) and all(is_bool(receipt[key]) for key in BOOLEANS), bad)
    level = effective_level(receipt[-70009], receipt[-70017])
    require(one_of(receipt[263], DEBUG_STATUS[level]), bad)
    require(receipt[265] == "tag:firmseal,2026:receipt-1", bad)
    require(all(is_int(receipt[key], COUNT) for key in COUNTS) and one_of(receipt[-70010], 0, 1, 2, 3), bad)
    require(is_bytes(receipt[-70002], 32) and is_bytes(receipt[-70003], 16) and is_bytes(receipt[-70004], 16), bad)
    require(is_bytes(receipt[-70014], 32) and one_of(receipt[-70016], *ORIGINS), bad)
    areas = receipt[-70006]
    require(isinstance(areas, list) and 1 <= len(areas) <= 8, bad)
    require(all(is_bytes(area, 32) or is_int(area, COUNT) for area in areas), bad)
    require(option_values(receipt[-70007]) and is_short(receipt[-70012]), bad)
    require(receipt[-70001] or not (receipt[-70015] or receipt[-70010] == 3), bad)
    return receipt


def evidence(manifest, data_digests):
    """What -70006 has to hold: keyed digests, and lengths of generated keys."""
    data = iter(data_digests)
    for area, digest in zip(manifest.areas, manifest.digests):
        yield {1: lambda: digest, 2: lambda: area[2], 3: lambda: next(data, None), 5: lambda: digest}[area[0]]()


def check_options(manifest, chip, found):
    present = dict(found)
    for register, mask, value in manifest.requirements:
        mask &= ~bits_of(chip, register)["readout"]
        if mask:
            require(register in present and present[register] & mask == value & mask, "receipt-options-wrong")


def verify_receipt(data, device, license, manifest, chip, challenge):
    """Section 3. `device` as for a hello; `license`: digest, id, job, manifest, thumbprint, nonce, data, origin."""
    signed = Signed(data, "receipt", "receipt-malformed", 1152)
    signed.check(device["signing"], "receipt-signature-invalid")
    receipt = read_receipt(signed.payload)
    require(receipt[256][1:] == device["thumbprint"] == license["thumbprint"], "receipt-device-wrong")
    require(receipt[-70012] == device["chip"], "receipt-chip-wrong")
    require(receipt[-70016] == device["origin"] == license["origin"], "receipt-origin-wrong")
    named = (receipt[-70014], receipt[-70003], receipt[-70004])
    require(named == (license["digest"], license["id"], license["job"]), "receipt-license-wrong")
    require(receipt[-70002] == manifest.digest == license["manifest"], "receipt-manifest-wrong")
    expected = challenge if receipt[-70001] else license["nonce"]
    require(receipt[10] == expected, "receipt-challenge-wrong")
    require(receipt[-70010] == 0 or (receipt[-70010] == 2 and manifest.on_trial), "receipt-result-bad")
    require(receipt[-70015] == receipt[-70001], "receipt-not-measured")
    agent = manifest.areas[0][3] if manifest.areas[0][0] == 5 else None
    require((receipt[-70018][1] if -70018 in receipt else None) == agent, "receipt-digest-wrong")
    require(receipt[-70006] == list(evidence(manifest, license["data"])), "receipt-digest-wrong")
    check_options(manifest, chip, receipt[-70007])
    require(receipt[-70010] == 2 or receipt[-70008] >= manifest.counter, "receipt-counter-wrong")
    require(receipt[-70011] >= manifest.agent, "receipt-agent-too-old")
    return receipt


def outcome(receipt, manifest, chip):
    """Section 4."""
    readout = [one for one in manifest.requirements if one[1] & bits_of(chip, one[0])["readout"]]
    asked = [level_of(chip, value) for _, _, value in readout] + [manifest.level, chip["tierReadoutLevel"]]
    level = effective_level(receipt[-70009], receipt[-70017])
    origin = receipt[-70016]
    if origin > 4:
        return "REHEARSAL"
    own = max(asked[:-1])
    repair = chip.get("repairReadoutLevel")
    if level < max(asked):
        owners = not receipt[-70017] and level >= own
        return "REPAIRABLE" if repair is not None and owners and level >= repair else "UNPROTECTED"
    if receipt[-70013]:
        return "UNPROTECTED"
    return {1: "PASS", 2: "ENROLLED", 3: "UNWITNESSED"}[origin]
