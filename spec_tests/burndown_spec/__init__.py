"""burndown-spec: the storage contract of a burndown application as clauses that run against any backend."""
