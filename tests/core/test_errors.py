"""The errors: one tree, masked, with a next step, and able to travel."""

import copy
import importlib
import inspect
import pickle
import pkgutil
from typing import Any

import attrs
import pytest

import stackverify
from stackverify import errors
from stackverify.models.campaigns import Preflight, RowProblem
from stackverify.models.outcomes import BulkSummary
from stackverify.models.results import MessageStatus
from stackverify.reply import Reply

CLASSES = [getattr(errors, name) for name in errors.__all__]
BODY = b'{"message": "c4nary +254712345678"}'
REPLY = Reply(422, {"x-request-id": "req_1"}, BODY, 0.25, is_complete=False)
FIELDS: dict[str, Any] = {
    "message": "POST /sms/send: answered 422.",
    "reply": REPLY,
    "field": "to",
    "remedy": "write it in E.164",
    "summary": BulkSummary(accepted=3, next_index=5, unfinished=(4,)),
    "permission": "sms:send",
    "errors": {"to": ("is wrong",)},
    "retry_after": 7.5,
    "preflight": Preflight(
        *(2, 1, (RowProblem(1, "to", "is bad", "mend it", "+254712345678"),), 1),
        *(0, 0, 0, 1, 1, {1: 1}, {"é": 1}, 0.6, None, None),
    ),
    "differences": ("row 4 differs in phone",),
    "last": MessageStatus("SM1", "sent", "c4nary", {"status": "sent"}, REPLY),
}


def made(kind: type[Any]) -> Any:
    names = [field.name for field in attrs.fields(kind)]
    return kind(*(FIELDS[name] for name in names))


def state(error: Any) -> dict[str, Any]:
    return {name: getattr(error, name) for name in attrs.fields_dict(type(error))}


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_is_made_of_positional_fields(kind: type[Any]) -> None:
    error = made(kind)
    assert all(not field.kw_only for field in attrs.fields(kind))
    assert state(error) == {name: FIELDS[name] for name in state(error)}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_survives_pickling(kind: type[Any], protocol: int) -> None:
    error = made(kind)
    error.add_note("in row 7")
    back = pickle.loads(pickle.dumps(error, protocol))
    assert type(back) is kind
    assert state(back) == state(error)
    assert (str(back), repr(back)) == (str(error), repr(error))
    assert back.__notes__ == ["in row 7"]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_can_be_copied(kind: type[Any], duplicate: Any) -> None:
    error = made(kind)
    twin = duplicate(error)
    assert type(twin) is kind
    assert twin is not error
    assert state(twin) == state(error)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_with_its_least_fields_survives_too(kind: type[Any]) -> None:
    least = [FIELDS[f.name] for f in attrs.fields(kind) if f.default is attrs.NOTHING]
    error = kind(*least)
    back = pickle.loads(pickle.dumps(error))
    assert state(back) == state(error)
    assert str(back) == str(error)


@pytest.mark.parametrize("kind", CLASSES)
def test_no_error_shows_a_secret(kind: type[Any]) -> None:
    error = made(kind)
    for shown in (str(error), repr(error), f"{error!s:.500}"):
        assert "c4nary" not in shown
        assert "712345678" not in shown


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_says_what_to_do_next(kind: type[Any]) -> None:
    error = made(kind)
    says_itself = kind in {
        errors.StackverifyError,
        errors.ConfigurationError,
        errors.InvalidInputError,
        errors.ReplyError,
        errors.WebhookError,
    }
    assert bool(kind.next_step) is not says_itself
    assert kind.next_step in str(error)
    assert str(error) == str(error).strip()


def test_bad_input_is_told_with_its_field_and_remedy() -> None:
    error = errors.InvalidInputError("is empty", "text", "write something")
    assert str(error) == "text: is empty; write something. Nothing was sent."


def test_what_was_sent_or_not_is_a_type() -> None:
    def told(kind: type[Any]) -> list[type[Any]]:
        return [c for c in CLASSES if issubclass(c, kind) and c is not kind]

    never, maybe = told(errors.NeverLeftError), told(errors.MaybeSentError)
    assert not set(never) & set(maybe)
    assert not set(told(errors.RefusedError)) & {*never, *maybe}
    assert maybe == [
        errors.NoReplyError,
        errors.SendServerError,
        errors.UnreadableReplyError,
    ]


def test_errors_are_caught_by_the_words_python_has_for_them() -> None:
    assert issubclass(errors.InvalidInputError, ValueError)
    assert issubclass(errors.DeadlineError, TimeoutError)
    assert issubclass(errors.WaitTimeoutError, TimeoutError)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_is_caught_by_the_base(kind: type[Any]) -> None:
    assert issubclass(kind, errors.StackverifyError)
    with pytest.raises(errors.StackverifyError):
        raise made(kind)


def test_two_errors_alike_are_still_two() -> None:
    first, second = made(errors.NotFoundError), made(errors.NotFoundError)
    assert first != second
    assert len({first, second}) == 2


def test_an_answer_is_at_hand_on_what_it_caused() -> None:
    error = made(errors.UnprocessableError)
    assert (error.status, error.request_id, error.reply) == (422, "req_1", REPLY)
    assert errors.ReplyError("no", Reply(500, {}, b"")).request_id is None


def test_the_errors_by_field_are_counted_and_not_shown() -> None:
    error = errors.UnprocessableError("no", REPLY, {"to": ("+254712345678",), "a": ()})
    assert "errors=<2 fields>" in repr(error)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    lines = (errors.__doc__ or "").splitlines()
    drawn = [word for line in lines for word in line.split() if word.endswith("Error")]
    assert set(drawn) >= set(errors.__all__)


def test_every_error_of_the_module_is_public() -> None:
    defined = [
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__module__ == errors.__name__
    ]
    assert sorted(defined) == sorted(errors.__all__)


# Public names.


def modules() -> list[str]:
    found = pkgutil.walk_packages(stackverify.__path__, "stackverify.")
    names = [module.name for module in found]
    return ["stackverify", *(n for n in names if not n.endswith("__main__"))]


@pytest.mark.parametrize("name", modules())
def test_the_names_a_module_declares_are_there(name: str) -> None:
    module = importlib.import_module(name)
    names = getattr(module, "__all__", [])
    assert len(set(names)) == len(names)
    assert all(hasattr(module, declared) for declared in names)


def is_promise(name: str) -> bool:
    """Tell whether a module is for users; of the sandbox only its door is."""
    inside = name.split(".")[1:]
    is_ours = any(part.startswith("_") for part in inside)
    return not is_ours and not (inside[:1] == ["sandbox"] and len(inside) > 1)


PUBLIC = [name for name in modules() if is_promise(name)]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_sorted_without_regard_to_case(name: str) -> None:
    names = list(getattr(importlib.import_module(name), "__all__", []))
    assert names == sorted(names, key=str.casefold)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_class_or_function_says_what_it_is(name: str) -> None:
    module = importlib.import_module(name)
    things = [getattr(module, declared) for declared in getattr(module, "__all__", [])]
    made_here = [t for t in things if inspect.isclass(t) or inspect.isfunction(t)]
    assert [thing for thing in made_here if not (thing.__doc__ or "").strip()] == []


def test_a_name_that_does_not_exist_is_told_as_usual() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Clinet'"):
        stackverify.Clinet  # type: ignore[attr-defined]  # noqa: B018


def test_the_package_lists_its_names_before_they_are_loaded() -> None:
    assert set(stackverify.__all__) <= set(dir(stackverify))
    assert stackverify.errors is errors
