"""Bars on the terminal while something takes its time; nothing where there is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from burndown_store.command.plain import plain
from burndown_store.migration import Progress

__all__ = ["shown_progress"]


@contextmanager
def shown_progress(wanted: bool) -> Iterator[Callable[[Progress], None] | None]:
    """What a migration is to call; None where bars are not wanted, or nobody would see them."""
    console = Console(stderr=True)
    if not (wanted and console.is_terminal):
        yield None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}", markup=False),
    )
    tasks: dict[str, TaskID] = {}
    with Bars(*columns, console=console, transient=True) as bars:

        def tell(progress: Progress) -> None:
            what = plain(progress.what)
            if progress.phase not in tasks:
                tasks[progress.phase] = bars.add_task(progress.phase, total=progress.total, what=what)
            bars.update(tasks[progress.phase], completed=progress.done, total=progress.total, what=what)

        yield tell
