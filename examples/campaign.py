"""Send a personalised SMS and email to every row of a CSV file.

    python examples/campaign.py --sandbox
    python examples/campaign.py people.csv --only sms --sms "Hello {name}, ..."

The first sends to a pretend service; the second to the real one, with the key from
STACKVERIFY_API_KEY and the tier from STACKVERIFY_TIER.

The CSV needs a header. A column `phone` (E.164) is where SMS go, a column `email`
is where emails go, and every column may stand in a template as {column}.

Exit codes: 0 all accepted, 1 some were not, 2 wrong input, 130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import shlex
import string
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from stackverify import (
    Accepted,
    AsyncClient,
    AsyncSendMany,
    BulkSummary,
    Email,
    NotSent,
    Outcome,
    Sms,
    StackverifyError,
    Tier,
    count_segments,
)
from stackverify.errors import BulkStoppedError
from stackverify.sandbox import Sandbox

Row: TypeAlias = dict[str, str]

HERE = Path(__file__).parent
SMS = "{country_name}: your appointment is on {appointment}. Reply STOP to opt out."
SUBJECT = "Your appointment, {appointment}"
BODY = "Hello,\n\nyour appointment ({country_name}) is on {appointment}.\n"
DEFAULTS = {"sms": SMS, "subject": SUBJECT, "email": BODY, "tier": None}
# Fast enough to see 1,732 messages go out in half a minute, and slow enough to see
# that they are paced.
SANDBOX_TIER = "enterprise:6000"
FAILURES_SHOWN = 5
SECONDS_BETWEEN_LINES = 2.0


def main() -> int:
    """Run the campaign, and say what became of it."""
    options = _options()
    try:
        return asyncio.run(_campaign(options))
    except KeyboardInterrupt:
        print("Interrupted: what was not sent is in the files named above, if any.")
        return 130
    except StackverifyError as error:
        print(error, file=sys.stderr)
        return 2


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog="The key is read from STACKVERIFY_API_KEY, the tier from "
        "STACKVERIFY_TIER (lite, pro, enterprise:<requests a minute>).",
    )
    parser.add_argument("csv", nargs="?", default=HERE / "recipients.csv", type=Path)
    parser.add_argument("--sms", default=SMS, help="template of the text message")
    parser.add_argument("--subject", default=SUBJECT, help="template of the subject")
    parser.add_argument("--email", default=BODY, help="template of the email's text")
    parser.add_argument("--only", choices=["sms", "email"], help="one channel only")
    parser.add_argument("--tier", help="what the key's subscription allows")
    parser.add_argument(
        "--sandbox", action="store_true", help="send to a pretend service, started here"
    )
    options = parser.parse_args()
    templates = {
        "sms": [options.sms],
        "email": [options.subject, options.email],
    }
    if options.only:
        templates = {options.only: templates[options.only]}
    options.channels = list(templates)
    try:
        if options.tier:
            options.tier = Tier.parse(options.tier)
        _check(options, [text for texts in templates.values() for text in texts])
    except (OSError, ValueError, StackverifyError) as error:
        parser.error(str(error))
    return options


def _check(options: argparse.Namespace, templates: list[str]) -> None:
    """Check columns and placeholders against each row, before anything is sent."""
    path: Path = options.csv
    needed = {{"sms": "phone", "email": "email"}[name] for name in options.channels}
    wanted = {
        name
        for template in templates
        for _, name, _, _ in string.Formatter().parse(template)
        if name is not None
    }
    line = 1
    for line, row in enumerate(_rows(path), start=2):
        if absent := sorted(needed - row.keys()):
            found = ", ".join(map(str, row))
            raise ValueError(f"{path}: no column {', '.join(absent)}; found {found}")
        if None in row:
            raise ValueError(f"{path}, line {line}: more fields than the header has")
        if missing := sorted(name for name in wanted if not row.get(name)):
            columns = ", ".join(f"{{{name}}}" for name in missing)
            raise ValueError(f"{path}, line {line}: no value for {columns}")
        for template in templates:
            try:
                template.format_map(row)
            except (LookupError, ValueError, AttributeError) as error:
                raise ValueError(f"a template cannot be filled in: {error}") from None
    if line == 1:
        raise ValueError(f"{path}: no rows")


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


async def _campaign(options: argparse.Namespace) -> int:
    with ExitStack() as stack:
        service: dict[str, Any] = {"tier": options.tier}
        sandbox = None
        if options.sandbox:
            tier = options.tier or Tier.parse(SANDBOX_TIER)
            sandbox = stack.enter_context(Sandbox(tier=_tier_text(tier)))
            service = {
                "api_key": sandbox.api_key,
                "base_url": sandbox.base_url,
                "tier": tier,
            }
        async with AsyncClient(**service) as client:
            print(
                f"Sending through {client.base_url}, tier {client.tier.name}: ", end=""
            )
            print(f"{client.tier.requests_per_minute:,} requests a minute at most.")
            reports = []
            for channel in options.channels:
                reports.append(await _send(client, options, channel))
                if reports[-1].cut_short:
                    break
            if "sms" in options.channels and not reports[-1].cut_short:
                count = len([message async for message in client.sms.list()])
                print(f"\nThe service lists {count:,} SMS.")
        if sandbox is not None:
            held = [f"{sandbox.count(name):,} {name}" for name in options.channels]
            print(f"The sandbox holds {' and '.join(held)}.")
    if reports[-1].interrupted:
        begun = [report.channel for report in reports]
        for channel in set(options.channels) - set(begun):
            print(f"{channel.upper()} was not begun. To send it:")
            print(f"    {_command(options, options.csv, channel)}")
        return 130
    return 0 if all(report.is_perfect for report in reports) else 1


def _tier_text(tier: Tier) -> str:
    return f"enterprise:{tier.requests_per_minute}"


@attrs.define
class Report:
    """What became of one channel's messages."""

    channel: str
    rows: int
    began: float = attrs.field(factory=time.monotonic)
    seconds: float = 0.0
    segments: Counter[str] = attrs.field(factory=Counter)
    failures: list[str] = attrs.field(factory=list)
    to_repeat: set[int] = attrs.field(factory=set)
    summary: BulkSummary = attrs.field(factory=BulkSummary)
    stopped_by: str = ""
    interrupted: bool = False

    @property
    def cut_short(self) -> bool:
        """Whether some rows were never begun."""
        return self.interrupted or bool(self.stopped_by)

    @property
    def is_perfect(self) -> bool:
        """Whether every row was accepted."""
        return self.summary.accepted == self.rows

    def add(self, outcome: Outcome[Any]) -> None:
        """Count one outcome."""
        if isinstance(outcome, NotSent):
            self.to_repeat.add(outcome.index)
        if isinstance(outcome, Accepted):
            if isinstance(outcome.message, Sms):
                cost = count_segments(outcome.message.text)
                self.segments[cost.encoding] += cost.count
            return
        kind = type(outcome).__name__.lower()
        if len(self.failures) < FAILURES_SHOWN:
            self.failures.append(f"row {outcome.index + 2}, {kind}: {outcome.error}")

    def print(self) -> None:
        """Say it."""
        done, rate = self.summary, 0.0
        if self.seconds:
            rate = done.requests / self.seconds * 60
        print(
            f"\n{self.channel.upper()}: {done.finished:,} of {self.rows:,} rows ",
            end="",
        )
        print(f"in {self.seconds:.1f} s")
        print(f"  accepted {done.accepted:,}   refused {done.refused:,}   ", end="")
        print(f"not sent {done.not_sent:,}   unknown {done.unknown:,}")
        print(f"  {done.requests:,} requests, {rate:,.0f} a minute; ", end="")
        print(f"{done.rate_limited:,} answered 429")
        for encoding, count in sorted(self.segments.items()):
            print(f"  {count:,} segments in {encoding}")
        for failure in self.failures:
            print(f"  {failure}")
        if self.stopped_by:
            print(f"  Stopped: {self.stopped_by}")


