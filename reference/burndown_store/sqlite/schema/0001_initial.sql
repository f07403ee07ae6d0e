-- Texts compare and sort by code point (BINARY, the default). Instants are ISO 8601 in UTC, all of one width, so that
-- the order of the texts is the order of time. JSON objects are text. What lies below a query carries the query's number,
-- which is shorter than two names and is never shown outside. Wide rows keep their rowid; narrow ones do without.

CREATE TABLE app_state (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
    name       TEXT PRIMARY KEY,
    status     TEXT NOT NULL,
    percent    REAL,
    message    TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    state      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE profiles (
    id                     TEXT PRIMARY KEY,
    name                   TEXT NOT NULL,
    description            TEXT NOT NULL,
    created_at             TEXT NOT NULL,
    last_used_at           TEXT NOT NULL,
    jira_config            TEXT NOT NULL,
    field_mappings         TEXT NOT NULL,
    forecast_settings      TEXT NOT NULL,
    project_classification TEXT NOT NULL,
    flow_type_mappings     TEXT NOT NULL,
    show_milestone         INTEGER NOT NULL CHECK (show_milestone IN (0, 1)),
    show_points            INTEGER NOT NULL CHECK (show_points IN (0, 1)),
    extra                  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE queries (
    number       INTEGER PRIMARY KEY,
    profile_id   TEXT NOT NULL REFERENCES profiles (id),
    id           TEXT NOT NULL,
    name         TEXT NOT NULL,
    jql          TEXT NOT NULL,
    description  TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    last_used_at TEXT NOT NULL,
    extra        TEXT NOT NULL,
    UNIQUE (profile_id, id)
) STRICT;

-- The document comes last, so that the other columns are read without it.
CREATE TABLE issues (
    query        INTEGER NOT NULL REFERENCES queries (number),
    key          TEXT NOT NULL,
    summary      TEXT,
    status       TEXT,
    assignee     TEXT,
    issue_type   TEXT,
    priority     TEXT,
    resolution   TEXT,
    project_key  TEXT,
    project_name TEXT,
    created      TEXT,
    updated      TEXT,
    resolved     TEXT,
    points       REAL,
    expires_at   TEXT NOT NULL,
    document     TEXT NOT NULL,
    PRIMARY KEY (query, key)
) STRICT;

CREATE INDEX issues_by_status ON issues (query, status);
CREATE INDEX issues_by_assignee ON issues (query, assignee);
CREATE INDEX issues_by_type ON issues (query, issue_type);
CREATE INDEX issues_by_project ON issues (query, project_key);

CREATE TABLE cache_info (
    query      INTEGER PRIMARY KEY REFERENCES queries (number),
    fetched_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    jql        TEXT,
    details    TEXT NOT NULL
) STRICT;

CREATE TABLE histories (
    query      INTEGER NOT NULL REFERENCES queries (number),
    issue_key  TEXT NOT NULL,
    fetched_at TEXT,
    expires_at TEXT NOT NULL,
    details    TEXT NOT NULL,
    PRIMARY KEY (query, issue_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
    query      INTEGER NOT NULL,
    issue_key  TEXT NOT NULL,
    position   INTEGER NOT NULL,
    changed_at TEXT NOT NULL,
    field      TEXT NOT NULL,
    field_id   TEXT,
    field_type TEXT,
    author     TEXT,
    history_id TEXT,
    from_value TEXT,
    from_text  TEXT,
    to_value   TEXT,
    to_text    TEXT,
    PRIMARY KEY (query, issue_key, position),
    FOREIGN KEY (query, issue_key) REFERENCES histories (query, issue_key)
) STRICT, WITHOUT ROWID;

-- Both end in the primary key, so that changes come out of them in the contract's order.
CREATE INDEX changes_by_time ON changes (query, changed_at);
CREATE INDEX changes_by_field ON changes (query, field, changed_at);

CREATE TABLE statistics (
    query            INTEGER NOT NULL REFERENCES queries (number),
    date             TEXT NOT NULL,
    completed_items  INTEGER NOT NULL,
    created_items    INTEGER NOT NULL,
    completed_points REAL NOT NULL,
    created_points   REAL NOT NULL,
    velocity_items   REAL,
    velocity_points  REAL,
    remaining_items  INTEGER,
    remaining_points REAL,
    extra            TEXT NOT NULL,
    PRIMARY KEY (query, date)
) STRICT, WITHOUT ROWID;

CREATE TABLE scopes (
    query      INTEGER PRIMARY KEY REFERENCES queries (number),
    "values"   TEXT NOT NULL,
    updated_at TEXT,
    extra      TEXT NOT NULL
) STRICT;

CREATE TABLE metrics (
    query         INTEGER NOT NULL REFERENCES queries (number),
    week          TEXT NOT NULL,
    name          TEXT NOT NULL,
    category      TEXT NOT NULL,
    value         REAL,
    unit          TEXT,
    calculated_at TEXT,
    details       TEXT NOT NULL,
    PRIMARY KEY (query, week, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX metrics_by_name ON metrics (query, name, week);
CREATE INDEX metrics_by_category ON metrics (query, category, week);
