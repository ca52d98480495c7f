"""The source contracts as data, one Open Data Contract Standard file per system, and their reader.

What belongs here: what a delivery must hold, its tables, columns, types, keys, period columns, and what is optional. What does not: how a
file is read (`warehouse/sources`), and how a delivery is judged against its contract (`warehouse/landing`).
"""

from .reading import ColumnContract, FileFormat, SystemContract, TableContract, load_contracts

__all__ = ["ColumnContract", "FileFormat", "SystemContract", "TableContract", "load_contracts"]
