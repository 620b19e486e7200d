"""Campaigns in processes of their own, that are killed and run again."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import attrs

from stackverify.sandbox import Sandbox
from tests.behaviour.processes import REPOSITORY

_PROGRAM = """
import sys
from stackverify import Client, Sms
from stackverify.campaigns import Campaign, CampaignRules

path, key, url, rows, settle, slack, pack = sys.argv[1:]
rules = CampaignRules(
    settle=float(settle), clock_slack=float(slack), pack=int(pack), max_error_rate=1.0
)
people = ({"phone": f"+2547{n:08d}", "name": f"N{n}"} for n in range(int(rows)))
text = "Hi {name}" if pack == "1" else "Hi all"
with Client(key, base_url=url, tier="enterprise:60000", max_connections=10) as client:
    with Campaign(path, client, rules=rules) as campaign:
        campaign.load(Sms("{phone}", text), people)
        campaign.run()
"""


@attrs.define(eq=False)
class Trial:
    """One campaign that is run, and killed, until it is done."""

    sandbox: Sandbox
    path: Path
    rows: int
    settle: float = 1.5
    slack: float = 0.5
    pack: int = 1
    dice: random.Random = attrs.field(factory=random.Random)

    def start(self) -> subprocess.Popen[bytes]:
        """Begin a run in a process of its own."""
        told = (self.path, self.sandbox.api_key, self.sandbox.base_url, self.rows)
        rules = (self.settle, self.slack, self.pack)
        return subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *map(str, (*told, *rules))],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stderr=subprocess.PIPE,
        )

    def kill(self) -> None:
        """Run it, and kill it at some moment after its first request."""
        with self.start() as child:
            seen = self.sandbox.requests
            while self.sandbox.requests == seen and child.poll() is None:
                time.sleep(0.005)
            time.sleep(self.dice.uniform(0.0, 0.6))
            child.send_signal(signal.SIGKILL)

    def finish(self) -> None:
        """Run it to its end."""
        with self.start() as child:
            _, said = child.communicate(timeout=300)
        assert child.returncode == 0, said.decode()

    def go_through(
        self, kills: int, between: Callable[[Path], None] = lambda path: None
    ) -> None:
        """Kill it so many times, and let it end then."""
        for _ in range(kills):
            self.kill()
            between(self.path)
        self.finish()

    @property
    def sent(self) -> Counter[str]:
        """What the service took, by recipient."""
        return Counter(message.to for message in self.sandbox.messages())

    @property
    def duplicates(self) -> int:
        """How many messages the service took beyond one for each recipient."""
        return sum(self.sent.values()) - len(self.sent)

    @property
    def lost(self) -> int:
        """How many recipients the service took no message for."""
        return self.rows - len(self.sent)

    def ledger(self) -> dict[str, tuple[str, str | None]]:
        """Give state and id by recipient, as any SQLite tool sees them."""
        with sqlite3.connect(self.path) as connection:
            rows = connection.execute(
                "SELECT recipient, state, message_id FROM rows JOIN marks USING (idx)"
            ).fetchall()
        connection.close()
        return {recipient: (state, found) for recipient, state, found in rows}

    def truth(self) -> dict[str, tuple[str, str | None]]:
        """Give what the ledger should say, by what the service knows."""
        return {
            message.to: ("accepted", message.message_id)
            for message in self.sandbox.messages()
        }

    def integrity(self) -> str:
        """Ask SQLite whether the file is sound."""
        connection = sqlite3.connect(self.path)
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
        connection.close()
        return str(said)


def rewrite(statement: str) -> Callable[[Path], None]:
    """Make something that does to a ledger what it must never do itself."""

    def write(path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute(statement)
        connection.close()

    return write