def _messages(options: argparse.Namespace, channel: str) -> Iterator[Any]:
    for row in _rows(options.csv):
        if channel == "sms":
            yield Sms(row.get("phone") or "", options.sms.format_map(row))
        else:
            subject = options.subject.format_map(row)
            text = options.email.format_map(row)
            yield Email(row.get("email") or "", subject=subject, text=text)


async def _send(
    client: AsyncClient, options: argparse.Namespace, channel: str
) -> Report:
    report = Report(channel, sum(1 for _ in _rows(options.csv)))
    service = client.sms if channel == "sms" else client.email
    outcomes: AsyncSendMany[Any] = service.send_many(_messages(options, channel))
    try:
        with _progress(channel, report.rows) as advance:
            async for outcome in outcomes:
                report.add(outcome)
                advance(outcomes.summary)
    except BulkStoppedError as stopped:
        report.stopped_by = str(stopped.__cause__ or stopped)
    except asyncio.CancelledError:  # Ctrl-C: what was under way has ended by now
        report.interrupted = True
        async for outcome in outcomes:
            report.add(outcome)
    report.seconds = time.monotonic() - report.began
    report.summary = outcomes.summary
    report.print()
    _keep_rest(options, report)
    return report


def _keep_rest(options: argparse.Namespace, report: Report) -> None:
    """Write down the rows that can be sent without a doubt, and say how.

    These are the rows that never left or were never begun. A row that is unknown
    is none of them: it may have been sent.
    """
    done = report.summary
    certain = report.to_repeat | {*done.unfinished}
    rest = [
        row
        for index, row in enumerate(_rows(options.csv))
        if index in certain or index >= done.next_index
    ]
    if not rest:
        return
    path = Path(f"{options.csv.stem}.rest-{report.channel}.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rest[0]))
        writer.writeheader()
        writer.writerows(rest)
    print(f"  {len(rest):,} rows were not sent. To go on with them:")
    print(f"    {_command(options, path, report.channel)}")


def _command(options: argparse.Namespace, path: Path, channel: str) -> str:
    """Write the command that sends these rows over this channel."""
    words = [sys.executable, sys.argv[0], str(path), "--only", channel]
    for name, default in DEFAULTS.items():
        if (value := getattr(options, name)) != default:
            text = _tier_text(value) if isinstance(value, Tier) else value
            words += [f"--{name}", text]
    return shlex.join(words + ["--sandbox"] * options.sandbox)


@contextmanager
def _progress(channel: str, total: int) -> Iterator[Callable[[BulkSummary], None]]:
    """Show a bar on a terminal, and a line now and then elsewhere."""
    if not sys.stdout.isatty():
        yield _Lines(channel, total)
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<6}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:>7}/min"),
        TimeRemainingColumn(),
    )
    began = time.monotonic()
    with Progress(*columns) as bar:
        task = bar.add_task(channel.upper(), total=total, rate="")

        def advance(done: BulkSummary) -> None:
            rate = done.finished / (time.monotonic() - began) * 60
            bar.update(task, completed=done.finished, rate=f"{rate:,.0f}")

        yield advance


@attrs.define
class _Lines:
    """Progress for a log file."""

    channel: str
    total: int
    next_line: float = attrs.field(factory=time.monotonic)
    shown: int = -1

    def __call__(self, done: BulkSummary) -> None:
        """Print a line, if it is time for one or all is done."""
        if done.finished == self.shown or (
            time.monotonic() < self.next_line and done.finished < self.total
        ):
            return
        self.shown = done.finished
        self.next_line = time.monotonic() + SECONDS_BETWEEN_LINES
        print(
            f"{self.channel.upper()}: {done.finished:,} of {self.total:,}", flush=True
        )


if __name__ == "__main__":
    sys.exit(main())
