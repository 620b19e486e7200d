"""What the documents tell to type runs as it stands there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shell import PATIENCE, ROOT, Shell

TEXT = "\n".join(
    (ROOT / "docs" / name).read_text("utf-8") for name in ("cli.md", "velstack.md")
)
BLOCKS = [
    block
    for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    if "pip install" not in block
]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_runs_as_it_stands(shell: Shell, block: str) -> None:
    command = f'#!/bin/sh\nexec "{sys.executable}" -m stackverify "$@"\n'
    folder = Path(shell.folder, "bin")
    folder.mkdir()
    (folder / "stackverify").write_text(command, "utf-8")
    (folder / "stackverify").chmod(0o755)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=shell.folder,
        env=shell.environment | {"PATH": f"{folder}:{shell.environment['PATH']}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr
