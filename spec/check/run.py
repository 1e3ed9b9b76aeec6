# Runs all vectors: python3 spec/check/run.py vectors/. Prints the cases of each file;
# exits with 1 on a disagreement.

import json
import sys

sys.dont_write_bytecode = True  # before the imports of this folder

from datetime import datetime
from pathlib import Path

import approval
import agent_image
import anchor
import batch
import board
import cbor
import certificate
import delegation
import device
import enrolment
import ledger
import license
import link
import messages
import package
import places
import receipt
import recovery
import seal
import sfi
import station
import suite
import usb
from fault import Fault, require


def raw(text):
    return None if text is None else bytes.fromhex(text)


def agree(condition, what):
    if not condition:
        raise AssertionError(what)


def run_cbor(_, case):
    data = raw(case["hex"])
    agree(cbor.encode(cbor.decode(data)) == data, "encodes differently")


def all_raw(texts):
    return [raw(text) for text in texts]


def start(file, case, before=()):
    """The decision that a reader starts with."""
    product, epoch = case.get("product", file["product"]), case.get("epoch", file.get("epoch"))
    return delegation.decision(raw(file["rootPublicKey"]), product, epoch, before)


def run_delegation(file, case):
    now = start(file, case, case.get("before", []))
    statement, successions = raw(case.get("epochStatement")), all_raw(case.get("successions", []))
    delegate, _ = delegation.verify_authority(raw(case["delegation"]), statement, successions, now, case["role"])
    if "securityCounter" in case:
        delegation.check_cap(delegate, case["securityCounter"])


def run_package(file, case):
    data = raw(case["file"])
    released = []
    try:
        header, records = package.split(data)
        manifest, _ = package.verify_header(header, start(file, case))
        chip = case.get("chip", file["chip"])
        package.check_chip(manifest, chip, file["chips"][chip], case.get("state", file["states"][chip]))
        agree(manifest.digest == raw(case["manifestDigest"]), "another manifest digest")
        package.check_content_key(manifest, raw(case["contentKey"]))
        package.open_records(manifest, raw(case["contentKey"]), records, released.append)
    finally:
        plaintext = b"".join(released)
        expected = case.get("released", {"bytes": 0, "sha256": suite.sha256().hex()})
        agree(len(plaintext) == expected["bytes"], "another length of plaintext released")
        agree(suite.sha256(plaintext).hex() == expected["sha256"], "other plaintext released")


def run_agent_image(file, case):
    image, measured = raw(case["image"]), file["measured"]
    slot = image + b"\xff" * (file["slotBytes"] - len(image))
    chip = case.get("chip", file["chip"])
    known = raw(measured["codeDigest"]), measured["counter"]
    agree(agent_image.check(slot, start(file, case), chip, known) == case.get("agentVersion"), "another version")


def run_anchor(file, case):
    data = anchor.read(raw(case["block"]))
    says = case["reads"]
    root, signer = raw(says["rootPublicKey"]) or bytes(65), says.get("signer")
    agree(data["root"] == root and data["product"].decode("ascii") == says["product"], "another owner")
    agree((data["epoch"], data["counter"]) == (says["epoch"], says["counter"]), "another epoch or counter")
    agree(data["digest"] == raw(says["codeDigest"]), "another digest")
    agree(data["signer"] == (signer and (raw(signer["publicKey"]), signer["counterCap"])), "another signer")
    if "image" in case:
        image = raw(case["image"])
        slot = image + b"\xff" * (file["slotBytes"] - len(image))
        agree(anchor.check(data, slot, file["chip"]) == case["agentVersion"], "another version")


def run_seal(_, case):
    made = seal.seal(raw(case["core"]), all_raw(case["plaintexts"]), raw(case["randomness"]), raw(case["grant"]))
    for name, value in made.items():
        agree(value == (all_raw(case[name]) if isinstance(value, list) else raw(case[name])), f"another {name}")


def accepted_package(file, case):
    """The manifest of the package that was accepted before, and the decision that it left."""
    header, _ = package.split(raw(case.get("package", file["package"])))
    return package.verify_header(header, start(file, case))


def run_license(file, case):
    manifest, now = accepted_package(file, case)
    journaled = case.get("journaled")
    chip = {
        "thumbprint": raw(file["thumbprint"]),
        "origin": file["origin"],
        "nonce": raw(case.get("nonce", file["nonce"])),
        "unwraps": case.get("unwraps", file["unwraps"]),
        "journaled": journaled and (raw(journaled["digest"]), journaled["ended"]),
        "kem": raw(file["kemPrivateKey"]),
    }
    key, data = license.open_license(raw(case["bundle"]), now, manifest, chip)
    agree(key == raw(file["contentKey"]), "another content key")
    agree(data == all_raw(file["deviceData"]), "other per-device data")


