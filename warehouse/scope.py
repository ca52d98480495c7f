"""What a user may see: the one place that opens releases and review files for pages and exports, and filters their rows.

What belongs here: the scope of a user (which counties, which role), the rule for each table of what a county may see, and reading. What
does not: how a release is written, found and compared (`releases.py`), and anything that reads the whole city on purpose (the close, the
package of reports).

Rows come as decimals, dates and whole numbers, never as floating point: whoever shows them rounds. A connection lives for one query,
because connections are not to be shared between the threads of a page. A release never changes, so what was read of it may be kept for as
long as one likes under `ReleaseReader.key`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse.errors import ReleaseError, ScopeError
from warehouse.periods import Period
from warehouse.register import Register, ReleaseRow
from warehouse.releases import find_release
from warehouse.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

# Words of the forms and catalogues, and the release's own page: the same for everybody.
OPEN_TABLES = frozenset(
    {
        "release_info",
        "forms",
        "form_rows",
        "form_columns",
        "form_notes",
        "form_recipients",
        "divisions",
        "indicator_definitions",
        "indicator_measures",
        "measure_definitions",
        "check_definitions",
        "definition_versions",
        "duplicate_rule_definitions",
        "threshold_definitions",
        # How sure the matching of the whole city is: the same behind every county's cases.
        "match_quality",
        "match_strata",
    }
)
# An institution treats the insured of every county: its values are the city's.
CITY_TABLES = frozenset({"institution_values"})
# What names the other county's person in a case that two counties share. The scheme, county, dates and state of it stay.
_OTHER_COUNTYS = ("relation_id", "source_person_no", "person_name", "masked_id_number", "id_status", "township_name", "unit_no")
# Columns of a case that name one of its two relations.
_ONE_OF_TWO = ("retained_relation_id", "ended_relation_id")
# Columns of a case that tell of one relation what is not among its place, days and state.
_OF_EITHER = ("benefits_drawn",)
_PARAMETER = re.compile(r"\$\w+|\?")
# What reads files, catalogs, or tables named in a text.
_AROUND_THE_FILTER = re.compile(
    r"\b(information_schema|pg_catalog)\b|\b(read_\w+|duckdb_\w+|pragma_\w+|sqlite_\w+|glob|query|query_table)\s*\(", re.IGNORECASE
)


@dataclass(frozen=True)
class Scope:
    """The rows that a user may see.

    Attributes:
        counties: six-digit codes of the counties whose rows they are; None for the whole city.
        is_reviewer: whether rows of the review file may be seen, which name persons; everybody may see its counts.
        user: whose scope it is; None while there are no accounts.
    """

    counties: tuple[str, ...] | None = None
    is_reviewer: bool = False
    user: str | None = None

    def __post_init__(self) -> None:
        wrong = [code for code in self.counties or () if re.fullmatch(r"\d{6}", code) is None]
        if wrong or self.counties == ():
            message = f"a scope is the whole city (None) or six-digit county codes, found {wrong or 'none'}"
            raise ScopeError(message)

    @property
    def is_whole_city(self) -> bool:
        """Whether nothing is filtered."""
        return self.counties is None

    def releases(self, settings: Settings) -> list[ReleaseRow]:
        """Every release ever published, by month, then number: what there is to choose from is no secret."""
        with Register(settings.register, read_only=True) as register:
            return register.releases()

    def release(self, settings: Settings, which: str | Period | None = None) -> ReleaseReader:
        """A release by name, by month (the one in force), or the newest month's.

        Raises:
            ReleaseError: there is none, or its file is missing.
        """
        row = find_release(settings, which)
        return ReleaseReader(_existing(settings.published / row.file, row), row, self)

    def review(self, settings: Settings, which: str | Period | None = None) -> ReviewReader:
        """The review file of a release.

        Raises:
            ReleaseError: there is no such release, or no review file of it.
        """
        row = find_release(settings, which)
        return ReviewReader(_existing(settings.review / row.file, row), row, self)

    def sees_office(self, column: str) -> str:
        """SQL that holds for the rows of this scope's own offices; a county's office has the county's code."""
        return f"{column} in ({self._listed()})"

    def sees_division(self, column: str) -> str:
        """SQL that holds for the rows of this scope's counties and everything in them (townships, villages, 未分乡镇)."""
        return f"left({column}, 6) in ({self._listed()})"

    def _listed(self) -> str:
        return ", ".join(f"'{code}'" for code in self.counties or ())


def scope(user: str | None = None, *, is_reviewer: bool = False) -> Scope:
    """The scope of a user; every page and export asks here.

    Until there are accounts this is the whole city for everybody. The rows of the review file, which name persons, are for the one whom
    whoever starts the dashboard has named as its reviewer.
    """
    return Scope(user=user, is_reviewer=is_reviewer)


