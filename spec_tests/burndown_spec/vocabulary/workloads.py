"""What the callers of a load do in transactions and batches: lists, counters, accounts, batches, snapshots."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from time import perf_counter_ns
from typing import Any

from burndown_spec.vocabulary.loads import Load
from burndown_store.contract import (
    Change,
    History,
    Issue,
    JsonText,
    NotFoundError,
    Profile,
    ProfileNotFoundError,
    Query,
    Scope,
    Statistic,
    Task,
)

__all__ = [
    "Accounts",
    "AccountsInSnapshots",
    "Batches",
    "BelowAQuery",
    "Counters",
    "Lists",
    "Moments",
    "Namesakes",
]


class Lists(Load):
    """Transactions that read lists and append to them; a list is JSON text in the app state.

    A key goes out of use before its list grows long.
    """

    checker = "check_appends"
    pause = 0.006

    def draw(self, chance: random.Random, mark: int) -> Any:
        keys = [f"{mark // 60} {name}" for name in ("red", "green", "blue")]
        if chance.random() < 0.2:
            return ("get_app_state", ("read", chance.choice(keys)))
        steps: list[Any] = []
        for place in range(chance.randint(2, 4)):
            key = chance.choice(keys)
            steps.append(("read", key) if chance.random() < 0.5 else ("append", key, 10 * mark + place))
        return ("transaction", *steps)

    def make(self, backend: Any, call: str, *arguments: Any) -> tuple[Any, Any]:
        def list_of(key: str) -> Any:
            return json.loads(backend.get_app_state(key) or "[]")

        def work() -> list[Any]:
            answers: list[Any] = []
            with backend.transaction():
                for step, key, *values in arguments:
                    self.linger()
                    found = list_of(key)
                    if step == "append":
                        backend.set_app_state(key, json.dumps(found + values))
                    answers.append(found if step == "read" else None)
            return answers

        return arguments, [list_of(arguments[0][1])] if call == "get_app_state" else work()


class Counters(Load):
    """Transactions that read a count from the state of a task, and save it one higher."""

    checker = "check_updates"
    pause = 0.006

    def draw(self, chance: random.Random, _mark: int) -> Any:
        return (chance.choices(["increment", "get_task"], [3, 1])[0], ("read", chance.choice(["red", "green"])))

    def last(self) -> list[Any]:
        return [("get_task", ("read", name)) for name in ("red", "green")]

    def make(self, backend: Any, call: str, *arguments: Any) -> tuple[Any, Any]:
        name = arguments[0][1]

        def count() -> Any:
            task = backend.get_task(name)
            return None if task is None else task.state["count"]

        def work() -> Any:
            with backend.transaction():
                found = count()
                now = datetime(2025, 11, 3, tzinfo=UTC)
                state = {"count": 1 + (found or 0)}
                self.linger()
                backend.save_task(Task(name=name, status="counting", updated_at=now, state=state))
            return found

        if call == "get_task":
            return arguments, [count()]
        found = work()
        return [*arguments, ("write", name, 1 + (found or 0))], [found, None]


class BelowAQuery(Load):
    """Calls on what lies below one query."""

    def furnish(self, backend: Any) -> None:
        now = datetime(2025, 11, 3, tzinfo=UTC)
        backend.save_profile(Profile(id="p", name="Team Blue", created_at=now, last_used_at=now))
        backend.save_query("p", Query(id="q", name="All work", jql="", created_at=now, last_used_at=now))


class Accounts(BelowAQuery):
    """Transactions that take from one account and give to another, and reads of all; an account is a statistic.

    A transfer saves the two accounts by two calls. All are read in one call, or one by one in a transaction.
    """

    checker = "check_sums"
    pause = 0.006

    def accounts(self) -> list[str]:
        """Their names: the days of their statistics."""
        return ["2025-11-03", "2025-11-04", "2025-11-05", "2025-11-06"]

    def first(self) -> list[Any]:
        return [("save_statistics", *(("write", account, 100) for account in self.accounts()))]

    def readings(self) -> list[str]:
        """The ways in which all are read."""
        return ["get_statistics", "transaction"]

    def draw(self, chance: random.Random, _mark: int) -> Any:
        if chance.random() < 0.5:
            return ("transfer", *(("read", account) for account in chance.sample(self.accounts(), 2)))
        return (chance.choice(self.readings()), *(("read", account) for account in self.accounts()))

    def last(self) -> list[Any]:
        return [("get_statistics", *(("read", account) for account in self.accounts()))]

    def make(self, backend: Any, call: str, *arguments: Any) -> tuple[Any, Any]:
        def save(*amounts: Any) -> None:
            rows = [Statistic(date=date.fromisoformat(account), completed_items=amount) for account, amount in amounts]
            backend.save_statistics("p", "q", rows)

        def read(*accounts: str) -> list[Any]:
            days = [date.fromisoformat(account) for account in accounts]
            rows = backend.get_statistics("p", "q", start=min(days), end=max(days))
            found = {row.date: row.completed_items for row in rows}
            return [found.get(day) for day in days]

        def transfer() -> Any:
            (_, giver), (_, taker) = arguments
            with backend.transaction():
                (given,), (taken,) = read(giver), read(taker)
                amount = 1 + given % 7
                self.linger()
                save((giver, given - amount))
                self.linger()
                save((taker, taken + amount))
            writes = [("write", giver, given - amount), ("write", taker, taken + amount)]
            return [*arguments, *writes], [given, taken, None, None]

        def look() -> list[Any]:
            found: list[Any] = []
            with getattr(backend, call)():
                for _, account in arguments:
                    found += read(account)
                    self.linger()
            return found

        if call == "save_statistics":
            save(*((account, amount) for _, account, amount in arguments))
            return arguments, [None for _ in arguments]
        if call == "get_statistics":
            return arguments, read(*(account for _, account in arguments))
        return transfer() if call == "transfer" else (arguments, look())


class AccountsInSnapshots(Accounts):
    """The same transfers, with all accounts read one by one in a snapshot."""

    def readings(self) -> list[str]:
        return ["snapshot"]


class Batches(BelowAQuery):
    """Batches of issues, statistics and histories, each of which carries one mark, saved and replacing; reads of all.

    What replaces leaves every other record out. Some batches have expired when they are saved, and may be gone at any
    moment, for what has expired is deleted meanwhile: that is a call without steps, and must take them whole.
    """

    checker = "check_batches"
    pause = 0.001

    def draw(self, chance: random.Random, mark: int) -> Any:
        keys, days = [f"AB-{number}" for number in range(12)], [f"2025-11-{number:02}" for number in range(1, 13)]
        kind = chance.choices(["issues", "statistics", "histories", "expired"], [6, 4, 4, 2])[0]
        if kind == "expired":
            return ("delete_expired",)
        # The keys of issues and of histories are not one group.
        names = days if kind == "statistics" else [f"{kind} {key}" for key in keys]
        ways = ["get_changes", "save"] if kind == "histories" else ["replace", "save"]
        how = chance.choices(["get", *ways], [5, 2, 3])[0]
        if how.startswith("get"):
            call = f"get_{kind}" if how == "get" else how
            return (call, *(("read", name) for name in names))
        kept = names if how == "save" else names[::2]
        return (f"{how}_{kind}", *(("write", name, 1 + mark if name in kept else None) for name in names))

    def make(self, backend: Any, call: str, *arguments: Any) -> tuple[Any, Any]:
        now, kind, operation = datetime(2025, 11, 3, tzinfo=UTC), call.partition("_")[2], getattr(backend, call)
        if call == "delete_expired":
            operation(now)
            return arguments, []
        if call.startswith("get_"):
            found: dict[str, int] = {}
            for row in operation("p", "q"):
                if kind == "issues":
                    found[f"issues {row.key}"] = int(row.points)
                elif kind == "statistics":
                    found[row.date.isoformat()] = row.completed_items
                elif kind == "histories":
                    # A history without its changes is what nobody saved.
                    found[f"histories {row.issue_key}"] = int(row.changes[0].to_value) if row.changes else -1
                else:
                    found[f"histories {row.issue_key}"] = int(row.change.to_value)
            return arguments, [found.get(name) for _, name in arguments]
        given = [(name.rpartition(" ")[2], mark) for _, name, mark in arguments if mark is not None]
        # Of issues those that replace have expired, half as many as are saved; of histories every other batch.
        has_expired = call == "replace_issues" or (kind == "histories" and given[0][1] % 2 == 0)
        until = now - timedelta(days=1) if has_expired else now + timedelta(days=1)
        records: list[Any] = []
        for name, mark in given:
            if kind == "issues":
                records.append(Issue(key=name, document=JsonText("{}"), points=float(mark), expires_at=until))
            elif kind == "statistics":
                records.append(Statistic(date=date.fromisoformat(name), completed_items=mark))
            else:
                changes = [Change(changed_at=now, field="status", to_value=str(mark))]
                records.append(History(issue_key=name, changes=changes, expires_at=until))
        operation("p", "q", records)
        return arguments, [None for _ in arguments]


class Moments(Load):
    """Snapshots that read each of some keys twice, beside transactions that change several of them."""

    checker = "check_snapshots"
    pause = 0.006

    def draw(self, chance: random.Random, mark: int) -> Any:
        keys = ["red", "green", "blue"]
        if chance.random() < 0.5:
            return ("snapshot", ("enter",), *(("read", key) for key in [*keys, *keys]))
        steps = [(("read", key), ("write", key, f"{mark}")) for key in chance.sample(keys, 2)]
        return ("transaction", *(step for pair in steps for step in pair))

    def make(self, backend: Any, call: str, *arguments: Any) -> tuple[Any, Any]:
        def work() -> list[Any]:
            answers: list[Any] = []
            with getattr(backend, call)():
                for step, *given in arguments:
                    self.linger()
                    if step == "enter":
                        answers.append(perf_counter_ns())
                    elif step == "read":
                        answers.append(backend.get_app_state(*given))
                    else:
                        answers.append(backend.set_app_state(*given))
            return answers

        return arguments, work()


class Namesakes(Load):
    """A profile that is deleted, and saved anew with some of what was below it, while others read and write there.

    Whoever saves it anew deletes it first, so that what he does not save is not there.
    """

    checker = "check_batches"
    pause = 0.006

    def draw(self, chance: random.Random, mark: int) -> Any:
        kinds = ["profiles", "queries", "issues", "statistics", "histories"]
        call = chance.choices(["look", "list_profiles", "save_scope", "renew", "delete_profile"], [3, 1, 2, 3, 1])[0]
        if call == "list_profiles":
            return (call, ("read", "profiles"))
        if call in ("look", "save_scope"):
            return (call, *(("read", kind) for kind in kinds))
        kept = [kind for kind in kinds if kind != kinds[2 + mark % 3]] if call == "renew" else []
        return (call, *(("write", kind, 1 + mark if kind in kept else None) for kind in kinds))

    def make(self, backend: Any, call: str, *arguments: Any) -> tuple[Any, Any]:
        now = datetime(2025, 11, 3, tzinfo=UTC)
        mark_of = {kind: mark for step, kind, *rest in arguments if step == "write" for mark in rest if mark}

        def delete() -> None:
            with suppress(ProfileNotFoundError):
                backend.delete_profile("p")

        def renew() -> None:
            with backend.transaction():
                delete()
                name = str(mark_of["profiles"])
                backend.save_profile(Profile(id="p", name=name, created_at=now, last_used_at=now))
                backend.save_query("p", Query(id="q", name=name, jql="", created_at=now, last_used_at=now))
                if "issues" in mark_of:
                    backend.save_issues("p", "q", [Issue(key=name, document=JsonText("{}"), expires_at=now)])
                if "statistics" in mark_of:
                    days = [Statistic(date=date(2025, 11, 3), completed_items=mark_of["statistics"])]
                    backend.save_statistics("p", "q", days)
                if "histories" in mark_of:
                    backend.save_histories("p", "q", [History(issue_key=name, expires_at=now)])

        def look() -> list[Any]:
            with backend.transaction():
                found = [
                    [profile.name for profile in backend.list_profiles()],
                    [query.name for query in backend.list_queries("p")],
                    [issue.key for issue in backend.get_issues("p", "q")],
                    [str(row.completed_items) for row in backend.get_statistics("p", "q")],
                    [history.issue_key for history in backend.get_histories("p", "q")],
                ]
            # Several of a kind are what nobody wrote.
            return [int(marks[0]) if len(marks) == 1 else " and ".join(marks) or None for marks in found]

        if call == "renew":
            renew()
        elif call == "delete_profile":
            delete()
        elif call == "list_profiles":
            marks = [int(profile.name) for profile in backend.list_profiles()]
            return arguments, [marks[0] if marks else None]
        else:
            if call == "save_scope":
                with suppress(NotFoundError):
                    backend.save_scope("p", "q", Scope(values={}))
            return arguments, look()
        return arguments, [None for _ in arguments]
