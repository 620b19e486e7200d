"""Rows and recipients of files, as spreadsheets and people write them."""

import math
from pathlib import Path

import pytest

from stackverify._core.recipients import whose
from stackverify._stores.sources import read_recipients, read_rows, write_rows
from stackverify.errors import InvalidInputError
from stackverify.models.campaigns import CampaignRow, RowState

JOAN = {"phone": "+254712345678", "name": "Joan"}
ANN = {"phone": "+254712345679", "name": "Ann"}


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "people.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "phone,name\n+254712345678,Joan\n+254712345679,Ann\n",
        "\ufeffphone;name\r\n+254712345678;Joan\r\n+254712345679;Ann\r\n",
        "phone\tname\n+254712345678\tJoan\n+254712345679\tAnn",
        '"phone","name"\r+254712345678,"Joan"\r+254712345679,Ann\r',
        "\n\nphone,name,\n+254712345678,Joan,\n\n,,\n+254712345679,Ann,\n , ,\n",
    ],
    ids=["plain", "excel", "tabs", "old mac", "blanks"],
)
def test_rows_are_read_as_any_spreadsheet_writes_them(
    tmp_path: Path, content: str
) -> None:
    assert [*read_rows(written(tmp_path, content))] == [JOAN, ANN]


class NAType:
    """As pandas calls what it has for a value that is missing."""


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (math.nan, None),
        (math.inf, None),
        (NAType(), None),
        (0.5, 0.5),
        (7, 7),
        (True, True),
        (None, None),
        (Path("a"), "a"),
    ],
)
def test_a_value_is_kept_as_json_can_have_it(value: object, kept: object) -> None:
    (row,) = read_rows([{"value": value}])
    assert row["value"] == kept
    assert type(row["value"]) is type(kept)


def test_bytes_would_be_sent_as_python_writes_them_and_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="row 0: has a value of type bytes"):
        [*read_rows([{"phone": b"+254712345678"}])]


def test_a_comma_in_the_first_line_stands_between_cells(tmp_path: Path) -> None:
    (row,) = read_rows(written(tmp_path, "phone,name;nick\n+254712345678,Joan;J\n"))
    assert row == {"phone": "+254712345678", "name;nick": "Joan;J"}


def test_a_short_row_has_no_value_in_its_last_columns(tmp_path: Path) -> None:
    (row,) = read_rows(written(tmp_path, "phone,name\n+254712345678\n"))
    assert row == {"phone": "+254712345678", "name": None}


@pytest.mark.parametrize(
    ("content", "field", "problem"),
    [
        ("phone,name,name\n1,2,3\n", "source", "has the column 'name' twice"),
        ("phone, phone\n1,2\n", "source", "has the column 'phone' twice"),
        ("+254712345678,Joan\n", "source", "begins with a recipient"),
        ("Joan,254712345678\n", "source", "begins with a recipient"),
        ("joan@example.org\n", "source", "begins with a recipient"),
        ("phone,name\n1,2,3\n", "source: row 0", "has more cells"),
        ('phone,name\n1,"Joan\n2,Ann\n', "source: line 2", "cannot be read as CSV"),
        (f"phone\n1\n{'x' * 200_000}\n", "source: line 3", "cannot be read as CSV"),
        ('phone\n"Jo"an\n', "source: line 2", "cannot be read as CSV"),
        (b"phone,name\n1,J\xf6rg\n", "source", "is not UTF-8"),
        ('[{"phone": "1"}]\n', "source", "is JSON, where CSV should be"),
        ('\n {"phone": "1"}\n', "source", "is JSON, where CSV should be"),
        ("phone\n".encode("utf-16-le"), "source", "is no text"),
    ],
)
def test_what_would_be_misread_is_refused(
    tmp_path: Path, content: str | bytes, field: str, problem: str
) -> None:
    with pytest.raises(InvalidInputError, match=problem) as caught:
        [*read_rows(written(tmp_path, content))]
    assert caught.value.field == field
    assert caught.value.remedy
    assert "712345678" not in str(caught.value)


def test_moments_are_written_as_people_and_programs_read_them(tmp_path: Path) -> None:
    row = CampaignRow(0, RowState.ACCEPTED, "+1", {"name": "J"}, sent_at=1.8e9)
    assert write_rows(tmp_path / "out.jsonl", [row]) == 1
    (line,) = read_rows(tmp_path / "out.jsonl")
    assert (line["sent_at"], line["status_at"]) == (
        "2027-01-15T08:00:00.000+00:00",
        None,
    )


def test_who_wants_nothing_is_read_from_the_first_cells(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeffphone;since\n+254 712 345 678;2026\n\nJ@x.org;\n")
    assert [*read_recipients(path)] == ["phone", "+254 712 345 678", "J@x.org"]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("name,phone\nJoan,+254712345678\n", "opt_outs: row 1"),
        ("+254712345678\n,+254712345679\n", "opt_outs: row 1"),
        (b"J\xf6rg\n", "opt_outs"),
    ],
)
def test_a_list_that_would_opt_out_nobody_is_refused(
    tmp_path: Path, content: str | bytes, field: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        [*read_recipients(written(tmp_path, content))]
    assert caught.value.field == field


@pytest.mark.parametrize(
    "spelling",
    ["+254712345678", "254712345678", "00254712345678", " +254 712-345 (678)"],
)
def test_a_number_is_the_same_however_it_is_written(spelling: str) -> None:
    assert whose(spelling) == whose("+254712345678")


def test_an_address_is_the_same_in_capitals() -> None:
    assert whose("Joan@Example.org ") == whose("joan@example.org")
    assert whose("joan1@example.org") != whose("joan2@example.org")
