"""Faults in the contract's own rules and in the oracle are found too, though backends and clauses stand on both.

A fault is one piece of a function's source that is exchanged for another. One in a rule of the contract is to be found
on the reference, which asks these rules; one in the oracle on `memory`; and one in `same`, by which clauses compare, by
a saboteur that is no longer caught.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from burndown_spec.clauses import CATALOGUE
from burndown_spec.judging import judge
from burndown_spec.oracle import MemoryBackend, TransactionalBackend, answers, register_profiles, store, validity
from burndown_spec.results import Outcome, Result
from burndown_spec.target import find_target
from burndown_store.contract import (
    CacheInfo,
    History,
    Issue,
    Metric,
    Profile,
    Statistic,
    Task,
    json_values,
    rules,
    sameness,
)
from planting import Fault, WrongRule, name_of

register_profiles()


IN_THE_CONTRACT = [
    Fault(
        rules.check_text,
        "type(value) is not str",
        "not isinstance(value, str)",
        "identifiers-outside-the-rule-are-refused",
    ),
    Fault(rules.check_identifier, "not 1 <=", "not 0 <=", "identifiers-outside-the-rule-are-refused"),
    Fault(
        rules.check_identifier,
        "<= MAX_IDENTIFIER:",
        "<= MAX_IDENTIFIER + 1:",
        "identifiers-outside-the-rule-are-refused",
    ),
    Fault(rules.check_identifier, "<= MAX_IDENTIFIER:", "< MAX_IDENTIFIER:", "profile-ids-are-exact"),
    Fault(rules.check_identifier, "<= len(text) <=", "<= len(text.encode()) <=", "profile-ids-are-exact"),
    Fault(
        rules.check_identifier,
        "text = check_text(value, where)",
        "text = check_text(value, where).strip()",
        "profile-ids-are-exact",
    ),
    Fault(rules.check_instant, "value.utcoffset() is None", "False", "what-is-no-instant-is-refused"),
    Fault(rules.check_instant, "except OverflowError:", "except TypeError:", "what-is-no-instant-is-refused"),
    Fault(
        rules.check_instant,
        "utc.second, utc.microsecond",
        "utc.second, utc.microsecond // 1000 * 1000",
        "instants-come-back",
    ),
    Fault(
        rules.check_instant,
        "not isinstance(value, datetime)",
        "type(value) is not datetime",
        "datetime-subclasses-are-instants",
    ),
    Fault(rules.check_instant, "value.tzinfo is UTC and not value.fold", "True", "what-is-no-instant-is-refused"),
    Fault(rules.check_date, "type(value) is not date", "not isinstance(value, date)", "another-type-is-refused"),
    Fault(rules.check_week, "date.fromisocalendar(int(match[1]), int(match[2]), 1)", "pass", "weeks-exist"),
    Fault(rules.check_week, "_WEEK.fullmatch", "_WEEK.match", "weeks-exist"),
    Fault(rules.check_week, "check_text(value, where)", "check_text(value, where).upper()", "weeks-exist"),
    Fault(rules.check_limit, "< 0", "< -1", "a-negative-limit-is-refused"),
    Fault(rules.check_limit, "< 0", "< 1", "a-limit-of-zero-is-a-limit"),
    Fault(rules._flag, "type(value) is not bool", "not isinstance(value, int)", "a-bool-is-no-number"),
    Fault(rules._integer, "type(value) is not int", "not isinstance(value, int)", "another-type-is-refused"),
    Fault(rules._integer, "<= value < _INT_LIMIT", "<= value <= _INT_LIMIT", "numbers-are-finite-and-64-bit"),
    Fault(rules._integer, "not -_INT_LIMIT <= value", "not 0 <= value", "numbers-come-back"),
    Fault(rules._number, "not math.isfinite(value)", "math.isnan(value)", "numbers-are-finite-and-64-bit"),
    Fault(rules._number, "int(widened) != value", "False", "inexact-numbers-are-refused"),
    Fault(rules._percent, "<= 100.0", "< 100.0", "percent-is-within-100"),
    Fault(rules._percent, "not 0.0 <=", "not 0.0 <", "percent-is-within-100"),
    Fault(rules._changes, "type(value) is not list", "type(value) not in (list, tuple)", "another-type-is-refused"),
    Fault(rules._optional_text, "value is None", "not value", "text-comes-back"),
    Fault(
        rules.check_batch,
        "(str, bytes, bytearray, Mapping, Record)",
        "(str, bytes, bytearray, Record)",
        "what-is-no-batch-is-refused",
    ),
    Fault(
        rules.check_batch,
        "(str, bytes, bytearray, Mapping, Record)",
        "(Mapping, Record)",
        "what-is-no-batch-is-refused",
    ),
    Fault(
        rules.check_batch, "enumerate(list(records))", "enumerate(list(records)[:1000])", "ten-thousand-in-one-batch"
    ),
    Fault(
        rules.check_batch,
        "not isinstance(records, Iterable)",
        "not isinstance(records, (list, tuple))",
        "a-batch-is-any-iterable",
    ),
    Fault(rules._checked, "type(record) is not kind", "not isinstance(record, kind)", "own-classes-are-refused"),
    Fault(rules._checked, "{where}.{refusal}", "{where}.{refusal} {value!r}", "errors-quote-no-stored-value"),
    Fault(rules._checked, "changed[name] = normal", "pass", "instants-come-back"),
    Fault(json_values.is_plain_text, '"\\x00" in value', "False", "unstorable-text-is-refused"),
    Fault(
        json_values.is_plain_text,
        "except UnicodeEncodeError:\n        return False",
        "except UnicodeEncodeError:\n        return True",
        "unstorable-text-is-refused",
    ),
    Fault(
        json_values.check_json,
        "copied: Json = _copied(value, where, 1)",
        "copied = value",
        "json-nests-100-levels",
    ),
    Fault(json_values._copied, "kind is dict", "isinstance(value, dict)", "what-is-no-json-is-refused"),
    Fault(json_values._copied, "kind is list", "kind in (list, tuple)", "what-is-no-json-is-refused"),
    Fault(json_values._copied, "type(key) is not str", "False", "what-is-no-json-is-refused"),
    Fault(
        json_values._copied,
        "_INT_LIMIT <= value < _INT_LIMIT",
        "_INT_LIMIT <= value <= _INT_LIMIT",
        "what-is-no-json-is-refused",
    ),
    Fault(json_values._copied, "not math.isfinite(value)", "math.isnan(value)", "what-is-no-json-is-refused"),
    Fault(json_values._copied, "for item in value]", "for item in value if item is not None]", "profile-comes-back"),
    Fault(json_values._check_level, "level > MAX_LEVELS", "level > MAX_LEVELS + 1", "json-nests-100-levels"),
    Fault(json_values._check_level, "level > MAX_LEVELS", "level >= MAX_LEVELS", "json-nests-100-levels"),
    Fault(json_values._surely_an_object, "<= MAX_LEVELS", "<= 10 * MAX_LEVELS", "deep-documents-are-refused"),
    Fault(
        json_values._surely_an_object,
        '(data.find(b"\\\\") < 0 or data.find(b"\\\\u") < 0)',
        "True",
        "documents-are-checked",
    ),
    Fault(json_values._surely_an_object, "alike.find(_NINETEEN_DIGITS) < 0", "True", "documents-are-checked"),
    Fault(json_values._surely_an_object, "alike.find(_LONG_EXPONENT) < 0", "True", "documents-are-checked"),
    Fault(json_values._surely_an_object, "UnicodeEncodeError, ", "", "documents-are-checked"),
    Fault(
        json_values._checked_object,
        "UnicodeEncodeError, RecursionError",
        "UnicodeEncodeError",
        "deep-documents-are-refused",
    ),
    Fault(json_values._checked_object, "return check_json(decoded, where)", "return decoded", "documents-are-checked"),
    Fault(json_values.check_json_text, "type(value) is not JsonText", "False", "documents-are-checked"),
]

IN_THE_ORACLE: list[Fault | WrongRule] = [
    Fault(
        validity.text,
        "type(value) is not str",
        "not isinstance(value, str)",
        "identifiers-outside-the-rule-are-refused",
    ),
    Fault(validity.text, "or _SURROGATE.search(value)", "", "unstorable-text-is-refused"),
    Fault(validity.identifier, "<= 200", "<= 255", "identifiers-outside-the-rule-are-refused"),
    Fault(validity.identifier, "return str(value)", "return str(value).casefold()", "issue-keys-are-exact"),
    Fault(validity.instant, "offset is None", "False", "what-is-no-instant-is-refused"),
    Fault(validity.instant, "value.second, value.microsecond", "value.second", "instants-come-back"),
    Fault(validity.instant, " - offset", "", "instants-come-back"),
    Fault(validity.day, "type(value) is not date", "not isinstance(value, date)", "another-type-is-refused"),
    Fault(validity.week, "<= date(int(found[:4]), 12, 28).isocalendar().week", "<= 53", "weeks-exist"),
    Fault(
        validity.flag, "value is not True and value is not False", "value not in (True, False)", "a-bool-is-no-number"
    ),
    Fault(validity.whole, "type(value) is not int", "not isinstance(value, int)", "another-type-is-refused"),
    Fault(validity.number, "and whole(value) == int(float(value))", "", "inexact-numbers-are-refused"),
    Fault(validity.number, "or math.isnan(value)", "", "numbers-are-finite-and-64-bit"),
    Fault(validity.percentage, "<= 100.0", "<= 1000.0", "percent-is-within-100"),
    Fault(validity.limit, "whole(value) < 0", "False", "a-negative-limit-is-refused"),
    Fault(
        validity.json_value,
        "type(value) is list and level <= 100",
        "type(value) is list and level <= 99",
        "json-nests-100-levels",
    ),
    Fault(validity.json_value, "return whole(value)", "return float(value)", "what-is-no-json-is-refused"),
    Fault(validity.json_value, "{text(key): json_value(item, level + 1)", "{text(key): item", "json-nests-100-levels"),
    Fault(validity.document, "parse_constant=refuse", "", "documents-are-checked"),
    Fault(validity.document, "(ValueError, RecursionError)", "ValueError", "deep-documents-are-refused"),
    Fault(validity.document, "json_object(found)", "pass", "documents-are-checked"),
    Fault(validity.batch, "Mapping, Record)", "Record)", "what-is-no-batch-is-refused"),
    Fault(validity.valid, "type(record) is not kind", "False", "another-type-is-refused"),
    WrongRule(Profile, "show_points", lambda value: validity.flag(value) and None, "profile-comes-back"),
    WrongRule(
        Issue, "points", lambda value: None if value is None else round(validity.number(value), 2), "numbers-come-back"
    ),
    WrongRule(CacheInfo, "jql", validity.text, "cache-info-comes-back"),
    WrongRule(History, "fetched_at", validity.or_none(lambda value: value), "instants-come-back"),
    WrongRule(Statistic, "completed_items", validity.number, "statistic-comes-back"),
    WrongRule(Metric, "value", validity.number, "metric-comes-back"),
    WrongRule(Metric, "week", validity.text, "weeks-exist"),
    WrongRule(Task, "percent", validity.or_none(validity.number), "percent-is-within-100"),
    Fault(answers.latest_first, ", record.id", ', ""', "profiles-in-order"),
    Fault(
        answers.latest_first, "_backwards(record.last_used_at)", "record.last_used_at - _BEGINNING", "profiles-in-order"
    ),
    Fault(answers.issue_order, "issue.updated is None", "issue.updated is not None", "issues-in-order"),
    Fault(answers.issue_order, ", issue.key", ', ""', "issues-in-order"),
    Fault(
        answers.matches,
        "getattr(record, name) == text",
        "str(getattr(record, name)).casefold() == text.casefold()",
        "issue-filters-match-exactly",
    ),
    Fault(answers.matches, "text is None or", "not text or", "issue-filters-match-exactly"),
    Fault(
        answers.valid_at_instant, "record.expires_at > moment", "record.expires_at >= moment", "valid-until-it-expires"
    ),
    Fault(answers.within, "start <= point", "start < point", "ranges-are-inclusive"),
    Fault(answers.within, "point <= end", "point < end", "ranges-are-inclusive"),
    Fault(answers.first, "limit is None", "not limit", "a-limit-of-zero-is-a-limit"),
    Fault(answers.last, "rows[max(0, len(rows) - limit) :]", "rows[-limit:]", "a-limit-of-zero-is-a-limit"),
    Fault(answers.last, "rows[max(0, len(rows) - limit) :]", "rows[:limit]", "limit-keeps-the-last"),
    Fault(answers._copied, "return [_copied(item) for item in value]", "return value", "answered-json-is-a-copy"),
    Fault(answers.copied, "(dict, list, Record)", "(list, Record)", "answered-json-is-a-copy"),
    Fault(
        MemoryBackend.delete_expired,
        "issue.expires_at <= moment",
        "issue.expires_at < moment",
        "expired-is-removed-to-the-microsecond",
    ),
    Fault(
        MemoryBackend.delete_expired,
        "self._store.all_contents()",
        "self._store.all_contents()[:1]",
        "expiry-reaches-every-query",
    ),
    Fault(MemoryBackend.save_query, "if valid.id in queries:", "if False:", "saving-again-keeps-what-is-below"),
    Fault(
        MemoryBackend.get_metrics,
        "sorted(self._store.contents_of(profile_id, query_id).metrics.items())",
        "list(self._store.contents_of(profile_id, query_id).metrics.items())",
        "metrics-in-order",
    ),
    Fault(
        MemoryBackend.get_changes,
        "key=lambda entry: entry.change.changed_at",
        "key=lambda entry: entry.issue_key",
        "changes-in-order",
    ),
    Fault(
        MemoryBackend.replace_issues,
        "existing_contents(profile_id, query_id).issues = {",
        "existing_contents(profile_id, query_id).issues |= {",
        "a-replacement-is-exact",
    ),
    Fault(MemoryBackend._check_open, "self._closed", "False", "closed-means-closed"),
    Fault(store.Store.existing_profile, "profile_id not in self.profiles", "False", "writing-below-no-profile"),
    Fault(store.Store.existing_contents, "query_id not in queries", "False", "writing-below-no-query"),
    Fault(store.Store.copy, "profile.copy() for", "profile for", "a-transaction-appears-at-its-end"),
    Fault(
        store.Store.become,
        "other.profiles, other.app_state, other.tasks",
        "other.profiles, other.app_state, self.tasks",
        "a-transaction-stays",
    ),
    Fault(store.Contents.copy, "histories=dict(self.histories),", "", "a-transaction-appears-at-its-end"),
    Fault(
        TransactionalBackend._transaction, "self._check_open()", "pass", "closing-undoes-transactions-of-other-threads"
    ),
    Fault(
        TransactionalBackend._savepoint,
        "self._store.become(before)",
        "pass",
        "an-inner-transaction-that-raises-undoes-itself",
    ),
    Fault(
        TransactionalBackend._snapshot,
        "View(self._store.copy(), reads_only=True)",
        "View(self._store, reads_only=True)",
        "a-snapshot-shows-the-moment-of-entry",
    ),
    Fault(
        TransactionalBackend._snapshot,
        "View(self._store.copy(), reads_only=True)",
        "View(self._shared.copy(), reads_only=True)",
        "a-snapshot-in-a-transaction-shows-its-state",
    ),
    Fault(
        TransactionalBackend._snapshot,
        "        self._check_open()\n    finally:",
        "        pass\n    finally:",
        "closing-ends-snapshots-of-other-threads",
    ),
    Fault(TransactionalBackend._alone, "raise self._busy()", "pass", "busy-writes-nothing"),
    Fault(
        TransactionalBackend._check_writable,
        "any(view.reads_only for view in self._of_thread.views)",
        "False",
        "a-snapshot-only-reads",
    ),
    Fault(
        TransactionalBackend._begin_writing,
        "not self._shared.writer.acquire(timeout=self._timeout)",
        "False",
        "a-writer-waits-no-longer-than-it-may",
    ),
    Fault(
        TransactionalBackend._end_writing,
        "self._shared.writer.release()",
        "pass",
        "transactions-come-one-after-another",
    ),
    Fault(
        TransactionalBackend.close,
        "self._of_thread.views and not self._closed",
        "False",
        "closing-inside-a-transaction-is-refused",
    ),
    Fault(
        TransactionalBackend.transaction, "if self._of_thread.views else", "if False else", "an-inner-transaction-stays"
    ),
]

# Each with a saboteur that this fault would let pass, and the clause that else catches it.
IN_SAME = [
    (Fault(sameness.same, "type(a) is not type(b)", "False", "profile-comes-back"), "round_trips:FlagsAsStored"),
    (Fault(sameness.same, "return all(", "return any(", "profile-comes-back"), "round_trips:ListsWithoutAColumn"),
    (
        Fault(sameness.same, "or _same_text(a, b)", "or True", "issue-comes-back"),
        "comparison:KeepsTheFieldsItKnows",
    ),
    (
        Fault(sameness._same_value, "a.hex() == b.hex()", "a == b", "numbers-come-back"),
        "comparison:LosesTheSignOfZero",
    ),
    (
        Fault(
            sameness._same_value,
            "return len(a) == len(b) and all(map(same, a, b))",
            "return all(map(same, a, b))",
            "answered-lists-are-copies",
        ),
        "copies:CachesKeys",
    ),
    (
        Fault(
            sameness._same_value,
            "in typed and same(value, typed[type(key), key])",
            "in typed",
            "scope-comes-back",
        ),
        "round_trips:OneDocument",
    ),
    (
        Fault(sameness._same_field, "a == b or", "math.isclose(a, b, rel_tol=1e-6) or", "numbers-come-back"),
        "round_trips:SinglePrecision",
    ),
    (
        Fault(sameness._same_value, "return len(a) == len(b) and all(\n", "return all(\n", "json-comes-back"),
        "round_trips:PrunesNones",
    ),
    (
        Fault(
            sameness._same_value,
            "all(map(same, a, b))",
            "all(any(same(x, y) for y in b) for x in a)",
            "history-comes-back",
        ),
        "round_trips:SortsChanges",
    ),
    (
        Fault(
            sameness._same_value,
            "a.utcoffset() == b.utcoffset() and a.replace(tzinfo=None) == b.replace(tzinfo=None)",
            "a == b",
            "instants-come-back",
        ),
        "instants:KeepsTheOffset",
    ),
    (
        Fault(
            sameness._same_value, "return bool(a == b)", "return str(a).strip() == str(b).strip()", "text-comes-back"
        ),
        "round_trips:Strips",
    ),
]


def judged(clause: str, backend: str) -> Result:
    target = find_target(backend)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        handle = target.factory(Path(folder), timeout=5.0)
        claims = frozenset(handle.capabilities)
        handle.close()
    return judge(CATALOGUE[clause], target, claims=claims, timeout=20.0)


def expect_caught(fault: Fault | WrongRule, backend: str, patch: pytest.MonkeyPatch) -> None:
    assert judged(fault.caught_by, backend).outcome is Outcome.HOLDS
    fault.plant(patch)
    result = judged(fault.caught_by, backend)
    assert result.outcome is Outcome.FAILS
    assert result.failure is not None
    assert result.failure.done


@pytest.mark.parametrize("fault", IN_THE_CONTRACT, ids=name_of)
def test_a_fault_in_the_contract_is_found_on_the_reference(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    expect_caught(fault, "sqlite", monkeypatch)


@pytest.mark.parametrize("fault", IN_THE_ORACLE, ids=name_of)
def test_a_fault_in_the_oracle_is_found_on_it(fault: Fault | WrongRule, monkeypatch: pytest.MonkeyPatch) -> None:
    expect_caught(fault, "memory", monkeypatch)


@pytest.mark.parametrize(
    ("fault", "saboteur"), IN_SAME, ids=lambda each: each if isinstance(each, str) else name_of(each)
)
def test_a_fault_in_what_is_the_same_lets_a_saboteur_pass(
    fault: Fault, saboteur: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault.caught_by, f"saboteurs.{saboteur}").outcome is Outcome.FAILS
    fault.plant(monkeypatch)
    assert judged(fault.caught_by, f"saboteurs.{saboteur}").outcome is Outcome.HOLDS
