"""Prints every table: `python -m benchmarks`, or with the topics that are wanted."""

from __future__ import annotations

import sys
from importlib import import_module

TOPICS = (
    "calls",
    "fanout",
    "page",
    "connections",
    "import",
    "memory",
    "limiter",
    "webhooks",
    "ledger",
)


def main() -> None:
    """Run the topics named on the command line, or all."""
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    if unknown := set(wanted) - set(TOPICS):
        sys.exit(f"no such topic: {', '.join(unknown)}; there are {', '.join(TOPICS)}")
    for topic in wanted or TOPICS:
        import_module(f"benchmarks.bench_{topic}").main()


if __name__ == "__main__":
    main()
