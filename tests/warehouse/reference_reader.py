"""A second reader of the contract page: slow, plain Python, one row at a time. What landing does set by set must come to the same."""

from __future__ import annotations

import csv
import datetime as dt
import re
from decimal import Decimal

# Digits before the point that landing has room for.
ROOM = {"money": 18, "number": 28}


def split(line: str) -> list[str] | None:
    """The fields of a line, None where quotes do not balance."""
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return None


def value_of(column, text: str):
    """The typed value of a text that is not empty; raises ValueError where its type refuses it."""
    if column.type == "text":
        return text
    if column.type == "date":
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return dt.date.fromisoformat(text)
    if column.type == "month":
        if not re.fullmatch(r"[0-9]{4}(0[1-9]|1[0-2])", text) or text.startswith("0000"):
            raise ValueError(text)
        return f"{text[:4]}-{text[4:]}"
    if column.type == "whole":
        if not re.fullmatch(r"-?[0-9]+", text) or not -(2**63) <= int(text) < 2**63:
            raise ValueError(text)
        return int(text)
    decimals = f"{{1,{column.scale}}}" if column.type == "money" else "+"
    if not re.fullmatch(rf"-?[0-9]+(\.[0-9]{decimals})?", text) or abs(Decimal(text)) >= Decimal(10) ** (ROOM[column.type] - column.scale):
        raise ValueError(text)
    return Decimal(text)


def read(text: str, table, period: str):
    """Landed rows by line, reasons of rejected rows by line, and the sum of every money column over both."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    header = next(csv.reader([lines[0]]))
    landed, rejected, keys = {}, {}, set()
    totals = {column.name: Decimal(0) for column in table.columns if column.type == "money"}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        fields = split(line)
        if fields is None or len(fields) != len(header):
            rejected[number] = "cannot be split"
            continue
        texts = dict(zip(header, fields, strict=True))
        row, unreadable = {}, []
        for column in table.columns:
            field = texts.get(column.name, "")
            try:
                row[column.name] = value_of(column, field) if field else None
            except ValueError:
                row[column.name] = None
                unreadable.append(column.name)
        for name in totals:
            totals[name] += row[name] or 0
        key = tuple(row[name] for name in table.key)
        if any(texts[name] == "" for name in table.key):
            rejected[number] = "key is null"
        elif unreadable:
            rejected[number] = "value cannot be read"
        elif key in keys:
            rejected[number] = "duplicate key"
        elif table.period_column and str(row[table.period_column])[:7] != period:
            rejected[number] = "not of the period"
        else:
            keys.add(key)
            landed[number] = row
    return landed, rejected, totals
