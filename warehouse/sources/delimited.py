"""CSV files, UTF-8 or GB18030.

What belongs here: bytes to text, in bounded memory. What does not: text to fields (`splitting.py`).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from .splitting import split_chunk, split_record
from .table_source import UndecodableError

# Large enough to spread the cost of a chunk, small enough that a few of them in flight do not matter.
CHUNK = 4 * 1024 * 1024
# No record of any system is near this; a file without line feeds would be read into memory whole.
LONGEST_LINE = 64 * 1024 * 1024


class _Chunk(NamedTuple):
    """Whole lines of a file: where they begin, how many bytes, the first one's number, how many."""

    offset: int
    size: int
    first_line: int
    lines: int


class DelimitedSource:
    """A CSV file: comma, double quotes, header row, lines that end with a line feed with or without a carriage return."""

    def __init__(self, path: Path, encoding: str) -> None:
        """Opens the file and reads its header.

        Args:
            path: the file.
            encoding: `utf-8` or `gb18030`. A byte-order mark is left out.

        Raises:
            UndecodableError: the header is not of that encoding.
        """
        self.name = path.name
        self._path = path
        self._encoding = encoding
        self._chunks: list[_Chunk] = []
        self._header_line = 0
        self.header: list[str] = []
        for chunk, content in self._read():
            text = self._decoded(chunk, content)
            for place, line in enumerate(text.decode("utf-8").split("\n")[:-1]):
                if line.strip():
                    self.header = split_record(line.removesuffix("\r")) or []
                    self._header_line = chunk.first_line + place
                    return

    def batches(self, lines: np.ndarray | None = None) -> Iterator[pa.RecordBatch]:
        """See `TableSource`."""
        if self._header_line == 0:
            return
        if lines is None:
            self._chunks = []
            for chunk, content in self._read():
                self._chunks.append(chunk)
                yield self._records(chunk, content)
            return
        with self._path.open("rb") as file:
            for chunk in self._chunks:
                first, last = np.searchsorted(lines, [chunk.first_line, chunk.first_line + chunk.lines])
                if first == last:
                    continue
                file.seek(chunk.offset)
                batch = self._records(chunk, _whole_lines(file.read(chunk.size)))
                yield batch.filter(pa.array(np.isin(batch.column("line").to_numpy(), lines[first:last])))

    def _records(self, chunk: _Chunk, content: bytes) -> pa.RecordBatch:
        batch = split_chunk(self._decoded(chunk, content), chunk.first_line)
        if chunk.first_line <= self._header_line:
            return batch.filter(pa.array(batch.column("line").to_numpy() > self._header_line))
        return batch

    def _read(self) -> Iterator[tuple[_Chunk, bytes]]:
        """Chunks of whole lines. A line feed is never part of a character in either encoding, so bytes can be cut there."""
        with self._path.open("rb") as file:
            offset, first_line, parts = 0, 1, []
            while True:
                content = file.read(CHUNK)
                cut = content.rfind(b"\n") + 1 if content else 0
                if content and not cut:
                    parts.append(content)
                    if sum(map(len, parts)) > LONGEST_LINE:
                        message = f"{self.name}, line {first_line} is longer than {LONGEST_LINE} bytes, expected lines of CSV"
                        raise UndecodableError(message)
                    continue
                whole = b"".join([*parts, content[:cut]])
                if whole:
                    size, whole = len(whole), _whole_lines(whole)
                    chunk = _Chunk(offset, size, first_line, whole.count(b"\n"))
                    yield chunk, whole
                    offset, first_line = offset + size, first_line + chunk.lines
                if not content:
                    return
                parts = [content[cut:]]

    def _decoded(self, chunk: _Chunk, content: bytes) -> bytes:
        """The chunk as UTF-8, known to be valid."""
        try:
            if content.isascii():
                return content
            if self._encoding == "utf-8":
                if not _is_utf8(content):
                    content.decode("utf-8")
                text = content
            else:
                text = content.decode(self._encoding).encode("utf-8")
        except UnicodeDecodeError as error:
            line = chunk.first_line + content.count(b"\n", 0, error.start)
            message = f"{self.name}, line {line}, byte {chunk.offset + error.start + 1} of the file is not {self._encoding.upper()}"
            raise UndecodableError(message) from None
        return text.removeprefix(codecs.BOM_UTF8) if chunk.offset == 0 else text


def _whole_lines(content: bytes) -> bytes:
    """The last line of a file may lack its line feed."""
    return content if content.endswith(b"\n") else content + b"\n"


def _is_utf8(content: bytes) -> bool:
    """Whether bytes are valid UTF-8: as Python's decoder says, several times faster, without making text of them."""
    bounds = np.array([0, len(content)], dtype=np.int32)
    try:
        pa.StringArray.from_buffers(1, pa.py_buffer(bounds), pa.py_buffer(content)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
