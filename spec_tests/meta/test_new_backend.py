"""docs/new-backend.md, carried out as it is written, and that its reader finds what is not so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from installations import ROOT
from reading_pages import PageError, Reader, blocks_of
from running import User

PAGE = ROOT / "docs" / "new-backend.md"


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(User(tmp_path))


def test_whoever_does_what_the_page_says_sees_what_it_shows(reader: Reader) -> None:
    reader.follow(PAGE.read_text(encoding="utf-8"))


def test_the_eight_lines_are_eight() -> None:
    first = next(block for block in blocks_of(PAGE.read_text(encoding="utf-8")) if block.kind == "python")
    assert len(first.text.splitlines()) == 8


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text(encoding="utf-8"))
    assert len(links) >= 5
    assert [link for link in links if not (PAGE.parent / link).exists()] == []


FOLLOWED = """
Write `own.py`:

```python
print("hello")
```

Run it:

```console
$ python own.py
hello
$ echo $?
0
```
"""
LIES = {
    "another output": FOLLOWED.replace("\nhello\n$", "\ngoodbye\n$"),
    "another exit code": FOLLOWED.replace("\n0\n", "\n1\n"),
    "no output": FOLLOWED.replace("\nhello\n$", "\n$"),
    "a file without a name": FOLLOWED.replace("`own.py`", "this"),
    "a block that is not run": FOLLOWED.replace("```console", "```sh"),
    "a command that is not everywhere": FOLLOWED.replace("$ python own.py", "$ cat own.py"),
    "no command": FOLLOWED.replace("$ python own.py\n", ""),
    "a fence without an end": f"{FOLLOWED}\n```console\n",
}


def test_a_page_that_is_true_is_followed(reader: Reader) -> None:
    reader.follow(FOLLOWED)


@pytest.mark.parametrize("lie", LIES)
def test_a_page_that_says_what_is_not_so_is_found(lie: str, reader: Reader) -> None:
    with pytest.raises(PageError):
        reader.follow(LIES[lie])
