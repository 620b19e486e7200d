"""The pytest files of docs/testing.md run as they are written there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "testing.md"
_FILE = re.compile(r"```python\n# (test_\w+\.py)\n(.*?)```", re.DOTALL)
FILES = dict(_FILE.findall(DOCS.read_text("utf-8")))
README = (DOCS.parents[1] / "README.md").read_text("utf-8")
(FILES["test_of_the_readme.py"],) = re.findall(
    r"```python\n(def test_[^`]*)```", README
)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_docs_passes(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name], "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", name]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_failing_assertion_shows_what_was_sent_instead(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "def test_it(stackverify_sandbox):\n"
        "    stackverify_sandbox.client().sms.send('+254712345678', 'Hi Joan')\n"
        "    stackverify_sandbox.assert_sent('+254712345678', text='Bye')\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "0 such messages were accepted, not 1" in done.stdout
    assert "sms to +254712345678: 'Hi Joan'" in done.stdout
    assert "stackverify/testing.py" not in done.stdout


def test_the_files_of_the_docs_are_found() -> None:
    assert list(FILES) == [
        "test_reminders.py",
        "test_webhooks.py",
        "test_of_the_readme.py",
    ]


def test_other_tests_load_neither_sandbox_nor_client(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    assert 'stackverify.sandbox' not in sys.modules\n"
        "    assert 'stackverify._sync' not in sys.modules\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
