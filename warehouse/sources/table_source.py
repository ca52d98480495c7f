"""The interface of a source of rows, and the choice of the reader that a file needs.

What belongs here: the shape in which every source hands out its records. What does not: the readers (`delimited.py`, `workbook.py`,
`parquet.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from warehouse.contracts import SystemContract, TableContract

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class UndecodableError(Exception):
    """The source cannot be read as what the contract says it is; the text says where and what was expected, and quotes nothing of it."""


class TableSource(Protocol):
    """The records of one delivered table.

    Attributes:
        name: what messages call it.
        header: the names of its columns, in the order of its fields.
    """

    name: str
    header: list[str]

    def batches(self, lines: np.ndarray | None = None) -> Iterator[pa.RecordBatch]:
        """The records after the header, blank lines left out, in the shape of `records_schema()`.

        Args:
            lines: sorted line numbers; only these records then. Callers ask for some after they have read all.

        Raises:
            UndecodableError: while reading, where the source cannot be decoded.
        """
        ...


def records_schema() -> pa.Schema:
    """One record: its physical line (the header's is 1 where nothing stands above it), its fields, its text.

    `fields` is null where the line cannot be split into fields. `raw` is the text as delivered, null where joining the fields with commas
    gives it back.
    """
    # pyarrow costs a third of a second to import, and most commands read no source.
    import pyarrow as pa

    return pa.schema([("line", pa.int64()), ("raw", pa.string()), ("fields", pa.list_(pa.string()))])


def open_file(path: Path, system: SystemContract, table: TableContract) -> TableSource:
    """The reader of a delivered file: `.xlsx` and `.parquet` by their names, everything else is CSV.

    Raises:
        UndecodableError: the system does not deliver in that form, or the file is not what its name says.
    """
    suffix = path.suffix.lower().lstrip(".")
    form = suffix if suffix in {"xlsx", "parquet"} else "csv"
    agreed = {agreed.format: agreed.encoding for agreed in system.formats}
    if form not in agreed:
        forms = " or ".join(f"{name} ({encoding})" if name == "csv" else name for name, encoding in agreed.items())
        message = f"{path.name} is {form}, expected {forms} from {system.system}"
        raise UndecodableError(message)
    if form == "xlsx":
        from .workbook import WorkbookSource

        return WorkbookSource(path, table)
    if form == "parquet":
        from .parquet import ParquetSource

        return ParquetSource(path, table)
    from .delimited import DelimitedSource

    return DelimitedSource(path, agreed["csv"])
