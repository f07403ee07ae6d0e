"""Any identifier becomes the name of a folder that no file system confuses with another's."""

from __future__ import annotations

import re
import unicodedata

import pytest

from burndown_spec.values.identifiers import IDENTIFIERS
from burndown_store.json_files.names import LONGEST_NAME, folder_name

DEVICES = ("con", "prn", "aux", "nul", "com1", "com9", "lpt1", "lpt9")


@pytest.mark.parametrize("identifier", ["p_0a1b2c3d4e5f", "q_20251103_120000", "main", "team-blue", "team blue", "0"])
def test_what_is_safe_stays_as_it_is(identifier: str) -> None:
    assert folder_name(identifier) == identifier


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("Kafka", "%4Bafka"),
        ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"),
        ("a:b", "a%3Ab"),
        ("100%", "100%25"),
        ("%41", "%2541"),
        ("a~b", "a%7Eb"),
        ("B\u00fcro", "%42%C3%BCro"),
        ("..", "%2E%2E"),
        ("../../x", "%2E%2E%2F%2E%2E%2Fx"),
        ("profiles.json", "profiles%2Ejson"),
        ("a ", "a%20"),
        (" a", "%20a"),
        (" ", "%20"),
        ("a\n", "a%0A"),
        ("con", "%63on"),
        ("CON", "%43%4F%4E"),
        ("nul.txt", "nul%2Etxt"),
        ("lpt1", "%6Cpt1"),
        ("console", "console"),
    ],
)
def test_what_is_not_safe_is_percent_encoded(identifier: str, name: str) -> None:
    assert folder_name(identifier) == name


@pytest.mark.parametrize("identifier", ["a" * 65, "a" * 200, "A" * 30, "\u00fc" * 11, "\U0001f525" * 200])
def test_what_is_too_long_keeps_its_beginning_and_gets_a_hash(identifier: str) -> None:
    name = folder_name(identifier)
    assert len(name) <= LONGEST_NAME
    assert re.fullmatch(r"(a{31}|(%[0-9A-F]{2}){10})~[0-9a-f]{32}", name)


def test_the_longest_that_needs_no_hash_has_none() -> None:
    assert folder_name("a" * LONGEST_NAME) == "a" * LONGEST_NAME


def test_every_name_is_one_that_any_file_system_takes() -> None:
    for identifier in (*IDENTIFIERS, *DEVICES):
        name = folder_name(identifier)
        assert re.fullmatch(r"[a-z0-9_~%A-F -]{1,64}", name), name
        assert name == name.strip(" ")
        assert name not in DEVICES


def test_no_two_names_are_alike_without_case_and_normalised() -> None:
    seen = {unicodedata.normalize("NFKC", folder_name(each)).casefold() for each in IDENTIFIERS}
    assert len(seen) == len(IDENTIFIERS)


def test_the_name_of_one_is_never_the_identifier_of_another_with_that_name() -> None:
    long = "a" * 200
    assert folder_name(folder_name(long)) != folder_name(long)