def run_batch(file, case):
    found = batch.open_batch(raw(case["file"]), start(file, case))
    agree(found == all_raw(case["devices"]), "other devices")


def run_content_key(file, case):
    manifest, _ = accepted_package(file, case)
    key = license.open_content_key(raw(case["file"]), raw(file["kemPrivateKey"]), manifest)
    agree(key == raw(file["contentKey"]), "another key")


def certified(file, case):
    return {
        "signing": raw(file["signingKey"]),
        "thumbprint": raw(file["thumbprint"]),
        "chip": case.get("chipId", file["chipId"]),
        "origin": case.get("origin", file["origin"]),
    }


def run_hello(file, case):
    challenge = raw(case.get("challenge", file["challenge"]))
    device.verify_hello(raw(case["object"]), certified(file, case), challenge)


def run_receipt(file, case):
    challenge = raw(case.get("challenge", file["challenge"]))
    manifest, _ = accepted_package(file, case)
    facts = case.get("license", file["license"])
    owner = certified(file, case)
    terms = {
        "digest": raw(facts["digest"]),
        "id": raw(facts["licenseId"]),
        "job": raw(facts["jobId"]),
        "manifest": raw(facts["manifestDigest"]),
        "thumbprint": raw(facts["thumbprint"]),
        "nonce": raw(facts["receiptNonce"]),
        "data": all_raw(facts["deviceDataDigests"]),
        "origin": facts.get("origin", owner["origin"]),
    }
    chip = file["chips"][owner["chip"]]
    found = receipt.verify_receipt(raw(case["object"]), owner, terms, manifest, chip, challenge)
    agree(receipt.outcome(found, manifest, chip) == case["outcome"], "another outcome")


def run_recovery(file, case):
    chip = {**file["hello"], "thumbprint": raw(file["thumbprint"]), "nonce": raw(file["nonce"])}
    recovery.verify(raw(case["bundle"]), start(file, case), chip)


def run_certificate(file, case):
    now = datetime.fromisoformat(case.get("now", file["now"]).replace("Z", "+00:00"))
    found = certificate.verify(raw(case["object"]), all_raw(file["caPublicKeys"]), file["product"], now)
    keys = tuple(raw(file[name]) for name in ("signingKey", "kemKey", "thumbprint"))
    agree(found == (*keys, file["chipId"], case.get("origin", file["origin"])), "another device")


def run_link(_, case):
    expected = [raw(case["content"])] if "content" in case else []
    agree(link.frames(raw(case["line"])) == expected, "other frames taken")


def run_message(_, case):
    messages.serve(case["lifeCycle"], case["type"], raw(case["body"]))


def fault_numbers():
    """Numbers of faults by their codes, of all files in spec/errors."""
    folder = Path(__file__).parent.parent / "errors"
    rows = [row for path in folder.glob("*.json") for row in json.loads(path.read_text())["errors"]]
    return {row["code"]: row["number"] for row in rows}


def run_usb(_, case):
    def same(answer, step):
        expected = raw(step.get("answer", "")) if "stall" not in step else None
        if expected and step["setup"].startswith("a103"):  # GETSTATUS: an estimate is not compared
            answer, expected = answer and answer[:1] + answer[4:], expected[:1] + expected[4:]
        agree(answer == expected, f"after {step['setup']}: {answer and answer.hex()}")

    usb.run(case["steps"], fault_numbers(), same)


def run_board(file, case):
    number = file["chips"][case["chip"]]["number"]
    agree(board.read(raw(case["block"]), number) == case.get("settings"), "other settings")


def run_enrolment(file, case):
    keys = [raw(file[name]) for name in ("rootPublicKey", "signingKey", "kemKey")]
    numbers = case["epoch"], case["origin"]
    found = enrolment.prove(raw(case["block"]), raw(case["nonce"]), keys, numbers, case["product"])
    agree(found == (raw(case.get("id")), raw(case.get("proof"))), "another proof")


def run_place(_, case):
    agree(places.read(case["text"]) == case.get("canonical"), "another canonical text")


def run_sfi(_, case):
    layout, areas = sfi.read(raw(case["file"]))
    agree(layout == case.get("layout"), f"layout {layout}")
    expected = [{**area, "payload": raw(area["payload"])} for area in case.get("areas", [])]
    agree(areas == expected, "other areas")


