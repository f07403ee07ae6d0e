"""Storage for a burndown-chart application: a contract for persistence backends, and a plain sqlite3 reference.

`burndown_store.contract` is what every backend promises, `burndown_store.sqlite` fulfils it, and
`burndown_store.jira` turns what JIRA answers into the contract's records.
"""
