"""Parquet files whose columns are all text.

What belongs here: reading them row group by row group. What does not: typing (`warehouse/landing`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.contracts import TableContract

from .table_source import UndecodableError, records_schema

_ROWS = 65_536


class ParquetSource:
    """A Parquet file; its first row counts as line 2, as if a header stood above it."""

    def __init__(self, path: Path, table: TableContract) -> None:
        """Opens the file and reads its schema.

        Raises:
            UndecodableError: it is no Parquet file, or a column of the contract is no text.
        """
        self.name = path.name
        self._path = path
        try:
            schema = pq.read_schema(path)
        except FileNotFoundError:
            raise
        # A damaged file fails wherever the library happens to notice it; whatever it says, it cannot be read.
        except Exception as error:
            message = f"{self.name} is no Parquet file that can be read ({type(error).__name__})"
            raise UndecodableError(message) from None
        self.header = list(schema.names)
        for name, kind in zip(schema.names, schema.types, strict=True):
            values = kind.value_type if pa.types.is_dictionary(kind) else kind
            text = pa.types.is_string(values) or pa.types.is_large_string(values) or pa.types.is_null(values)
            if table.column(name) is not None and not text:
                message = f"{self.name}, column {name} is {kind}, expected string: every column of a Parquet delivery is text"
                raise UndecodableError(message)
        # Columns that the contract does not know may be of any type; they are not landed.
        self._known = [place for place, name in enumerate(self.header) if table.column(name) is not None]

    def batches(self, lines: np.ndarray | None = None) -> Iterator[pa.RecordBatch]:
        """See `TableSource`."""
        first_line = 2
        try:
            with pq.ParquetFile(self._path) as file:
                for batch in file.iter_batches(_ROWS, columns=[self.header[place] for place in self._known]):
                    numbers = np.arange(first_line, first_line + len(batch), dtype=np.int64)
                    first_line += len(batch)
                    wanted = np.isin(numbers, lines) if lines is not None else None
                    if wanted is None or wanted.any():
                        records = self._records(batch, numbers)
                        yield records if wanted is None else records.filter(pa.array(wanted))
        except FileNotFoundError:
            raise
        except Exception as error:
            message = f"{self.name} cannot be read to its end as Parquet ({type(error).__name__}, after line {first_line - 1})"
            raise UndecodableError(message) from None

    def _records(self, batch: pa.RecordBatch, numbers: np.ndarray) -> pa.RecordBatch:
        """Columns to lists of fields: laid end to end, then taken row by row."""
        rows, width = len(batch), len(self.header)
        empty = pa.nulls(rows, pa.string())
        columns = [empty] * width
        for place, column in zip(self._known, batch.columns, strict=True):
            columns[place] = column.cast(pa.string())
            columns[place].validate(full=True)
        order = np.arange(rows * width).reshape(width, rows).T.ravel()
        values = pa.concat_arrays(columns).take(pa.array(order)) if columns else pa.nulls(0, pa.string())
        fields = pa.ListArray.from_arrays(pa.array(np.arange(rows + 1, dtype=np.int32) * width), values)
        return pa.record_batch([pa.array(numbers), pa.nulls(rows, pa.string()), fields], schema=records_schema())