@dataclass(frozen=True)
class _Reader(ABC):
    """Tables of one file, as a scope may see them."""

    path: Path
    row: ReleaseRow
    scope: Scope

    schema = "reporting"

    @property
    def key(self) -> tuple[object, ...]:
        """What the answers depend on: the file, which never changes, and the scope."""
        return (self.schema, self.row.release, self.row.sha256, self.scope.counties, self.scope.is_reviewer)

    @property
    def tables(self) -> list[str]:
        """Names of the tables there are."""
        with self._connected() as con:
            return _tables(con, self.schema)

    def query(self, sql: str, parameters: Mapping[str, object] | list[object] | None = None) -> pa.Table:
        """Answer a query over the tables by their plain names, `select … from measure_values …`, as an Arrow table.

        Raises:
            ScopeError: the query goes around the filter, or asks for a table that this scope has no rule for.
            ReleaseError: there is no such table or column.
        """
        with self._connected() as con:
            for table in self._named(con, sql):
                con.execute(f'create temp view "{table}" as {self._visible(con, table)}')
            try:
                return con.execute(sql, parameters).to_arrow_table()
            except (duckdb.CatalogException, duckdb.BinderException) as error:
                message = f"{self.row.release}: cannot be asked so: {str(error).splitlines()[0]}"
                raise ReleaseError(message) from error

    def _named(self, con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
        """The tables that a query names, each of them a table of this file by its plain name."""
        refusal = f"a query is one `select` over tables by their plain names, found: {sql.strip()[:80]}"
        try:
            kinds = [statement.type for statement in con.extract_statements(sql)]
            if kinds != [duckdb.StatementType.SELECT] or _AROUND_THE_FILTER.search(sql):
                raise ScopeError(refusal)
            # Names are found without values: the engine does not look for them in a statement that still waits for some.
            found = con.get_table_names(_PARAMETER.sub("null", sql), qualified=True)
        except duckdb.ParserException as error:
            message = f"{self.row.release}: cannot be asked so: {str(error).splitlines()[0]}"
            raise ReleaseError(message) from error
        names = sorted({name.split(" AS ", 1)[0].strip('"') for name in found})
        if not all(name.isidentifier() for name in names):
            raise ScopeError(refusal)
        there = _tables(con, self.schema)
        unknown = [name for name in names if name not in there]
        if unknown:
            message = f"{self.row.release}: cannot be asked so: it has no table {', '.join(unknown)}"
            raise ReleaseError(message)
        return names

    def arrow(
        self,
        table: str,
        *,
        columns: tuple[str, ...] = (),
        where: str | None = None,
        parameters: Mapping[str, object] | None = None,
        order_by: str | None = None,
        **equals: object,
    ) -> pa.Table:
        """Rows of one table as an Arrow table.

        Args:
            table: its name.
            columns: the columns wanted; all where none are named.
            where: a further condition in SQL, values as `$name`.
            parameters: of that condition.
            order_by: columns to order by; the order of the release where none are named.
            **equals: columns and the value, or values in a list, that they must have; None asks for nulls.
        """
        given = dict(parameters or {})
        conditions = [f"({where})"] if where else []
        for column, value in equals.items():
            if value is None:
                conditions.append(f'"{column}" is null')
            elif isinstance(value, (list, tuple, set, frozenset)):
                conditions.append(f'list_contains($equals_{column}, "{column}")')
                given[f"equals_{column}"] = list(value)
            else:
                conditions.append(f'"{column}" = $equals_{column}')
                given[f"equals_{column}"] = str(value) if isinstance(value, Period) else value
        listed = ", ".join(f'"{column}"' for column in columns) or "*"
        sql = f'select {listed} from "{table}"'
        if conditions:
            sql += f" where {' and '.join(conditions)}"
        if order_by:
            sql += f" order by {order_by}"
        return self.query(sql, given)

    def rows(self, table: str, **how: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - what `arrow` takes
        """Rows of one table as mappings, with decimals, dates and whole numbers; arguments as `arrow` takes them."""
        return self.arrow(table, **how).to_pylist()

    def frame(self, table: str, **how: Any) -> pd.DataFrame:  # noqa: ANN401 - what `arrow` takes
        """Rows of one table as a pandas frame: decimals stay `Decimal`, whole numbers stay whole; arguments as `arrow` takes them."""
        return to_frame(self.arrow(table, **how))

    @abstractmethod
    def _visible(self, con: duckdb.DuckDBPyConnection, table: str) -> str:
        """The rows of a table that the scope may see, as a select."""

    def _connected(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.path), read_only=True)


class ReleaseReader(_Reader):
    """A release, as a scope may see it."""

    @property
    def release(self) -> str:
        """Its name."""
        return self.row.release

    @property
    def period(self) -> Period:
        """Its month."""
        return Period.parse(self.row.period)

    def _visible(self, con: duckdb.DuckDBPyConnection, table: str) -> str:
        everything = f'select * from reporting."{table}"'
        if self.scope.is_whole_city or table in OPEN_TABLES:
            return everything
        columns = _columns(con, "reporting", table)
        if table in CITY_TABLES:
            return f"{everything} where false"
        if "division_code" in columns:
            return f"{everything} where {self.scope.sees_division('division_code')}"
        if {"division_code_a", "division_code_b"} <= set(columns):
            return _shared_cases(self.scope, "reporting", table, columns)
        if "office" in columns:
            return f"{everything} where {self.scope.sees_office('office')}"
        message = f"reporting.{table}: no rule says which of its rows belong to a county (warehouse/scope.py)"
        raise ScopeError(message)


def _shared_cases(limits: Scope, schema: str, table: str, columns: list[str]) -> str:
    """Cases with at least one of the two relations in the scope's counties; of the other what names its person is left out."""
    replaced = []
    for side in ("a", "b"):
        own = limits.sees_division(f"division_code_{side}")
        replaced += [
            f"case when {own} then {column}_{side} end as {column}_{side}" for column in _OTHER_COUNTYS if f"{column}_{side}" in columns
        ]
    for named in (column for column in _ONE_OF_TWO if column in columns):
        own_relations = " or ".join(
            f"coalesce({limits.sees_division(f'division_code_{side}')} and {named} = relation_id_{side}, false)" for side in "ab"
        )
        replaced.append(f"case when {own_relations} then {named} end as {named}")
    both_own = " and ".join(limits.sees_division(f"division_code_{side}") for side in "ab")
    replaced += [f"case when {both_own} then {column} end as {column}" for column in _OF_EITHER if column in columns]
    return (
        f'select * replace ({", ".join(replaced)}) from "{schema}"."{table}" '
        f"where {limits.sees_division('division_code_a')} or {limits.sees_division('division_code_b')}"
    )


class ReviewReader(_Reader):
    """The review file of a release: counts for everybody, rows for reviewers."""

    schema = "review"

    def counts(self, table: str, *by: str) -> pa.Table:
        """How many rows of a table there are, by columns of it (`check_code`, `reason`): without a name, number or key of anybody.

        Raises:
            ScopeError: one of the columns may hold what names a person.
            ReleaseError: there is no such table or column.
        """
        naming = [column for column in by if column not in _COUNTED_BY]
        if naming:
            message = f"review.{table}: counts are given by {', '.join(sorted(_COUNTED_BY))}, not by {', '.join(naming)}"
            raise ScopeError(message)
        listed = ", ".join(f'"{column}"' for column in by)
        with self._connected() as con:
            if table not in _tables(con, "review"):
                message = f"{self.path.name}: the review file of {self.row.release} has no table {table}"
                raise ReleaseError(message)
            source = self._of_own_offices(con, table)
            grouped = f"group by {listed} order by {listed}" if by else ""
            selected = f"{listed}, " if by else ""
            return con.execute(f"select {selected}count(*) as row_count from ({source}) as seen {grouped}").to_arrow_table()

    def _visible(self, con: duckdb.DuckDBPyConnection, table: str) -> str:
        if not self.scope.is_reviewer:
            message = f"review.{table}: its rows name persons and are for reviewers; its counts are for everybody"
            raise ScopeError(message)
        return self._of_own_offices(con, table)

    def _of_own_offices(self, con: duckdb.DuckDBPyConnection, table: str) -> str:
        everything = f'select * from review."{table}"'
        if self.scope.is_whole_city:
            return everything
        columns = _columns(con, "review", table)
        if "office" in columns:
            return f"{everything} where {self.scope.sees_office('office')}"
        if "division_code" in columns:
            return f"{everything} where {self.scope.sees_division('division_code')}"
        if {"division_code_a", "division_code_b"} <= set(columns):
            return _shared_cases(self.scope, "review", table, columns)
        for delivery in ("delivery", "delivery_id"):
            if delivery in columns:
                # A delivery's id names its office: rural-2025-06-990104-2.
                return f"{everything} where {self.scope.sees_office(f'''split_part({delivery}, '-', 4)''')}"
        message = f"review.{table}: no rule says which of its rows belong to a county (warehouse/scope.py)"
        raise ScopeError(message)


# Columns that say what a row is about without saying whom.
_COUNTED_BY = frozenset(
    {
        "check_code",
        "row_code",
        "source_system",
        "source_table",
        "system",
        "table",
        "table_name",
        "office",
        "period",
        "delivery",
        "delivery_id",
    }
    | {"reason", "reason_code", "column", "column_name", "division_code", "status", "type_code"}
    | {"queue_reason", "source_system_a", "source_system_b"}
)


def to_frame(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a pandas frame in which decimals stay decimals and whole numbers with nulls stay whole."""
    import pandas as pd
    import pyarrow as pa

    whole = {pa.int64(): pd.Int64Dtype(), pa.int32(): pd.Int32Dtype(), pa.bool_(): pd.BooleanDtype()}
    return table.to_pandas(types_mapper=whole.get, date_as_object=True)


def _existing(path: Path, row: ReleaseRow) -> Path:
    if not path.exists():
        message = f"{path} is missing, which belongs to {row.release} (published {row.built_at[:10]}): restore it from the backup"
        raise ReleaseError(message)
    return path


def _tables(con: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    rows = con.execute("select table_name from information_schema.tables where table_schema = ? order by table_name", [schema]).fetchall()
    return [name for (name,) in rows]


def _columns(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
    rows = con.execute(
        "select column_name from information_schema.columns where table_schema = ? and table_name = ? order by ordinal_position",
        [schema, table],
    ).fetchall()
    return [name for (name,) in rows]
