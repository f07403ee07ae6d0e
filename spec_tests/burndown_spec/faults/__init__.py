"""A disk that fails on demand: a file system on FUSE (extra `faults`; Linux), and what is built from its records."""

from burndown_spec.faults.disk_states import DiskState, disk_states
from burndown_spec.faults.mounting import Disk, unavailable
from burndown_spec.faults.recording import MARKS, ROOT, Record, records_from

__all__ = ["MARKS", "ROOT", "Disk", "DiskState", "Record", "disk_states", "records_from", "unavailable"]
