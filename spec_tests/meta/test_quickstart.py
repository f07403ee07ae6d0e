"""docs/quickstart.md, carried out as it is written."""

from __future__ import annotations

import re
from pathlib import Path

from installations import ROOT
from reading_pages import Reader
from running import User

PAGE = ROOT / "docs" / "quickstart.md"


def test_whoever_does_what_the_page_says_sees_what_it_shows(tmp_path: Path) -> None:
    Reader(User(tmp_path)).follow(PAGE.read_text(encoding="utf-8"))


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
