"""The life of the queries of a profile."""

from __future__ import annotations

from burndown_store.contract import Query, check, replace
from burndown_store.workspace.copying import copy_query
from burndown_store.workspace.names import MAX_QUERIES, checked_name, expect_free, expect_room, free_id
from burndown_store.workspace.switching import ACTIVE_PROFILE, ACTIVE_QUERY, Switching

__all__ = ["QueryOperations"]


class QueryOperations(Switching):
    """Names are unique in their profile, as those of profiles are."""

    def create_query(self, profile_id: str, name: str, jql: str, *, description: str = "") -> Query:
        """A new query; it does not become active. Its id is made of the name.

        Raises `ValidationError`, `ProfileNotFoundError`, `NameTakenError`, `LimitError`.
        """
        now = self._now()
        wanted = check(
            Query(id="new", name=checked_name(name), jql=jql, description=description, created_at=now, last_used_at=now)
        )

        def work() -> Query:
            query = replace(wanted, id=self._new_query_id(profile_id, wanted.name))
            self.backend.save_query(profile_id, query)
            return query

        return self._whole(work)

    def rename_query(self, profile_id: str, query_id: str, name: str) -> Query:
        """The query under its new name; its id stays. Raises `NotFoundError`, `NameTakenError`."""
        label = checked_name(name)

        def work() -> Query:
            query = replace(self._query(profile_id, query_id), name=label)
            others = (other for other in self.backend.list_queries(profile_id) if other.id != query_id)
            expect_free(label, others, f"query {query_id!r} of profile {profile_id!r}")
            self.backend.save_query(profile_id, query)
            return query

        return self._whole(work)

    def duplicate_query(self, profile_id: str, query_id: str, name: str) -> Query:
        """A copy of the query in the same profile, with all that lies below it.

        Raises `NotFoundError`, `NameTakenError`, `LimitError`.
        """
        now, label = self._now(), checked_name(name)

        def work() -> Query:
            source = self._query(profile_id, query_id)
            new_id = self._new_query_id(profile_id, label)
            copy = replace(source, id=new_id, name=label, created_at=now, last_used_at=now)
            copy_query(self.backend, (profile_id, query_id), profile_id, copy)
            return copy

        return self._whole(work)

    def delete_query(self, profile_id: str, query_id: str) -> None:
        """Delete the query and all that lies below it. Raises `NotFoundError`.

        If it was active, the query that was used last of those left in the profile becomes active.
        """

        def work() -> None:
            self.backend.delete_query(profile_id, query_id)
            state = self.backend.get_app_state
            if (state(ACTIVE_PROFILE), state(ACTIVE_QUERY)) == (profile_id, query_id):
                self._activate(self._profile(profile_id), self._latest_query(profile_id))

        self._whole(work)

    def _new_query_id(self, profile_id: str, name: str) -> str:
        self._profile(profile_id)
        there, where = self.backend.list_queries(profile_id), f"queries of profile {profile_id!r}"
        expect_free(name, there, where)
        expect_room(there, MAX_QUERIES, where)
        return free_id(name, (query.id for query in there), "query")
