"""Templates: placeholders become values, braces stay braces, blanks are told."""

import datetime as dt
import json
from pathlib import Path
from types import MappingProxyType
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
from stackverify.models.velstack import QuickSms

ROW = {"phone": "+254700000001", "name": "Joan", "n": 7, "First name": "J", "no": None}
OCTETS = Attachment("b", b"").media_type


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


@pytest.mark.parametrize(
    ("message", "recipient"),
    [
        (Sms("{phone}", "Hi"), "+254700000001"),
        (Sms("+{n}{n}", "Hi"), "+77"),
        (Sms("+254700000002", "Hi {name}"), "+254700000002"),
        (QuickSms("Shop", "{phone}", "Hi"), "+254700000001"),
        (Email("{{{name}}}@example.org", subject="s"), "{Joan}@example.org"),
        (Email("{{a}}@example.org", subject="{name}"), "{a}@example.org"),
    ],
)
def test_the_recipient_of_a_row_is_that_of_its_message(
    message: Any, recipient: str
) -> None:
    template = Template(message)
    assert template.recipient(ROW) == template.fill(ROW).to == recipient


@pytest.mark.parametrize("row", [{}, {"phone": None}, {"phone": " "}])
def test_a_row_that_does_not_say_whom_it_is_for_is_for_nobody(row: Any) -> None:
    assert Template(Sms("{phone}", "Hi"), allow_blank=True).recipient(row) == ""


@pytest.mark.parametrize("text", ["Hi", "Hi {name}"])
@pytest.mark.parametrize(
    "make",
    [lambda text: Sms("{phone}", text), lambda text: QuickSms("Shop", "{phone}", text)],
)
def test_only_the_recipient_may_differ_in_what_is_the_same_for_all(
    make: Any, text: str
) -> None:
    assert Template(make(text)).is_same_for_all is (text == "Hi")


def test_headers_without_placeholders_are_the_same_for_all() -> None:
    message = Email("{to}", subject="s", headers={"X-A": "a", "X-B": "b"})
    assert Template(message).is_same_for_all
    message = Email("{to}", subject="s", headers={"X-A": "a", "X-B": "{b}"})
    assert not Template(message).is_same_for_all


def test_without_any_placeholder_all_is_the_same() -> None:
    template = Template(Sms("+254700000001", "Hi"))
    assert template.is_same_for_all
    assert template.columns == ()
    assert template.fill({}) == Sms("+254700000001", "Hi")


def test_columns_are_named_once_in_the_order_of_the_fields() -> None:
    message = Email("{to}", subject="{b} {a}", text="{a} {c}", headers={"X": "{d}"})
    assert Template(message).columns == ("to", "b", "a", "c", "d")


def test_braces_in_what_is_not_filled_in_are_braces_too() -> None:
    message = Email(
        "{to}", subject="{{s}}", text="{{{to}}}", headers={"A": "{{x}}", "B": "{to}"}
    )
    filled = Template(message).fill({"to": "a@example.org"})
    assert (filled.subject, filled.text) == ("{s}", "{a@example.org}")
    assert filled.headers == {"A": "{x}", "B": "a@example.org"}
    fixed = Template(Email("a@example.org", subject="s", headers={"A": "{{x}}"}))
    assert fixed.fill({}).headers == {"A": "{x}"}


def test_what_is_no_text_stays_as_it_is() -> None:
    message = Email("{to}", subject="s", attachments=[Attachment("{a}", b"{b}")])
    filled = Template(message).fill({"to": "a@example.org"})
    assert filled.attachments == [Attachment("{a}", b"{b}")]


@pytest.mark.parametrize("field", ["to", "recipient"])
def test_no_recipient_may_be_blank(field: str) -> None:
    makers = {"to": Sms("{a}", "Hi"), "recipient": QuickSms("Shop", "{a}", "Hi")}
    template = Template(makers[field], allow_blank=True)
    with pytest.raises(InvalidInputError) as caught:
        template.fill({"a": " "})
    assert caught.value.field == field
    assert caught.value.message == "has no value for {a}"
    assert caught.value.remedy == "fill in the column, or allow it to be blank"


def test_what_is_not_there_is_not_blank() -> None:
    template = Template(Sms("{phone}", "Hi {name}"), allow_blank=True)
    with pytest.raises(InvalidInputError, match=r"\{name\}"):
        template.fill({"phone": "+254700000001"})


def test_a_value_keeps_its_spaces() -> None:
    template = Template(Sms("{phone}", "Hi {a}"))
    assert template.fill({"phone": "+1", "a": " x "}).text == "Hi  x "


@pytest.mark.parametrize(
    ("message", "field", "problem", "remedy"),
    [
        (
            None,
            "template",
            "is of type NoneType",
            "give a message with placeholders, such as an Sms",
        ),
        (
            Sms(["+1"], "Hi"),  # type: ignore[arg-type]
            "to",
            "is of type list",
            'give a placeholder, as in to="{phone}": a row is one recipient',
        ),
        (
            Sms("{phone}", "Hi {"),
            "text",
            "has a brace that belongs to no placeholder",
            "write {column}, or {{ and }} for braces",
        ),
    ],
)
def test_a_template_that_cannot_be_used_is_told_where_and_why(
    message: Any, field: str, problem: str, remedy: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Template(message)
    assert caught.value.field == field
    assert (caught.value.message, caught.value.remedy) == (problem, remedy)


@pytest.mark.parametrize(
    ("message", "written"),
    [
        (Sms("{a}", "x"), {"channel": "sms", "to": "{a}", "text": "x"}),
        (
            QuickSms("Shop", "{a}", "x"),
            {
                "channel": "velstack",
                "sender": "Shop",
                "recipient": "{a}",
                "message": "x",
            },
        ),
        (
            WhatsAppTemplate("{a}", "t", "en", variables=MappingProxyType({"1": "x"})),
            {
                "channel": "whatsapp",
                "to": "{a}",
                "name": "t",
                "language": "en",
                "variables": {"1": "x"},
            },
        ),
        (
            Email(
                "{a}",
                subject="s",
                scheduled_at=dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC),
                attachments=[
                    Attachment("a", b"\x00", "text/plain"),
                    Attachment("b", Path("b.pdf")),
                ],
            ),
            {
                "channel": "email",
                "to": "{a}",
                "subject": "s",
                "scheduled_at": "2026-03-01T08:00:00+00:00",
                "attachments": [
                    {"name": "a", "media_type": "text/plain", "content": "AA=="},
                    {"name": "b", "media_type": OCTETS, "path": "b.pdf"},
                ],
            },
        ),
    ],
)
def test_a_ledger_of_an_earlier_version_can_be_read(message: Any, written: Any) -> None:
    assert json.loads(json.dumps(write_template(message))) == written
    again = read_template(written)
    assert write_template(again) == written
    assert type(again) is type(message)


def test_a_moment_given_as_text_is_kept_as_text() -> None:
    message = Sms("{a}", "x", scheduled_at="2026-03-01T08:00:00Z")
    assert write_template(message)["scheduled_at"] == "2026-03-01T08:00:00Z"


def test_what_one_side_lacks_differs_even_from_nothing() -> None:
    assert differing_fields({"b": None, "a": 1, "c": 2}, {"c": 2}) == ["a", "b"]
    assert differing_fields({}, {"a": None}) == ["a"]
