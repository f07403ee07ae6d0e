"""Text that came from files, fit for a terminal."""

from __future__ import annotations

__all__ = ["plain"]


def plain(text: str) -> str:
    """`text` in one line; what could steer a terminal, or cannot be shown, is escaped as in Python's source."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
