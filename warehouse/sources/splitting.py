"""Lines of CSV into fields: a whole chunk at a time where no quote stands, line by line where one does.

What belongs here: the grammar of a record. A record is one physical line; fields are separated by commas; a field that begins with a quote
ends with one, and a quote inside it is written twice; a quote inside any other field is a character like others; a line without anything
but white space is no record. What does not: bytes and encodings (`delimited.py`).

A CSV reader that works on whole files lets an unclosed quote swallow the lines that follow. So every line stands alone here.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from .table_source import records_schema

_NEWLINE, _RETURN, _QUOTE, _COMMA = 10, 13, 34, 44
# Python's csv refuses longer fields; such lines go the slow way.
_LONG = 131_072


def split_record(text: str) -> list[str] | None:
    """The fields of one line, None where its quotes do not balance."""
    fields: list[str] = []
    place = 0
    while True:
        if text.startswith('"', place):
            parts: list[str] = []
            place += 1
            while True:
                quote = text.find('"', place)
                if quote < 0:
                    return None
                parts.append(text[place:quote])
                place = quote + 1
                if not text.startswith('"', place):
                    break
                parts.append('"')
                place += 1
            if place < len(text) and text[place] != ",":
                return None
            fields.append("".join(parts))
        else:
            comma = text.find(",", place)
            comma = len(text) if comma < 0 else comma
            fields.append(text[place:comma])
            place = comma
        if place >= len(text):
            return fields
        place += 1


def split_records(texts: Sequence[str]) -> list[list[str] | None]:
    """The fields of each line; the same as `split_record` of each, in one call where that is safe."""
    if all("\r" not in text and len(text) < _LONG for text in texts):
        try:
            rows = list(csv.reader(texts, strict=True))
        except csv.Error:
            rows = []
        # A quote left open joins lines, nothing divides one: as many rows as lines means that each line was read alone.
        if len(rows) == len(texts):
            return rows
    return [split_record(text) for text in texts]


def split_chunk(text: bytes, first_line: int) -> pa.RecordBatch:
    """The records of a chunk of whole lines.

    Args:
        text: UTF-8, known to be valid; every line ends with a line feed.
        first_line: the physical number of its first line.
    """
    codes = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(codes == _NEWLINE)
    starts = np.empty_like(ends)
    starts[:1] = 0
    starts[1:] = ends[:-1] + 1
    contents = ends.copy()
    if b"\r" in text:
        contents -= (codes[np.maximum(ends - 1, 0)] == _RETURN) & (ends > starts)
    lines = np.arange(first_line, first_line + len(ends), dtype=np.int64)
    quoted = np.zeros(len(ends), dtype=bool)
    if b'"' in text:
        quoted[np.searchsorted(ends, np.flatnonzero(codes == _QUOTE))] = True
    batch = _plain_batch(text, codes, starts, ends, contents, lines, ~quoted)
    if not quoted.any():
        return batch
    places = np.flatnonzero(quoted)
    texts = [text[starts[place] : contents[place]].decode("utf-8") for place in places.tolist()]
    slow = pa.record_batch(
        [pa.array(lines[places]), pa.array(texts, pa.string()), pa.array(split_records(texts), pa.list_(pa.string()))],
        schema=records_schema(),
    )
    if not len(batch):
        return slow
    order = np.argsort(np.concatenate([batch.column("line").to_numpy(), lines[places]]), kind="stable")
    return pa.concat_batches([batch, slow]).take(pa.array(order))


def _plain_batch(
    text: bytes, codes: np.ndarray, starts: np.ndarray, ends: np.ndarray, contents: np.ndarray, lines: np.ndarray, plain: np.ndarray
) -> pa.RecordBatch:
    """The lines without a quote: their separators taken out at once, what is left are the fields, end to end."""
    kept, kept_text = codes, text
    returns = plain & (contents < ends)
    if returns.any() or not plain.all():
        keep = np.ones(len(codes), dtype=bool)
        keep[contents[returns]] = False
        if not plain.all():
            steps = np.zeros(len(codes) + 1, dtype=np.int8)
            steps[starts[~plain]] += 1
            steps[ends[~plain] + 1] -= 1
            keep &= np.cumsum(steps[:-1], dtype=np.int8) == 0
        kept = codes[keep]
        kept_text = kept.tobytes()
    places = np.flatnonzero((kept == _COMMA) | (kept == _NEWLINE))
    offsets = np.zeros(len(places) + 1, dtype=np.int32)
    offsets[1:] = places - np.arange(len(places))
    values = pa.StringArray.from_buffers(len(places), pa.py_buffer(offsets), pa.py_buffer(kept_text.translate(None, b",\n")))
    last = np.flatnonzero(kept[places] == _NEWLINE)
    bounds = np.zeros(len(last) + 1, dtype=np.int32)
    bounds[1:] = last + 1
    fields = pa.ListArray.from_arrays(pa.array(bounds), values)
    batch = pa.record_batch([pa.array(lines[plain]), pa.nulls(len(fields), pa.string()), fields], schema=records_schema())
    # Only a line of a single field can be blank.
    single = np.flatnonzero(np.diff(bounds) == 1)
    blank = [place for place in single.tolist() if not values[bounds[place]].as_py().strip()]
    if not blank:
        return batch
    keep = np.ones(len(batch), dtype=bool)
    keep[blank] = False
    return batch.filter(pa.array(keep))
