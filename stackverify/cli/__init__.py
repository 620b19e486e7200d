"""The command line: `stackverify`, one module for each group of commands.

Each command loads what it needs when it runs, so that help and completion are
there at once. `docs/cli.md` tells how to use it.
"""

import sys

__all__ = ["main"]


def main() -> int:
    """Run the command that the program's arguments name; answer its exit code."""
    try:
        return _main()
    except KeyboardInterrupt:  # before there was anything to be told about
        return 130


def _main() -> int:
    try:
        import click
    except ImportError:
        sys.stderr.write(
            "stackverify: the command line needs an extra: "
            'pip install "stackverify[cli]"\n'
        )
        return 2
    del click
    from stackverify.cli.app import run

    return run(sys.argv[1:])
