"""The page of public names."""

import importlib

import pytest

from tools.list_names import (
    MODULES,
    NamelessError,
    main,
    public_names,
    sentence,
    source_of,
)


def test_the_page_is_as_it_would_be_written() -> None:
    assert main(["--check"]) == 0


@pytest.mark.parametrize("module", MODULES)
def test_the_names_are_those_that_the_module_has(module: str) -> None:
    assert public_names(source_of(module)) == importlib.import_module(module).__all__


def test_a_sentence_is_found_where_the_name_is_defined() -> None:
    assert sentence("stackverify.webhooks", "SIGNATURE_HEADER") == (
        "The header that has the signature."
    )


def test_a_name_of_which_nothing_is_said_is_an_error() -> None:
    with pytest.raises(NamelessError, match="annotations"):
        sentence("stackverify.errors", "annotations")
