"""Without being asked for, no token leaves with an export: not where it belongs, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burndown_fixtures.legacy import write_tree
from burndown_spec.values import records as r
from burndown_store.contract import JsonText, Task, same
from burndown_store.sqlite import SqliteBackend, open_backend_normal
from burndown_store.transfer import ExportRefusedError, export_workspace, import_workspace
from burndown_store.transfer.secrets import is_secret
from transfer_samples import TOKEN, contents, everything, fill

SEEDED = settings(derandomize=True, database=None, deadline=None, max_examples=60)
REDACTED = "<REDACTED_FOR_EXPORT>"
ODD_TOKEN = 'tök"en\\of/Robin 😀'


def spellings(secret: str) -> set[bytes]:
    """The ways in which the text may stand in a file of JSON, also in JSON that is kept as text there."""
    once = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    twice = {json.dumps(spelled)[1:-1] for spelled in once}
    return {spelled.replace("/", slash).encode("utf-8") for spelled in once | twice for slash in ("/", "\\/")}


def finds(root: Path, *secrets: str) -> list[str]:
    """The files and folders below `root` in whose names or bytes one of the secrets stands."""
    wanted = [spelling for secret in secrets for spelling in spellings(secret)]
    return [
        name
        for name, data in contents(root).items()
        if any(spelling in data or spelling in name.encode("utf-8") for spelling in wanted)
    ]


@pytest.mark.parametrize(
    "name",
    ["token", "Token", "jira_token", "JIRA-TOKEN", "apiToken", "access_token", "password", "client_secret", "X-Api-Key",
     "Authorization", "Set-Cookie", "cookies", "credentials", "private_key", "pass", "auth", "JSESSIONID", "Bearer"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["", "jira_url", "base_url", "jira_email", "jira_configured", "tokenizer", "secretary", "status", "key"]
)
def test_names_of_what_may_leave(name: str) -> None:
    assert not is_secret(name)


def test_a_token_stays_wherever_it_is_nested(store: SqliteBackend, tmp_path: Path) -> None:
    hidden = [f"hidden-secret-{number}" for number in range(12)]
    nested = {"legacy": {"registry_entry": {"jira_config": {"token": hidden[0]}}, "other": [{"jira_token": hidden[1]}]}}
    store.save_profile(
        r.a_profile(
            jira_config={"token": hidden[2], "headers": {"Authorization": f"Bearer {hidden[3]}"}, "base_url": "u"},
            field_mappings={"secret": {"deep": [hidden[4]]}},
            extra=nested,
        )
    )
    store.save_query("p", r.a_query(extra={"cookie": hidden[5]}))
    store.set_app_state("legacy.registry", json.dumps({"profiles": {"p": {"jira_config": {"token": hidden[6]}}}}))
    store.set_app_state("jira_token", hidden[7])
    store.save_task(Task(name="fetch", status="running", updated_at=r.NOW, state={"session": {"password": hidden[8]}}))
    store.save_scope("p", "q", r.a_scope(extra={"api_token": hidden[9]}))
    store.save_cache_info("p", "q", r.a_cache_info(details={"access_token": hidden[10]}))
    store.save_metrics("p", "q", [r.a_metric(details={"passwd": hidden[11]})])

    export_workspace(store, tmp_path / "without")
    export_workspace(store, tmp_path / "with", with_secrets=True)

    assert finds(tmp_path / "without", *hidden) == []
    assert all(finds(tmp_path / "with", secret) for secret in hidden)


def test_all_but_secrets_leaves(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path / "old") as old, open_backend_normal(tmp_path / "new") as new:
        fill(old)
        export_workspace(old, tmp_path / "out")
        import_workspace(new, tmp_path / "out")
        wanted = everything(old)
        for profile in old.list_profiles():
            del wanted[f"profile {profile.id}"].jira_config["token"]
        assert same(everything(new), wanted)


@pytest.mark.parametrize("token", [TOKEN, ODD_TOKEN])
def test_a_token_is_found_in_any_text(store: SqliteBackend, tmp_path: Path, token: str) -> None:
    text = f"it is {token}, I think"
    document = json.dumps({"fields": {"description": text, token: 1}})
    escaped = "".join(f"\\u{ord(character):04x}" for character in "not-a-real-token")
    store.save_profile(r.a_profile("other", jira_config={"token": token}))
    store.save_profile(
        r.full_profile(name=text, jira_config={"note": text, "base_url": f"https://r:{token}@a.example"})
    )
    store.save_query("p", r.a_query(jql=text, description=text, extra={"note": [{f"{token} here": text}]}))
    store.save_issues("p", "q", [
        r.an_issue("AB-1", document=JsonText(document), summary=text, assignee=text),
        r.an_issue("AB-2", document=JsonText(f'{{"fields": {{"summary": "{escaped}"}}}}')),
    ])  # fmt: skip
    store.save_cache_info("p", "q", r.a_cache_info(jql=text, details={"note": text}))
    store.save_histories("p", "q", [r.a_history(changes=[r.full_change(to_text=text)], details={"note": text})])
    store.save_statistics("p", "q", [r.a_statistic(extra={"note": text})])
    store.save_scope("p", "q", r.a_scope(values={token: text}))
    store.save_metrics("p", "q", [r.a_metric(unit=text, category=text, details={"note": text})])
    store.set_app_state("note", text)
    store.set_app_state("json", json.dumps({"note": text}))
    store.save_issues("p", "q", [r.an_issue("AB-3", document=JsonText.of({"fields": {"note": json.dumps([text])}}))])
    store.save_task(r.a_task(message=text, state={"note": text}))

    export_workspace(store, tmp_path / "all")
    export_workspace(store, tmp_path / "one", profile_id="p")

    assert finds(tmp_path / "all", token) == []
    assert finds(tmp_path / "one", token) == []
    assert finds(tmp_path / "all", REDACTED)
    with open_backend_normal(tmp_path / "new") as new:
        import_workspace(new, tmp_path / "all")
        assert new.list_queries("p")[0].jql == f"it is {REDACTED}, I think"
        documents = [issue.document.value()["fields"] for issue in new.get_issues("p", "q")]
        assert {"description": f"it is {REDACTED}, I think", REDACTED: 1} in documents
        if token == TOKEN:
            assert {"summary": REDACTED} in documents


def test_credentials_in_an_address_stay(store: SqliteBackend, tmp_path: Path) -> None:
    address = "https://robin:hidden-secret@tracker.example.com/jira"
    store.save_profile(r.a_profile(jira_config={"base_url": address}, description="ask hidden-secret"))
    export_workspace(store, tmp_path / "out")
    assert finds(tmp_path / "out", "hidden-secret") == []
    with open_backend_normal(tmp_path / "new") as new:
        import_workspace(new, tmp_path / "out")
        profile = new.list_profiles()[0]
        assert profile.jira_config == {"base_url": "https://tracker.example.com/jira"}


def test_addresses_flags_and_names_of_jira_stay_as_they_are(store: SqliteBackend, tmp_path: Path) -> None:
    config = {"base_url": "https://a.example.com", "email": "robin@example.com", "token": "", "includes_token": True}
    store.save_profile(r.a_profile(jira_config=config))
    store.save_scope("p", "q", r.a_scope(values={"status_breakdown": {"Secret": {"items": 1}}}))
    store.save_issues("p", "q", [r.an_issue(document=JsonText('{"fields": {"token": "a field of JIRA"}}'))])
    before = everything(store)
    export_workspace(store, tmp_path / "out")
    with open_backend_normal(tmp_path / "new") as new:
        import_workspace(new, tmp_path / "out")
        assert same(everything(new), before)


def test_a_secret_of_state_tasks_and_queries_is_found_elsewhere(store: SqliteBackend, tmp_path: Path) -> None:
    hidden = ["hidden-in-state", "hidden-in-task", "hidden-in-query"]
    store.set_app_state("settings", json.dumps({"token": hidden[0]}))
    store.save_task(r.a_task(state={"cookie": hidden[1]}))
    store.save_query("p", r.a_query("other", extra={"password": hidden[2]}))
    store.save_query("p", r.a_query(description=" ".join(hidden)))
    export_workspace(store, tmp_path / "out")
    assert finds(tmp_path / "out", *hidden) == []


def test_a_secret_is_found_without_its_scheme_and_as_a_number(store: SqliteBackend, tmp_path: Path) -> None:
    config = {"Authorization": "Bearer hidden-secret", "password": 73150264}
    store.save_profile(r.a_profile(description="hidden-secret, 73150264", jira_config=config))
    export_workspace(store, tmp_path / "out")
    assert finds(tmp_path / "out", "hidden-secret", "73150264") == []


def test_of_a_secret_that_begins_another_no_end_is_left(store: SqliteBackend, tmp_path: Path) -> None:
    config = {"token": "hidden", "jira_token": "hidden-and-more"}
    store.save_profile(r.a_profile(description="say hidden-and-more", jira_config=config))
    export_workspace(store, tmp_path / "out")
    assert finds(tmp_path / "out", "and-more") == []


def test_a_short_secret_goes_from_its_place_and_spoils_no_word(store: SqliteBackend, tmp_path: Path) -> None:
    store.save_profile(r.a_profile(name="a cabin", jira_config={"token": "a"}))
    export_workspace(store, tmp_path / "out")
    with open_backend_normal(tmp_path / "new") as new:
        import_workspace(new, tmp_path / "out")
        profile = new.list_profiles()[0]
        assert (profile.name, profile.jira_config) == ("a cabin", {})


def test_an_identifier_that_is_a_token_keeps_all_here(store: SqliteBackend, tmp_path: Path) -> None:
    store.save_profile(r.full_profile())
    for query_id, key in (("q", TOKEN), (TOKEN, "k")):
        store.save_query("p", r.a_query(query_id))
        store.set_app_state(key, "")
        with pytest.raises(ExportRefusedError, match="an identifier") as refusal:
            export_workspace(store, tmp_path / "out")
        assert TOKEN not in str(refusal.value)
        assert not (tmp_path / "out").exists()
        store.delete_app_state(TOKEN)


def test_what_stands_for_a_token_leaves_as_no_token(store: SqliteBackend, tmp_path: Path) -> None:
    store.save_profile(r.a_profile(description=REDACTED, jira_config={"token": REDACTED}))
    export_workspace(store, tmp_path / "out")
    with open_backend_normal(tmp_path / "new") as new:
        import_workspace(new, tmp_path / "out")
        profile = new.list_profiles()[0]
        assert (profile.description, profile.jira_config) == (REDACTED, {})


def test_what_stands_for_a_token_stays_where_secrets_leave(store: SqliteBackend, tmp_path: Path) -> None:
    store.save_profile(r.a_profile(jira_config={"token": REDACTED}))
    export_workspace(store, tmp_path / "out", with_secrets=True)
    with open_backend_normal(tmp_path / "new") as new:
        import_workspace(new, tmp_path / "out")
        assert same(everything(new), everything(store))


def test_old_files_are_imported_without_what_stands_for_a_token(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", "g3")
    for path in tree.glob("profiles/*/profile.json"):
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        raw["jira_config"] = {"base_url": "https://a.example.com", "token": REDACTED}
        path.write_text(json.dumps(raw), encoding="utf-8")
    with open_backend_normal(tmp_path / "store") as store:
        imported = import_workspace(store, tree)
        with_folder = [profile for profile in store.list_profiles() if "base_url" in profile.jira_config]
        assert with_folder
        assert all("token" not in profile.jira_config for profile in with_folder)
        assert [note.what for note in imported.notes if note.place == "jira_config"]


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=8, max_size=20)
NAMES = st.sampled_from(["token", "note", "jira_config", "legacy", "password", "list"])


@pytest.mark.parametrize(
    "text", ['{"a": [{"token": "hidden-secret", "b": 1', "[" * 400 + '{"token":"hidden-secret"}' + "]" * 400]
)
def test_a_token_in_json_that_cannot_be_read_is_found(store: SqliteBackend, tmp_path: Path, text: str) -> None:
    store.set_app_state("k", text)
    store.save_profile(r.a_profile(description="ask hidden-secret", extra={"deep": text}))
    export_workspace(store, tmp_path / "out")
    assert finds(tmp_path / "out", "hidden-secret") == []


@SEEDED
@given(PLAIN, st.data())
def test_no_token_leaves_whatever_it_is_and_wherever_it_stands(secret: str, data: st.DataObject) -> None:
    secret = f"{secret}-7f3a"
    texts = st.sampled_from([secret, f"a {secret} b", "plain", json.dumps({"note": secret})])
    values = st.recursive(
        texts | st.integers(0, 9),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=6,
    )
    objects = st.dictionaries(NAMES, values, max_size=3)
    with TemporaryDirectory() as folder, open_backend_normal(Path(folder, "store")) as store:
        config = {**data.draw(objects), "token": secret}
        store.save_profile(r.a_profile(jira_config=config, extra=data.draw(objects), description=data.draw(texts)))
        store.save_query("p", r.a_query(extra=data.draw(objects)))
        store.save_issues("p", "q", [r.an_issue(document=JsonText.of(data.draw(objects)))])
        store.save_scope("p", "q", r.a_scope(values=data.draw(objects), extra=data.draw(objects)))
        store.set_app_state("k", data.draw(texts))
        export_workspace(store, Path(folder, "out"))
        assert finds(Path(folder, "out"), secret) == []
