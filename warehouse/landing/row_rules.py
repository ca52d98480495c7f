"""Types and row rules as SQL over records of text.

What belongs here: what each type accepts, which row lands, why a row is rejected, what adds to a control total. What does not: reading
(`warehouse/sources`), and what happens around a table (`judging.py`).

A row is rejected when it cannot be split into the header's columns; a key column is null; a typed column that is not null cannot be parsed;
its key already stands on a landed row above it; its period column is not the delivery's period. Empty text is null.
"""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.contracts import ColumnContract, TableContract

from .manifest import Identity

UNSPLITTABLE = "cannot be split"
NULL_KEY = "key is null"
UNREADABLE = "value cannot be read"
DUPLICATE = "duplicate key"
OTHER_PERIOD = "not of the period"

LINEAGE = ("_system", "_period", "_office", "_delivery_id", "_line")


def name_sql(name: str) -> str:
    """A name, quoted."""
    return '"' + name.replace('"', '""') + '"'


def text_sql(text: str) -> str:
    """A text constant, quoted."""
    return "'" + text.replace("'", "''") + "'"


def value_sql(column: ColumnContract, text: str) -> str:
    """A column's value, null where the text is null or cannot be read."""
    if column.type == "text":
        return text
    if column.type == "month":
        is_month = f"regexp_full_match({text}, '[0-9]{{4}}(0[1-9]|1[0-2])') and {text} >= '0001'"
        return f"case when {is_month} then {text}[1:4] || '-' || {text}[5:6] end"
    return f"try_cast({text} as {column.landing_type})"


def is_unreadable_sql(column: ColumnContract, text: str, value: str) -> str:
    """Whether a text is not what its column's type accepts; `value` is its `value_sql`.

    A cast accepts more than a contract does (` 1`, `1e3`, `1_000`, `2025-1-2`) and rounds. But a value that prints as it was written was
    written in the plain form: that is nearly every value, and comparing is much cheaper than a regular expression, which judges the rest.
    """
    if column.type == "text":
        return "false"
    if column.type == "month":
        return f"({text} is not null and {value} is null)"
    if column.type == "date":
        # Years beyond 9999 and the word `infinity` print as they are written too.
        return f"({text} is not null and not coalesce({value}::varchar = {text} and length({text}) = 10, false))"
    patterns = {"whole": "-?[0-9]+", "number": "-?[0-9]+([.][0-9]+)?", "money": f"-?[0-9]+([.][0-9]{{1,{column.scale}}})?"}
    plain = text_sql(patterns[column.type])
    return (
        f"(case when {text} is null or {value}::varchar = {text} then false "
        f"when {value} is null then true else not regexp_full_match({text}, {plain}) end)"
    )


