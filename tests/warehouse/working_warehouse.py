"""A small working warehouse by hand, with the tables that the dbt project declares, for tests of what follows from them."""

from __future__ import annotations

from decimal import Decimal

import duckdb

from warehouse import releases
from warehouse.periods import Period
from warehouse.register import Register, ReleaseRow
from warehouse.settings import Settings
from warehouse.shapes import reporting_shapes

DIVISIONS = ("990100", "990102", "990102001", "990102000", "990103", "990103004", "990199")
# What every release holds, and the review file's table; words of the catalogues are left out.
FILLED = (*releases.CONTRACTED_TABLES, "failing_rows")
MEASURES = ("INSURED", "INCOME", "SETTLEMENTS")
# One case within 990102, one shared by both counties, one of 990103 alone.
CASES = (
    ("C1", "employee", "310000000001", "1000000001", "990102", "resident", "3910000000000001", "99010000000001", "990102"),
    ("C2", "resident", "3910000000000002", "99010000000002", "990102", "rural", "99010300000007-2025", "99010300000007", "990103"),
    ("C3", "rural", "99010300000008-2025", "99010300000008", "990103", "rural", "99010300000009-2025", "99010300000009", "990103"),
)


def build(settings: Settings, register: Register, month: str, base: int = 1000, rows: int = 1) -> None:
    """Lay out the working warehouse of a month as a close would: earlier months copied, the month itself with values from `base`."""
    period = Period.parse(month)
    settings.home.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.warehouse)) as con:
        releases.attach_earlier(con, settings, register, period)
        # One transaction waits for the disk once.
        con.execute("begin transaction")
        con.execute("create schema if not exists reporting")
        con.execute("create schema if not exists review")
        for name, shape in reporting_shapes(settings.dbt_project).items():
            if name not in FILLED:
                continue
            schema = "review" if name == "failing_rows" else "reporting"
            listed = ", ".join(f'"{column}" {kind}' for column, kind in shape.columns.items())
            con.execute(f'create or replace table {schema}."{name}" ({listed})')
        con.execute(
            "insert into reporting.release_info by name select $month as period, 'code' as code_version, 'rules' as rule_set_version",
            {"month": month},
        )
        _fill_measures(con, month, base, rows)
        con.execute(
            "insert into reporting.indicator_values by name select period_type, period, division_code, scheme, "
            "'ENR-01' as indicator_code, value as numerator, 1 as denominator, value, '1' as definition_version, origin, months_used "
            "from reporting.measure_values where measure_code = 'INSURED' and period = $month",
            {"month": month},
        )
        _insert(
            con,
            "reporting.headcount_bridge",
            [
                {
                    "period": month,
                    "division_code": code,
                    "employee": base,
                    "resident": base,
                    "sum_of_schemes": 2 * base,
                    "distinct_persons": 2 * base,
                }
                for code in ("990100", "990102", "990103")
            ],
        )
        _insert(con, "reporting.duplicate_cases", [_case(case, month) for case in CASES])
        _insert(
            con,
            "reporting.check_results",
            [
                {
                    "check_code": "CHK-01",
                    "report_code": "RPT-M01",
                    "period": month,
                    "division_code": code,
                    "scheme": "all",
                    "row_code": "A",
                    "left_value": Decimal(base),
                    "right_value": Decimal(base),
                    "difference": Decimal(0),
                    "outcome": "passed",
                    "passed": True,
                }
                for code in ("990100", "990102")
            ],
        )
        _insert(
            con,
            "reporting.deliveries",
            [
                {"system": system, "period": month, "office": office, "delivery_no": 1, "status": "accepted", "rows_landed": base}
                for system, office in (("employee", "990100"), ("rural", "990102"), ("rural", "990103"))
            ],
        )
        _insert(
            con,
            "review.failing_rows",
            [
                {
                    "check_code": "CHK-20",
                    "row_code": "total",
                    "source_system": "rural",
                    "source_table": "hospital_claims",
                    "key": f"{office}-7",
                    "delivery": f"rural-{month}-{office}-1",
                    "line": 12,
                    "left_value": Decimal("1.5"),
                    "right_value": Decimal("1.4"),
                }
                for office in ("990102", "990102", "990103")
            ],
        )
        for name in ("measure_values", "indicator_values", "headcount_bridge", "check_results"):
            columns = [column for column in reporting_shapes(settings.dbt_project)[name].columns if column != "kind"]
            copied = ["case origin when 'computed' then 'copied' else origin end as origin" if c == "origin" else c for c in columns]
            con.execute(f"insert into reporting.{name} by name select {', '.join(copied)} from published.{name}")
        con.execute("commit")


def publish(
    settings: Settings, register: Register, month: str, base: int = 1000, rows: int = 1, fingerprint: str | None = None
) -> ReleaseRow:
    """Build the month and publish it."""
    build(settings, register, month, base, rows)
    with duckdb.connect(str(settings.warehouse)) as con:
        return publish_built(settings, register, con, month, fingerprint or f"fingerprint {month} {base}")


def publish_built(settings: Settings, register: Register, con: duckdb.DuckDBPyConnection, month: str, fingerprint: str = "f") -> ReleaseRow:
    return releases.publish(
        settings,
        register,
        con,
        Period.parse(month),
        fingerprint=fingerprint,
        code_version="0.1.0+code",
        rule_set_version="1.0.0+rules",
        without=("rural/990104",),
        in_force=(),
        who="statistician",
        run="run-1",
    )


def _fill_measures(con: duckdb.DuckDBPyConnection, month: str, base: int, rows: int) -> None:
    con.execute(
        """
        insert into reporting.measure_values by name
        select
            'month' as period_type,
            $month as period,
            division_code,
            scheme,
            measure_code || case when copy = 0 then '' else '.' || copy end as measure_code,
            cast($base + division_no * 10 + measure_no + 0.25 as decimal(28, 6)) as value,
            'computed' as origin,
            1 as months_used
        from (select unnest($divisions) as division_code, unnest(range(len($divisions))) as division_no)
        cross join (select unnest($measures) as measure_code, unnest(range(len($measures))) as measure_no)
        cross join (values ('employee'), ('resident'), ('rural'), ('all')) as schemes (scheme)
        cross join (select unnest(range($rows)) as copy)
        """,
        {"month": month, "base": base, "divisions": list(DIVISIONS), "measures": list(MEASURES), "rows": rows},
    )


def _case(case: tuple[str, ...], month: str) -> dict[str, object]:
    names = ("case_id", "scheme_a", "relation_id_a", "source_person_no_a", "division_code_a")
    names += ("scheme_b", "relation_id_b", "source_person_no_b", "division_code_b")
    row: dict[str, object] = dict(zip(names, case, strict=True))
    return {
        **row,
        "person_id": f"P{case[0]}",
        "type_code": "DT-04",
        "same_county": case[4] == case[8],
        "overlap_from": Period.parse(month).first_day,
        "retained_relation_id": case[6],
        "status": "to_verify",
        "evidence": "身份证号一致; 居民关系自2025-01-01起未终止",
        "benefits_drawn": "both",
        "duplicate_subsidy_yuan": Decimal("610.10"),
    }


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, object]]) -> None:
    for row in rows:
        columns = ", ".join(f'"{name}"' for name in row)
        con.execute(f"insert into {table} ({columns}) values ({', '.join('?' for _ in row)})", list(row.values()))
