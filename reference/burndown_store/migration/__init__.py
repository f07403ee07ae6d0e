"""The users' old files become a store: atomically, without loss, once; and back again.

    report = migrate(root, open_backend)            # the first start after the upgrade
    restore(root, report.backup)                    # the old files as they were then

It knows the contract and the old files, and no backend: any with transactions will do. `docs/data-model.md` says where
each key of the old files goes.
"""

from burndown_store.migration.backups import BACKUPS, Backup, backups_in, expect_no_store_lost
from burndown_store.migration.flag import FLAG, Exists, OpenBackend, mark_as_new
from burndown_store.migration.migrating import Damage, migrate
from burndown_store.migration.report import KINDS, Progress, Report
from burndown_store.migration.restoring import Restored, restore

__all__ = [
    "BACKUPS",
    "FLAG",
    "KINDS",
    "Backup",
    "Damage",
    "Exists",
    "OpenBackend",
    "Progress",
    "Report",
    "Restored",
    "backups_in",
    "expect_no_store_lost",
    "mark_as_new",
    "migrate",
    "restore",
]