class TableRules:
    """The rules of one table, for one delivery and one file's header."""

    def __init__(self, table: TableContract, identity: Identity, header: Sequence[str], file: str) -> None:
        """Every column of the contract that the header lacks must be optional."""
        self._table = table
        self._identity = identity
        self._file = file
        self._width = len(header)
        self._places = {column.name: header.index(column.name) + 1 for column in table.columns if column.name in header}
        self._columns = [column for column in table.columns if column.name in self._places]

    def landing_query(self, records: str) -> str:
        """The rows that land but for duplicate keys, typed, with their lineage."""
        lineage = ", ".join(f"{value} as {name}" for name, value in zip(LINEAGE, self._lineage(), strict=True))
        columns = ", ".join(
            f"{self._value(column)}::{column.landing_type} as {name_sql(column.name)}"
            if column.name in self._places
            else f"null::{column.landing_type} as {name_sql(column.name)}"
            for column in self._table.columns
        )
        return f"select {lineage}, {columns} from ({self._judged(records)}) where lands"

    def rejects_query(self, records: str, landed: str) -> str:
        """The rows among the records given, none of which landed, each with its reason.

        Args:
            records: a relation of the rejected records alone.
            landed: a relation of the landed rows of the table.
        """
        same_key = " and ".join(f"landed.{name_sql(name)} = judged.{self._value(self._column(name))}" for name in self._table.key)
        cases = [("not is_split", UNSPLITTABLE, "null", self._split_detail())]
        cases += [
            (f"{self._value(column)} is null and {self._text(column)} is null", NULL_KEY, text_sql(column.name), "null")
            for column in self._keys()
        ]
        cases += [
            (self._unreadable(column), UNREADABLE, text_sql(column.name), self._text(column))
            for column in self._columns
            if column.type != "text"
        ]
        cases += [("landed._line is not null", DUPLICATE, text_sql(", ".join(self._table.key)), "landed._line::varchar")]
        if self._table.period_column is not None:
            period = self._column(self._table.period_column)
            cases += [(f"not {self._in_period()}", OTHER_PERIOD, text_sql(period.name), f"{self._value(period)}::varchar")]
        whens = [[f"when {condition} then {values[place]}" for condition, *values in cases] for place in range(3)]
        whens[0] = [f"when {condition} then {text_sql(reason)}" for condition, reason, *_ in cases]
        reason, column, detail = (f"case {' '.join(when)} end" for when in whens)
        names = ", ".join(text_sql(column.name) for column in self._columns)
        texts = ", ".join(self._text(column) for column in self._columns)
        lineage = ", ".join(f"{value} as {name}" for name, value in zip(LINEAGE, self._lineage("judged.line"), strict=True))
        return f"""
            select {lineage}, {text_sql(self._table.name)} as table_name, {text_sql(self._file)} as file_name, {reason} as reason,
                ({column})::varchar as column_name, ({detail})::varchar as detail,
                coalesce(judged.raw, {_joined("judged.fields")}) as raw_text,
                case when is_split then map([{names}], [{texts}]::varchar[]) end as fields
            from ({self._judged(records)}) as judged
            left join {landed} as landed on {same_key} and landed._line < judged.line
            order by judged.line
        """

    def total_query(self, landed: str, rejects: str, columns: Sequence[ColumnContract]) -> str:
        """For each column its sum over landed and over rejected rows, two numbers each, in order."""
        parts = [f"(select coalesce(sum({name_sql(column.name)}), 0) from {landed})" for column in columns]
        more = []
        for column in columns:
            text = f"fields[{text_sql(column.name)}]"
            value = value_sql(column, text)
            read = f"case when not {is_unreadable_sql(column, text, value)} then {value} end"
            more.append(f"(select coalesce(sum({read}), 0) from {rejects} where fields is not null)")
        return "select " + ", ".join(sql for pair in zip(parts, more, strict=True) for sql in pair)

    def _judged(self, records: str) -> str:
        """Texts, values and verdicts of every record."""
        texts = ", ".join(f"nullif(fields[{self._places[column.name]}], '') as {self._text(column)}" for column in self._columns)
        typed = [column for column in self._columns if column.type != "text"]
        values = "".join(f", {value_sql(column, self._text(column))} as {self._value(column)}" for column in typed)
        conditions = ["is_split", *(f"{self._value(column)} is not null" for column in self._keys())]
        conditions += [f"not {self._unreadable(column)}" for column in typed]
        if self._table.period_column is not None:
            conditions.append(self._in_period())
        # random() keeps the optimizer from moving the condition below, where it would cast every value a second time.
        lands = f"{' and '.join(conditions)} and random() >= 0"
        return f"""
            select *, {lands} as lands
            from (
                select *{values}
                from (
                    select line, raw, fields, coalesce(len(fields) = {self._width}, false) as is_split, {texts}
                    from {records}
                )
            )
        """

    def _lineage(self, line: str = "line") -> tuple[str, ...]:
        parts = (self._identity.system, self._identity.period, self._identity.office, self._identity.delivery_id)
        return (*map(text_sql, parts), line)

    def _keys(self) -> list[ColumnContract]:
        return [self._column(name) for name in self._table.key]

    def _column(self, name: str) -> ColumnContract:
        return next(column for column in self._columns if column.name == name)

    def _text(self, column: ColumnContract) -> str:
        return f"t{self._places[column.name]}"

    def _value(self, column: ColumnContract) -> str:
        return self._text(column) if column.type == "text" else f"v{self._places[column.name]}"

    def _unreadable(self, column: ColumnContract) -> str:
        return is_unreadable_sql(column, self._text(column), self._value(column))

    def _split_detail(self) -> str:
        return (
            f"case when judged.fields is null then 'quotes do not balance' else len(judged.fields) || ' fields, expected {self._width}' end"
        )

    def _in_period(self) -> str:
        column = self._column(self._table.period_column or "")
        value, period = self._value(column), self._identity.period
        if column.type == "date":
            return f"coalesce({value} between date '{period}-01' and last_day(date '{period}-01'), false)"
        return f"coalesce({value} = '{period}', false)"


def _joined(fields: str) -> str:
    """Fields as the line of CSV they came from, where the source did not keep it."""
    quoted = "'\"' || replace(field, '\"', '\"\"') || '\"'"
    return (
        f"array_to_string(list_transform({fields}, lambda field: case when field is null then '' "
        f"when regexp_matches(field, '[,\"\\n]') then {quoted} else field end), ',')"
    )
