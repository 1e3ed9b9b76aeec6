# Runs all vectors: python3 spec/check/run.py vectors/. Prints the cases of each file;
# exits with 1 on a disagreement.

import json
import sys

sys.dont_write_bytecode = True  # before the imports of this folder

from datetime import datetime
from pathlib import Path

import board
import cbor
import certificate
import delegation
import device
import license
import link
import package
import places
import suite
from fault import Fault


def raw(text):
    return None if text is None else bytes.fromhex(text)


def agree(condition, what):
    if not condition:
        raise AssertionError(what)


def run_cbor(_, case):
    data = raw(case["hex"])
    agree(cbor.encode(cbor.decode(data)) == data, "encodes differently")


def run_delegation(file, case):
    root, product = raw(file["rootPublicKey"]), file["product"]
    statement = raw(case.get("epochStatement"))
    delegate, _ = delegation.verify_authority(
        raw(case["delegation"]), statement, root, product, case["epoch"], case["role"]
    )
    if "securityCounter" in case:
        delegation.check_cap(delegate, case["securityCounter"])


def run_package(file, case):
    data = raw(case["file"])
    released = []
    try:
        header, records = package.split(data)
        root, product = raw(file["rootPublicKey"]), case.get("product", file["product"])
        manifest, _ = package.verify_header(header, root, product, case.get("epoch", file["epoch"]))
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


def licensed_manifest(file):
    header, _ = package.split(raw(file["package"]))
    return package.verify_header(header, raw(file["rootPublicKey"]), file["product"], file["epoch"])[0]


def run_license(file, case):
    trust = {
        "root": raw(file["rootPublicKey"]),
        "product": case.get("product", file["product"]),
        "epoch": case.get("epoch", file["epoch"]),
    }
    journaled = case.get("journaled")
    chip = {
        "thumbprint": raw(case.get("thumbprint", file["thumbprint"])),
        "nonce": raw(case.get("nonce", file["nonce"])),
        "journaled": journaled and (raw(journaled["digest"]), journaled["unwraps"]),
        "kem": raw(file["kemPrivateKey"]),
    }
    key, data = license.open_license(raw(case["bundle"]), trust, licensed_manifest(file), chip)
    agree(key == raw(file["contentKey"]), "another content key")
    agree(data == [raw(item) for item in file["deviceData"]], "other per-device data")


def run_content_key(file, case):
    digest, key = license.open_content_key(raw(case["file"]), raw(file["kemPrivateKey"]))
    agree((digest, key) == (raw(file["manifestDigest"]), raw(file["contentKey"])), "another key")


def run_hello(file, case):
    challenge = raw(case.get("challenge", file["challenge"]))
    device.verify_hello(raw(case["object"]), raw(file["signingKey"]), raw(file["thumbprint"]), challenge)


def run_receipt(file, case):
    challenge = raw(case.get("challenge", file["challenge"]))
    fields = {name: raw(text) for name, text in file["license"].items()}
    key, thumbprint = raw(file["signingKey"]), raw(file["thumbprint"])
    device.verify_receipt(raw(case["object"]), key, thumbprint, fields, licensed_manifest(file), challenge)


def run_certificate(file, case):
    now = datetime.fromisoformat(case.get("now", file["now"]).replace("Z", "+00:00"))
    found = certificate.verify(raw(case["object"]), raw(file["caPublicKey"]), file["product"], now)
    agree(found == tuple(raw(file[name]) for name in ("signingKey", "kemKey", "thumbprint")), "another device")


def run_link(_, case):
    expected = [raw(case["content"])] if "content" in case else []
    agree(link.frames(raw(case["line"])) == expected, "other frames taken")


def run_board(file, case):
    number = file["chips"][case["chip"]]["number"]
    agree(board.read(raw(case["block"]), number) == case.get("settings"), "other settings")


def run_place(_, case):
    agree(places.read(case["text"]) == case.get("canonical"), "another canonical text")


RUNNERS = {
    "cbor/decode.json": run_cbor,
    "delegation/verify.json": run_delegation,
    "package/open.json": run_package,
    "license/open.json": run_license,
    "content-key/open.json": run_content_key,
    "hello/verify.json": run_hello,
    "certificate/verify.json": run_certificate,
    "receipt/verify.json": run_receipt,
    "link/frames.json": run_link,
    "board/read.json": run_board,
    "places/read.json": run_place,
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
