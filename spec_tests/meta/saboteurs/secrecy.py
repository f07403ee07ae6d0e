"""Backends that give secrets away (contract, chapter 10)."""

from __future__ import annotations

import logging
import reprlib
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import PersistenceError, Profile, ValidationError, fields
from saboteurs import saboteur

log = logging.getLogger("acme.storage")
statements = logging.getLogger("acme.storage.statements")
statements.propagate = False


@saboteur("no-secret-in-the-log", says=("save_profile", "INSERT INTO profiles", "invented-token-4711"))
class LogsStatementsWithParameters(MemoryBackend):
    """Logs each statement at DEBUG together with its parameters."""

    def save_profile(self, profile: Profile) -> None:
        super().save_profile(profile)
        log.debug("INSERT INTO profiles VALUES (?, ?) %s", fields(profile))


@saboteur("no-secret-in-the-log", says=("list_profiles", "rows", "invented-token-4711"))
class LogsRowsAsExtra(MemoryBackend):
    """Hands what it read to structured logging, in a logger that has handlers of its own."""

    def list_profiles(self) -> list[Profile]:
        profiles = super().list_profiles()
        statements.debug("read", extra={"rows": [fields(profile) for profile in profiles]})
        return profiles


@saboteur("no-secret-in-the-log", says=("save_profile", "refused", "invented-token-4711"))
class LogsWhatItRefuses(MemoryBackend):
    """Warns of a profile that it refuses, and shows it."""

    def save_profile(self, profile: Any) -> None:
        try:
            super().save_profile(profile)
        except ValidationError:
            log.warning("refused: %s", reprlib.repr(getattr(profile, "jira_config", None)))
            raise


@saboteur("no-secret-in-the-log", says=("delete_profile", "invented-token-4711"))
class LogsWhatItDeletes(MemoryBackend):
    """Keeps the settings of a deleted profile in the log, so that they can be put back."""

    def delete_profile(self, profile_id: str) -> None:
        profile = super().get_profile(profile_id)
        super().delete_profile(profile_id)
        log.info("deleted %s", profile.jira_config if profile else None)


@saboteur("no-secret-in-an-error", says=("save_profile", "input_value", "invented-token-4711"))
class KeepsTheValidatorsErrorAsCause(MemoryBackend):
    """Raises the contract's error from a validator's, which shows its input."""

    def save_profile(self, profile: Any) -> None:
        try:
            super().save_profile(profile)
        except ValidationError as error:
            given = reprlib.repr(getattr(profile, "jira_config", None))
            raise error from ValueError(f"1 validation error for Profile [input_value={given}]")


@saboteur("no-secret-in-an-error", says=("set_app_state", "statement", "invented-token-4711"))
class KeepsTheParametersOnTheError(MemoryBackend):
    """Lets the error carry the statement's parameters, as SQLAlchemy's does."""

    def set_app_state(self, key: str, value: str) -> None:
        try:
            super().set_app_state(key, value)
        except PersistenceError as error:
            cause: Any = RuntimeError("statement failed")
            cause.statement = ("INSERT INTO app_state VALUES (?, ?)", (key, value))
            raise error from cause
