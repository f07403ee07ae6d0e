"""Profiles and their queries."""

from __future__ import annotations

from typing import Final

from burndown_store.contract import Profile, Query, check_identifier
from burndown_store.sqlite.columns import instant_text, json_text, read_instant, read_json
from burndown_store.sqlite.operations import Operations, check_place, checked, expect_profile
from burndown_store.sqlite.statements import upsert

__all__ = ["PROFILES", "QUERIES", "ProfileOperations", "profile_of", "query_of"]

_PROFILE_COLUMNS: Final = (
    "id, name, description, created_at, last_used_at, jira_config, field_mappings, forecast_settings, "
    "project_classification, flow_type_mappings, show_milestone, show_points, extra"
)
_QUERY_COLUMNS: Final = "id, name, jql, description, created_at, last_used_at, extra"

PROFILES: Final = f"SELECT {_PROFILE_COLUMNS} FROM profiles"
QUERIES: Final = f"SELECT {_QUERY_COLUMNS} FROM queries"
_ONE_PROFILE: Final = f"{PROFILES} WHERE id = ?"
_ONE_QUERY: Final = f"{QUERIES} WHERE profile_id = ? AND id = ?"
_SAVE_PROFILE: Final = upsert("profiles", _PROFILE_COLUMNS, identity="id")
_SAVE_QUERY: Final = upsert("queries", f"profile_id, {_QUERY_COLUMNS}", identity="profile_id, id")

# Children come before their parents: that is faster than SQLite's own cascade.
_BELOW_A_QUERY: Final = ("changes", "histories", "issues", "cache_info", "statistics", "scopes", "metrics")


class ProfileOperations(Operations):
    def get_profile(self, profile_id: str) -> Profile | None:
        self._admit("get_profile")
        check_identifier(profile_id, "profile_id")
        return self._session.first(_ONE_PROFILE, (profile_id,), profile_of)

    def save_profile(self, profile: Profile) -> None:
        self._admit_write("save_profile")
        row = _profile_row(checked(profile, Profile))
        session = self._session
        with session.writing():
            session.execute(_SAVE_PROFILE, row)

    def list_profiles(self) -> list[Profile]:
        self._admit("list_profiles")
        return self._session.rows(f"{PROFILES} ORDER BY last_used_at DESC, id", (), profile_of)

    def delete_profile(self, profile_id: str) -> None:
        self._admit_write("delete_profile")
        check_identifier(profile_id, "profile_id")
        session = self._session
        expect_profile(session, profile_id)
        with session.writing():
            expect_profile(session, profile_id)
            for table in _BELOW_A_QUERY:
                session.execute(
                    f"DELETE FROM {table} WHERE query IN (SELECT number FROM queries WHERE profile_id = ?)",
                    (profile_id,),
                )
            session.execute("DELETE FROM queries WHERE profile_id = ?", (profile_id,))
            session.execute("DELETE FROM profiles WHERE id = ?", (profile_id,))

    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        self._admit("get_query")
        check_place(profile_id, query_id)
        return self._session.first(_ONE_QUERY, (profile_id, query_id), query_of)

    def save_query(self, profile_id: str, query: Query) -> None:
        self._admit_write("save_query")
        check_identifier(profile_id, "profile_id")
        row = (profile_id, *_query_row(checked(query, Query)))
        session = self._session
        expect_profile(session, profile_id)
        with session.writing():
            expect_profile(session, profile_id)
            session.execute(_SAVE_QUERY, row)

    def list_queries(self, profile_id: str) -> list[Query]:
        self._admit("list_queries")
        check_identifier(profile_id, "profile_id")
        return self._session.rows(
            f"{QUERIES} WHERE profile_id = ? ORDER BY last_used_at DESC, id", (profile_id,), query_of
        )

    def delete_query(self, profile_id: str, query_id: str) -> None:
        self._admit_write("delete_query")
        check_place(profile_id, query_id)
        with self._writing_below(profile_id, query_id) as (session, number):
            for table in _BELOW_A_QUERY:
                session.execute(f"DELETE FROM {table} WHERE query = ?", (number,))
            session.execute("DELETE FROM queries WHERE number = ?", (number,))


def profile_of(
    id: str,
    name: str,
    description: str,
    created_at: str,
    last_used_at: str,
    jira_config: str,
    field_mappings: str,
    forecast_settings: str,
    project_classification: str,
    flow_type_mappings: str,
    show_milestone: int,
    show_points: int,
    extra: str,
) -> Profile:
    """The record of one row of `PROFILES`."""
    return Profile(
        id=id,
        name=name,
        description=description,
        created_at=read_instant(created_at),
        last_used_at=read_instant(last_used_at),
        jira_config=read_json(jira_config),
        field_mappings=read_json(field_mappings),
        forecast_settings=read_json(forecast_settings),
        project_classification=read_json(project_classification),
        flow_type_mappings=read_json(flow_type_mappings),
        show_milestone=bool(show_milestone),
        show_points=bool(show_points),
        extra=read_json(extra),
    )


def query_of(
    id: str,
    name: str,
    jql: str,
    description: str,
    created_at: str,
    last_used_at: str,
    extra: str,
) -> Query:
    """The record of one row of `QUERIES`."""
    return Query(
        id=id,
        name=name,
        jql=jql,
        description=description,
        created_at=read_instant(created_at),
        last_used_at=read_instant(last_used_at),
        extra=read_json(extra),
    )


def _profile_row(profile: Profile) -> tuple[object, ...]:
    return (
        profile.id,
        profile.name,
        profile.description,
        instant_text(profile.created_at),
        instant_text(profile.last_used_at),
        json_text(profile.jira_config),
        json_text(profile.field_mappings),
        json_text(profile.forecast_settings),
        json_text(profile.project_classification),
        json_text(profile.flow_type_mappings),
        profile.show_milestone,
        profile.show_points,
        json_text(profile.extra),
    )


def _query_row(query: Query) -> tuple[object, ...]:
    return (
        query.id,
        query.name,
        query.jql,
        query.description,
        instant_text(query.created_at),
        instant_text(query.last_used_at),
        json_text(query.extra),
    )
