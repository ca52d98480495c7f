"""Where rows come from: files today, behind the one interface that a database can take as well.

What belongs here: reading, that is bytes to records of text. What does not: what a record must be (`warehouse/contracts`), and what becomes
of it (`warehouse/landing`).
"""

from .table_source import TableSource, UndecodableError, open_file, records_schema

__all__ = ["TableSource", "UndecodableError", "open_file", "records_schema"]
