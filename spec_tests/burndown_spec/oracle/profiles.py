"""How long the search for a disagreement goes on: the profiles `default`, `ci` and `nightly` of hypothesis."""

from __future__ import annotations

__all__ = ["register_profiles"]

_PROFILES = {"default": (30, 50), "ci": (100, 60), "nightly": (3000, 100)}
"""How many examples, and how many operations in each: many, because opening a store costs more than they do."""


def register_profiles() -> None:
    """Make the profiles known to hypothesis, in place of its own of these names, and load `default`."""
    # Imported here, because whoever only opens the backend `memory` does not wait for it.
    from hypothesis import HealthCheck, settings

    for name, (examples, steps) in _PROFILES.items():
        settings.register_profile(
            name,
            settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                print_blob=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    settings.load_profile("default")
