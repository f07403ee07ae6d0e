"""The layout of the database: numbered SQL files, each of which brings the layout to the version of its number."""

from burndown_store.sqlite.schema.versions import APPLICATION_ID, SCHEMA_VERSION, examine, scripts

__all__ = ["APPLICATION_ID", "SCHEMA_VERSION", "examine", "scripts"]
