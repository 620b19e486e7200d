"""The README's examples run as they stand there, and its commands are what CI runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from stackverify.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
DOCUMENTS = ["README.md", "docs/guide.md", "docs/webhooks.md", "docs/campaigns.md"]


def examples() -> list[pytest.param]:
    found = []
    for name in DOCUMENTS:
        text = (ROOT / name).read_text("utf-8")
        blocks = re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        for block in blocks:
            line = text[: block.start()].count("\n") + 1
            found.append(pytest.param(block.group(1), id=f"{name}:{line}"))
    return found


@pytest.mark.parametrize("source", examples())
def test_an_example_runs_as_it_stands(
    source: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", source],
        env={
            "STACKVERIFY_API_KEY": sandbox.api_key,
            "STACKVERIFY_BASE_URL": sandbox.base_url,
            "STACKVERIFY_WEBHOOK_SECRET": "whsec_of_this_test",
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_readme_opens_with_two_commands_of_one_line() -> None:
    opening = (ROOT / "README.md").read_text("utf-8").partition("\n## ")[0]
    commands = re.findall(r"^```sh\n(.+)\n```$", opening, re.MULTILINE)
    assert ["campaign.py --sandbox" in commands[0], "nox" in commands[1]] == [True] * 2
    assert len(commands) == 2


def test_every_file_that_the_documents_name_is_there() -> None:
    for name in DOCUMENTS:
        path = ROOT / name
        links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8"))
        assert [link for link in links if not (path.parent / link).exists()] == []