def run_station(file, case):
    root, product = raw(file["rootPublicKey"]), file["product"]
    kind, data = case["kind"], raw(case["object"])
    if kind == "delegation":
        station.read_delegation(data, root, product, case.get("epoch", file["epoch"]))
        return
    owner = station.read_delegation(raw(file["stationDelegation"]), root, product, file["epoch"])
    job, challenge = raw(file["job"]), raw(file["challenge"])
    if kind == "request":
        station.read_request(data, owner, job, challenge)
    elif kind == "outcome":
        station.read_outcome(data, owner)
    else:
        manifest, now = accepted_package(file, case)
        request = station.read_request(raw(file["request"]), owner, job, challenge)
        key, given = station.open_license(data, now, manifest, request, raw(file["kemPrivateKey"]))
        agree(key == raw(file["contentKey"]), "another content key")
        agree(given == all_raw(file["deviceData"]), "other per-device data")


def tree_of(head):
    return (head["size"], raw(head["root"])) if head else None


def run_ledger(file, case):
    log, witnesses = ledger.Key(file["log"]), [ledger.Key(text) for text in file["witnesses"]]
    trust = log, witnesses, case.get("least", file["least"])
    kind = case["kind"]
    if kind == "policy":
        ledger.read_policy(raw(case["object"]))
    elif kind == "checkpoint":
        ledger.verify_checkpoint(case["note"], *trust)
    elif kind == "license":
        ledger.check_license(case["proof"], trust, raw(case["digest"]), raw(case["job"]), case["unit"])
    elif kind == "receipt":
        ledger.check_receipt(case["proof"], trust, raw(case["digest"]))
    elif kind == "consistency":
        before, after = tree_of(case["from"]), tree_of(case["to"])
        require(ledger.is_consistent(before, after, all_raw(case["proof"])), "consistency-proof-invalid")
    else:
        ledger.answer_of_witness(case["request"], log, tree_of(case["seen"]))


def run_approval(file, case):
    root, product, epoch = raw(file["rootPublicKey"]), file["product"], case.get("epoch", file["epoch"])
    data, delegation = raw(case["object"]), raw(case.get("delegation"))
    if case["kind"] == "policy":
        approval.read_policy(data, root, product)
    elif case["kind"] == "approval":
        approval.read_approval(data, delegation, root, product, epoch)
    elif case["kind"] == "restore":
        approval.read_restore(data, root, product)
    else:
        approval.read_end(data, delegation, root, product, epoch)


RUNNERS = {
    "cbor/decode.json": run_cbor,
    "delegation/verify.json": run_delegation,
    "agent-image/check.json": run_agent_image,
    "anchor/start.json": run_anchor,
    "package/open.json": run_package,
    "package/seal.json": run_seal,
    "license/open.json": run_license,
    "batch/open.json": run_batch,
    "station/verify.json": run_station,
    "approval/verify.json": run_approval,
    "content-key/open.json": run_content_key,
    "hello/verify.json": run_hello,
    "certificate/verify.json": run_certificate,
    "receipt/verify.json": run_receipt,
    "link/frames.json": run_link,
    "link/messages.json": run_message,
    "link/usb.json": run_usb,
    "board/read.json": run_board,
    "enrolment/prove.json": run_enrolment,
    "recovery/open.json": run_recovery,
    "places/read.json": run_place,
    "sfi/read.json": run_sfi,
    "ledger/verify.json": run_ledger,
}


def outcome(runner, file, case):
    try:
        runner(file, case)
        return None
    except Fault as fault:
        return fault.code


def run_file(path, runner):
    """Number of cases, and the disagreements as lines."""
    file = json.loads(path.read_text())
    wrong = []
    for case in file["cases"]:
        try:
            found = outcome(runner, file, case)
            if found != case.get("fault"):
                wrong.append(f"{case['name']}: {found} instead of {case.get('fault')}")
        except (AssertionError, KeyError) as problem:
            wrong.append(f"{case['name']}: {type(problem).__name__} {problem}")
    return len(file["cases"]), wrong


def main(folder):
    total, failed = 0, 0
    for name, runner in RUNNERS.items():
        count, wrong = run_file(Path(folder) / name, runner)
        total, failed = total + count, failed + len(wrong)
        print(f"{name}: {count} cases, {len(wrong)} disagreements")
        for line in wrong:
            print(f"  {line}")
    print(f"{total} cases, {failed} disagreements")
    return 1 if failed or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "vectors"))
