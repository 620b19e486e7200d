"""Signatures that others make: OpenSSL's command, and Node's crypto."""

import json
import shutil
import subprocess

import pytest

from stackverify.errors import SignatureError
from stackverify.webhooks import DeliveryReport, Receiver, parse, sign, verify

SECRET = "whsec_n0t-a-real-one/+="
TEXT = "Ça va? 😀 \\ud83d"
BODY = json.dumps(
    {"event": "delivery_report", "message_id": "sms_1", "status": "sent", "x": TEXT},
    ensure_ascii=False,
).encode()

NODE = """
const { createHmac } = require("node:crypto");
const body = require("node:fs").readFileSync(0);
const hmac = () => createHmac("sha256", process.argv[1]).update(body);
const made = (writing) => hmac().digest(writing);
console.log(JSON.stringify([made("hex"), made("base64")]));
"""


def openssl() -> tuple[str, str]:
    command = ["openssl", "dgst", "-sha256", "-hmac", SECRET]
    told = subprocess.run(command, input=BODY, capture_output=True, check=True)
    binary = subprocess.run(
        [*command, "-binary"], input=BODY, capture_output=True, check=True
    )
    base64 = subprocess.run(
        ["openssl", "base64", "-A"],
        input=binary.stdout,
        capture_output=True,
        check=True,
    )
    return told.stdout.split()[-1].decode(), base64.stdout.decode()


def node() -> tuple[str, str]:
    command = ["node", "-e", NODE, SECRET]
    told = subprocess.run(command, input=BODY, capture_output=True, check=True)
    in_hex, in_base64 = json.loads(told.stdout)
    return in_hex, in_base64


SIGNERS = [
    pytest.param(
        signer,
        id=signer.__name__,
        marks=pytest.mark.skipif(
            shutil.which(signer.__name__) is None, reason="it is not here"
        ),
    )
    for signer in (openssl, node)
]


@pytest.mark.parametrize("signer", SIGNERS)
def test_what_they_sign_is_taken_in_every_writing(signer: object) -> None:
    in_hex, in_base64 = signer()  # type: ignore[operator]
    for writing in (in_hex, in_hex.upper(), in_base64):
        for signature in (writing, f"sha256={writing}"):
            verify(BODY, signature, SECRET)
            assert isinstance(Receiver(SECRET).open(BODY, signature), DeliveryReport)


@pytest.mark.parametrize("signer", SIGNERS)
def test_what_they_sign_is_what_we_sign(signer: object) -> None:
    in_hex, _ = signer()  # type: ignore[operator]
    assert sign(BODY, SECRET) == in_hex


@pytest.mark.parametrize("signer", SIGNERS)
def test_a_body_changed_after_they_signed_it_is_refused(signer: object) -> None:
    in_hex, in_base64 = signer()  # type: ignore[operator]
    for body in (BODY + b"\n", BODY[:-1], json.dumps(json.loads(BODY)).encode()):
        for signature in (in_hex, in_base64):
            with pytest.raises(SignatureError):
                verify(body, signature, SECRET)


def test_the_three_functions_work_together() -> None:
    verify(BODY, sign(BODY, SECRET), SECRET)
    report = parse(BODY)
    assert isinstance(report, DeliveryReport)
    assert report.raw["x"] == TEXT
