"""The life of profiles."""

from __future__ import annotations

from typing import Any

from burndown_store.contract import Profile, ValidationError, check, replace
from burndown_store.workspace.copying import copy_query
from burndown_store.workspace.names import MAX_PROFILES, checked_name, expect_free, expect_room, free_id
from burndown_store.workspace.points import points_field_of, with_points
from burndown_store.workspace.switching import ACTIVE_PROFILE, Switching

__all__ = ["ProfileOperations"]


class ProfileOperations(Switching):
    """Names are unique without regard to case. Two that came equal out of an import stay until one is renamed."""

    def create_profile(self, name: str, **settings: Any) -> Profile:
        """A new profile, which does not become active; `settings` are fields of `Profile` (`jira_config` …).

        Its id is made of the name. Raises `ValidationError`, `NameTakenError`, `LimitError`, and `TypeError` for a
        field that a profile does not have, or that is not to be given.
        """
        now = self._now()
        wanted = check(Profile(id="new", name=checked_name(name), created_at=now, last_used_at=now, **settings))

        def work() -> Profile:
            profile = replace(wanted, id=self._new_profile_id(wanted.name))
            self.backend.save_profile(profile)
            return profile

        return self._whole(work)

    def rename_profile(self, profile_id: str, name: str) -> Profile:
        """The profile under its new name; its id stays. Raises `ProfileNotFoundError`, `NameTakenError`."""
        label = checked_name(name)

        def work() -> Profile:
            profile = replace(self._profile(profile_id), name=label)
            self._expect_free_name(profile)
            self.backend.save_profile(profile)
            return profile

        return self._whole(work)

    def duplicate_profile(self, profile_id: str, name: str) -> Profile:
        """A copy of the profile, token included, with copies of its queries and of all that lies below them.

        Profile and queries get ids of their own; names of queries, and when they were used, are those of the originals.
        Raises `ProfileNotFoundError`, `NameTakenError`, `LimitError`.
        """
        now, label = self._now(), checked_name(name)

        def work() -> Profile:
            source = self._profile(profile_id)
            copy = replace(source, id=self._new_profile_id(label), name=label, created_at=now, last_used_at=now)
            self.backend.save_profile(copy)
            taken: set[str] = set()
            # By id, so that of two queries with one name the same one gets the number each time.
            for query in sorted(self.backend.list_queries(profile_id), key=lambda query: query.id):
                query_id = free_id(query.name, taken, "query")
                taken.add(query_id)
                copied = replace(query, id=query_id, created_at=now)
                copy_query(self.backend, (profile_id, query.id), copy.id, copied)
            return copy

        return self._whole(work)

    def delete_profile(self, profile_id: str) -> None:
        """Delete the profile and everything below it. Raises `ProfileNotFoundError`.

        If it was active, the profile that was used last of those left becomes active, with its query used last.
        """

        def work() -> None:
            self.backend.delete_profile(profile_id)
            if self.backend.get_app_state(ACTIVE_PROFILE) == profile_id:
                profile = self._latest_profile()
                self._activate(profile, None if profile is None else self._latest_query(profile.id))

        self._whole(work)

    def save_settings(self, profile: Profile) -> Profile:
        """Save a profile that was changed (`replace(profile, jira_config=…)`); what was saved.

        When it was created and used last stays as it is in the store. Where `points_field` of its `jira_config` is
        another than before, the points of every issue below it are read anew from the issue's document. Raises
        `ProfileNotFoundError`, `ValidationError`, and `NameTakenError` for a new name that another has.
        """
        if type(profile) is not Profile:
            raise ValidationError(f"profile: expected a Profile, got {type(profile).__name__}")
        wanted = check(profile)

        def work() -> Profile:
            before = self._profile(wanted.id)
            saved = replace(wanted, created_at=before.created_at, last_used_at=before.last_used_at)
            if saved.name != before.name:
                saved = replace(saved, name=checked_name(saved.name))
                self._expect_free_name(saved)
            self.backend.save_profile(saved)
            if points_field_of(saved) != points_field_of(before):
                self._read_points_anew(saved)
            return saved

        return self._whole(work)

    def _read_points_anew(self, profile: Profile) -> None:
        field = points_field_of(profile)
        for query in self.backend.list_queries(profile.id):
            issues = self.backend.get_issues(profile.id, query.id)
            anew = with_points(issues, field)
            changed = [new for old, new in zip(issues, anew, strict=True) if new.points != old.points]
            self.backend.save_issues(profile.id, query.id, changed)

    def _new_profile_id(self, name: str) -> str:
        there = self.backend.list_profiles()
        expect_free(name, there, "profile")
        expect_room(there, MAX_PROFILES, "profiles")
        return free_id(name, (profile.id for profile in there), "profile")

    def _expect_free_name(self, profile: Profile) -> None:
        others = (other for other in self.backend.list_profiles() if other.id != profile.id)
        expect_free(profile.name, others, f"profile {profile.id!r}")
