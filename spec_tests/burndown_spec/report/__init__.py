"""What a run came to, told: on the terminal, as Markdown, as JSON, and as repro scripts."""

from burndown_spec.report.document import Document, document_of, suite_version
from burndown_spec.report.folder import prepare_folder, write_report, write_repro_scripts
from burndown_spec.report.terminal import say, show

__all__ = [
    "Document",
    "document_of",
    "prepare_folder",
    "say",
    "show",
    "suite_version",
    "write_report",
    "write_repro_scripts",
]
