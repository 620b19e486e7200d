"""What a sandbox with a file remembers after a restart."""

import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from stackverify.campaigns import Campaign
from stackverify.sandbox import Sandbox, Service
from stackverify.sandbox.transport import SandboxTransport

SMS = {"to": ["+254712345678", "+254712345679"], "message": "Hi", "sender_id": "ACME"}
FILE = {"filename": "a.txt", "content": "aGk="}
EMAIL = {
    "to": "a@example.org",
    "subject": "S",
    "html": "<p>H</p>",
    "headers": {"X-A": "b"},
    "attachments": [FILE],
    "scheduled_at": "2030-01-01T00:00:00Z",
}
TEMPLATE = {"to": "+254712345678", "template_name": "welcome", "language": "en"}


def fill(service: Service) -> None:
    headers = {"Authorization": f"Bearer {service.api_key}"}
    with httpx.Client(
        transport=SandboxTransport(service), base_url="http://s/api/v1", headers=headers
    ) as api:
        for path, body in (
            ("/sms/send", SMS),
            ("/email/send", EMAIL),
            ("/whatsapp/send-template", TEMPLATE),
        ):
            api.post(path, json=body).raise_for_status()


def told(service: Service) -> list[tuple[Any, ...]]:
    return [
        (each.message_id, each.to, each.content, each.due_at, each.raw, each.ending)
        for each in service.messages()
    ]


def test_messages_counts_and_moves_by_hand_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    first = Service(tier="lite", data=path)
    fill(first)
    first.deliver(first.messages()[0], "failed", error_message="No signal.")
    first.close()
    second = Service(tier="lite", data=path)
    assert told(second) == told(first)
    assert (second.count(), second.count("sms"), second.spent()) == (4, 2, 4)
    assert second.messages()[0].error_message == "No signal."
    assert second.messages()[0].request is second.messages()[1].request
    assert second.messages()[0].request.status == 200
    second.close()


def test_a_reset_empties_the_file(tmp_path: Path) -> None:
    first = Service(data=tmp_path / "sandbox.db")
    fill(first)
    first.reset()
    first.close()
    second = Service(data=tmp_path / "sandbox.db")
    assert (second.messages(), second.count(), second.spent()) == ([], 0, 0)
    second.close()


def test_no_more_is_kept_than_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    first = Service(data=path, keep=3, tier="enterprise:100000")
    for _ in range(600):
        fill(first)
    first.close()
    with sqlite3.connect(path) as file:
        (rows,) = file.execute("SELECT count(*) FROM message").fetchone()
        (records,) = file.execute("SELECT count(*) FROM record").fetchone()
    file.close()
    assert (rows < 1_100, records < 1_100) == (True, True)
    second = Service(data=path, keep=3)
    assert (len(second.messages()), second.count()) == (3, 2_400)
    second.close()


def test_a_file_that_another_sandbox_has_open_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    first = Service(data=path)
    with pytest.raises(ValueError, match="cannot be used: database is locked"):
        Service(data=path)
    first.close()
    Service(data=path).close()


def test_a_file_that_is_something_else_is_refused_and_left_alone(
    tmp_path: Path,
) -> None:
    text, other = tmp_path / "text", tmp_path / "other.db"
    ledger = tmp_path / "may.ledger"
    Campaign(ledger).summary()
    text.write_text("not a database, but a text that is long enough" * 100)
    before = text.read_bytes()
    with pytest.raises(ValueError, match="file is not a database"):
        Service(data=text)
    with sqlite3.connect(other) as file:
        file.execute("CREATE TABLE message (x)")
    file.close()
    for path in (other, ledger):
        with pytest.raises(ValueError, match="not written by this version"):
            Service(data=path)
    with pytest.raises(ValueError, match="unable to open"):
        Service(data=tmp_path / "nowhere" / "sandbox.db")
    assert text.read_bytes() == before


def test_a_sandbox_that_stopped_starts_again_with_its_file(tmp_path: Path) -> None:
    sandbox = Sandbox(data=tmp_path / "sandbox.db")
    for _ in range(2):
        with sandbox:
            fill(sandbox)
    again = Service(data=tmp_path / "sandbox.db")
    assert again.count() == 8
    again.close()
