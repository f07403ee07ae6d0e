"""Honest backends of other kinds than the reference, kept as examples for authors of backends.

Each package here stands on `burndown_store.contract` alone, claims what it keeps and conforms to what it claims. With
this package's parent folder on the path, `burndown-spec run honest.append_only:open_backend` judges one of them.
"""
