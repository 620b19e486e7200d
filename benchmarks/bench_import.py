"""Prints the CPU of importing, each time in a fresh process.

Run it with `python -m benchmarks.bench_import`.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.harness import Cost, is_installed, rounds, show

__all__ = ["main"]

_ROUNDS = 11
_YARDSTICK = "import httpx"
_STATEMENTS = (
    "import stackverify",
    "from stackverify import Client",
    "from stackverify import AsyncClient",
    _YARDSTICK,
)
_OPTIONAL = ("requests", "pydantic")
_PROGRAM = """
import time
began = time.process_time()
{}
print(time.process_time() - began)
"""


def main() -> None:
    """Print the table."""
    others = [f"import {name}" for name in _OPTIONAL if is_installed(name)]
    programs = {text: _PROGRAM.format(text) for text in (*_STATEMENTS, *others)}
    for program in programs.values():
        _seconds(program)  # writes the bytecode, where there is none yet
    costs = {text: Cost() for text in programs}
    for order in rounds(programs, _ROUNDS):
        for text, program in order:
            costs[text].seconds.append(_seconds(program))
    yardstick = costs[_YARDSTICK]
    show(
        f"imports, median of {_ROUNDS} fresh processes",
        ["", "ms CPU", f"of {_YARDSTICK}"],
        [
            [text, f"{cost.typical * 1e3:.1f}", f"{cost.over(yardstick):.2f}"]
            for text, cost in costs.items()
        ],
    )


def _seconds(program: str) -> float:
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return float(ended.stdout)


if __name__ == "__main__":
    main()
