"""Templates: placeholders become values, braces stay braces, blanks are told."""

from pathlib import Path
from typing import Any

import pytest

from stackverify import Attachment, Email, Sms, WhatsAppTemplate
from stackverify._core.template import (
    Template,
    differing_fields,
    read_template,
    write_template,
)
from stackverify.errors import InvalidInputError

ROW = {"phone": "+254700000001", "name": "Joan", "n": 7, "First name": "J", "no": None}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hi {name}", "Hi Joan"),
        ("{name}{name}", "JoanJoan"),
        ("{ First name }, {n} %s 100%", "J, 7 %s 100%"),
        ("{{name}} is {name}", "{name} is Joan"),
        ("{{}}", "{}"),
    ],
)
def test_columns_stand_in_braces(text: str, filled: str) -> None:
    assert Template(Sms("{phone}", text)).fill(ROW) == Sms("+254700000001", filled)


@pytest.mark.parametrize("text", ["{", "}", "{}", "{ }", "{a{b}}", "a}"])
def test_a_brace_that_belongs_to_nothing_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="brace"):
        Template(Sms("{phone}", text))


@pytest.mark.parametrize("column", ["missing", "no"])
def test_a_value_that_is_missing_is_told_by_the_name_of_its_column(column: str) -> None:
    template = Template(Sms("{phone}", f"Hi {{{column}}}"))
    with pytest.raises(InvalidInputError, match=column):
        template.fill(ROW)


def test_blanks_can_be_allowed_but_for_the_recipient() -> None:
    template = Template(Sms("{phone}", "Hi {no}"), allow_blank=True)
    assert template.fill(ROW).text == "Hi "
    with pytest.raises(InvalidInputError):
        template.fill({**ROW, "phone": ""})


def test_values_in_html_cannot_become_markup() -> None:
    message = Email("{to}", subject="{a}", html="<p>{a}</p>", text="{a}")
    filled = Template(message).fill({"to": "a@example.org", "a": "<b>&"})
    assert filled.html == "<p>&lt;b&gt;&amp;</p>"
    assert (filled.subject, filled.text) == ("<b>&", "<b>&")


def test_variables_and_headers_are_filled_in_and_the_rest_stays() -> None:
    message = WhatsAppTemplate(
        "{phone}", "t", "en", variables={"1": "{name}", "2": "x"}
    )
    template = Template(message)
    assert template.fill(ROW).variables == {"1": "Joan", "2": "x"}
    assert template.columns == ("phone", "name")
    assert not template.is_same_for_all


def test_a_text_without_placeholders_is_the_same_for_all() -> None:
    assert Template(Sms("{phone}", "Hi")).is_same_for_all


@pytest.mark.parametrize("message", [None, "Hi", Email(["a@b.c"], subject="s")])
def test_what_is_no_message_to_one_is_refused(message: Any) -> None:
    with pytest.raises(InvalidInputError):
        Template(message)


@pytest.mark.parametrize(
    "message",
    [
        Sms("{phone}", "Hi", sender_id="SHOP", extra={"a": [1]}),
        WhatsAppTemplate("{phone}", "t", "en", variables={"1": "{a}"}),
        Email(
            "{to}",
            subject="s",
            text="t",
            attachments=[Attachment("a", b"\x00"), Attachment("b", Path("b.pdf"))],
        ),
    ],
)
def test_what_is_written_is_read_again(message: Any) -> None:
    assert read_template(write_template(message)) == message


def test_only_the_names_of_what_differs_are_told() -> None:
    old, new = write_template(Sms("{a}", "x")), write_template(Sms("{b}", "x"))
    assert differing_fields(old, new) == ["to"]
