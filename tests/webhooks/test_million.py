"""A million events with repeats among them: all found, and none wrongly."""

import random
from typing import Any

from stackverify._core.track import Flow, Mark, Read, Swap, claim, finish
from stackverify._stores.memory import MemoryTable
from stackverify.models.webhooks import Verdict

EVENTS, REPEATS, WORDS = 1_000_000, 100_000, 3
NOW = 1_800_000_000.0


def run(flow: Flow[Any], table: MemoryTable) -> Any:
    try:
        step = next(flow)
        while True:
            match step:
                case Read(key):
                    step = flow.send(table.read(key, NOW))
                case Swap(key, old, new):
                    step = flow.send(table.swap(key, old, new, now=NOW, keep=60.0))
    except StopIteration as done:
        return done.value


def test_every_repeat_is_found_and_no_new_event_is_taken_for_one() -> None:
    dice = random.Random(11)
    messages = (EVENTS - REPEATS) // WORDS
    table = MemoryTable(messages)
    numbers = [
        *range(messages * WORDS),
        *dice.choices(range(messages * WORDS), k=REPEATS),
    ]
    dice.shuffle(numbers)
    seen = bytearray(messages * WORDS)
    wrong = 0
    for number in numbers:
        message, word = divmod(number, WORDS)
        mark = Mark(f"{message:036x}", f"{word:018x}", word)
        claimed = run(claim(mark, "me", now=NOW, lease=60.0, patience=0.0), table)
        wrong += (claimed.verdict is Verdict.REPEATED) is not bool(seen[number])
        seen[number] = 1
        run(finish(claimed), table)
    assert (len(numbers), sum(seen), wrong) == (EVENTS, messages * WORDS, 0)
