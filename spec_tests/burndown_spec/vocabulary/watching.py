"""What another reader finds while a call is under way, line by line."""

from __future__ import annotations

import queue
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any

from burndown_spec.vocabulary.outcomes import Raised, attempt
from burndown_store.contract import same

__all__ = ["Watch", "seen_meanwhile"]


class Watch:
    """Stops a call of a backend at each line of its package that it comes to, the first two times, and looks meanwhile.

    `look` is called in a thread of its own. Where it is kept waiting, by a lock that the stopped call holds, the call
    goes on, and what the look gives then does not count: it was not of one moment.
    """

    PATIENCE = 0.1
    STOPS_AT_A_LINE = 2
    # A slow backend is watched less, instead of being kept until it fails for slowness.
    WATCHED_SECONDS = 0.8

    def __init__(self, look: Callable[..., Any], *args: Any, seconds: float) -> None:
        """Where nothing is in its way, the look takes about so many `seconds`."""
        self.seen: list[Any] = []
        # The lock that kept a look waiting may be free at the next line, and not for long.
        self._chance = min(2 * seconds, self.PATIENCE)
        self._look, self._args = look, args
        self._stops: Counter[tuple[object, int]] = Counter()
        self._wanted: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._found: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._is_waiting = False
        self._watched = ""
        self._until = monotonic() + self.WATCHED_SECONDS
        threading.Thread(target=self._keep_looking, daemon=True).start()

    def follow(self, call: Callable[..., Any], *args: Any) -> Any:
        """What `call` gives; the thread is followed until then."""
        # The libraries that a backend stands on may come to thousands of lines.
        module = type(getattr(call, "__self__", call)).__module__
        package = getattr(sys.modules[module.partition(".")[0]], "__file__", None)
        file = Path(package or getattr(sys.modules[module], "__file__", None) or "")
        self._watched = str(file.parent if file.name == "__init__.py" else file)
        sys.settrace(self._trace)
        try:
            return call(*args)
        finally:
            sys.settrace(None)
            self._wanted.put(False)

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(self._watched) or monotonic() > self._until:
            return None
        place = (frame.f_code, frame.f_lineno)
        if event == "line" and self._stops[place] < self.STOPS_AT_A_LINE:
            self._stops[place] += 1
            self._stop()
        return self._trace

    def _stop(self) -> None:
        if self._is_waiting:
            with suppress(queue.Empty):
                self._found.get(timeout=self._chance)
                self._is_waiting = False
        if not self._is_waiting:
            self._wanted.put(True)
            try:
                found = self._found.get(timeout=self.PATIENCE)
            except queue.Empty:
                self._is_waiting = True
            else:
                if not any(same(found, known) for known in self.seen):
                    self.seen.append(found)

    def _keep_looking(self) -> None:
        while self._wanted.get():
            self._found.put(attempt(self._look, *self._args))


def seen_meanwhile(look: Any, reader: Any, call: Any, *args: Any) -> list[Any]:
    """What `look(reader)` finds while `call` is under way that it finds neither before nor afterwards.

    Where it finds nothing of the kind, what the call raises is raised.
    """
    started = monotonic()
    before = look(reader)
    watch = Watch(look, reader, seconds=monotonic() - started)
    outcomes: list[Any] = []
    thread = threading.Thread(target=lambda: outcomes.append(attempt(watch.follow, call, *args)))
    thread.start()
    thread.join()
    afterwards = look(reader)
    seen = [
        found.error if isinstance(found, Raised) else found
        for found in watch.seen
        if not same(found, before) and not same(found, afterwards)
    ]
    if not seen and isinstance(outcomes[0], Raised):
        raise outcomes[0].error
    return seen
