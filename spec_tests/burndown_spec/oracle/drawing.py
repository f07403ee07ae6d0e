"""Drawing that depends on the seed and the strategies alone.

Hypothesis itself also draws constants that it finds in the source of whatever modules are loaded, and keeps them in
files. Then one seed would mean other examples on another worker, and a run of the gate would leave a folder behind.
"""

from __future__ import annotations

import random
from typing import ClassVar

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

__all__ = ["drawing_from"]


class _Uniform(HypothesisProvider):
    """Draws every place of a choice alike."""

    lifetime = "test_function"  # type: ignore[assignment]
    seed: ClassVar[int]

    def __init__(self, conjecturedata: None) -> None:
        super().__init__(conjecturedata)
        self._source = random.Random(self.seed)

    def draw_boolean(self, p: float = 0.5) -> bool:
        return self._source.random() < p

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: dict[int, float] | None = None,
        shrink_towards: int = 0,
    ) -> int:
        if min_value is None or max_value is None or weights is not None:
            return super().draw_integer(min_value, max_value, weights=weights, shrink_towards=shrink_towards)
        return self._source.randint(min_value, max_value)


def drawing_from(seed: int) -> str:
    """The name, for the setting `backend` of hypothesis, of what draws from `seed`."""
    name = f"burndown-spec-{seed}"
    AVAILABLE_PROVIDERS[name] = type(f"UniformFrom{seed}", (_Uniform,), {"seed": seed})
    return name
