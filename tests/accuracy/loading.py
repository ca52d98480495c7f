"""A simulated inbox's person tables into a scratch warehouse, and the cleaning of the dbt project over them.

What belongs here: the short way from deliveries to cleaned records. What does not: receiving, which judges deliveries and has tests of
its own; here of every office's deliveries the highest number is taken as good, as the simulator means it.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from python_calamine import CalamineWorkbook

from warehouse.periods import Period

PROJECT = Path(__file__).resolve().parents[2]
WANTED = {
    ("employee", "persons"),
    ("employee", "enrollments"),
    ("resident", "psn_info_b"),
    ("resident", "psn_insu_d"),
    ("rural", "families"),
    ("rural", "members"),
    ("city", "divisions"),
    ("city", "financing_standards"),
}
KEYS = {
    ("employee", "persons"): "AAC001",
    ("employee", "enrollments"): "AAZ159",
    ("resident", "psn_info_b"): "psn_no",
    ("resident", "psn_insu_d"): "psn_insu_rlts_id",
    ("rural", "families"): "家庭编号",
    ("rural", "members"): "个人编号, 参合年度",
}
LINEAGE = {"_system": "varchar", "_period": "varchar", "_office": "varchar", "_delivery_id": "varchar", "_line": "bigint"}


def contract_tables() -> dict[tuple[str, str], dict[str, str]]:
    """Every contract table with its columns and their landed types, as the dbt sources state them."""
    found = {}
    for path in sorted((PROJECT / "dbt_project/models/staging").glob("*/_*__sources.yml")):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            for table in source["tables"]:
                columns = {column["name"]: column["data_type"] for column in table["columns"] if not column["name"].startswith("_")}
                found[source["name"], table["name"]] = columns
    return found


def deliveries_in_force(inbox: Path) -> list[tuple[Path, dict]]:
    """Of every system, period and office the delivery with the highest number."""
    best: dict[tuple[str, str, str], tuple[int, Path, dict]] = {}
    for path in sorted(inbox.rglob("delivery.json")):
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:  # a faulty first attempt of the simulator; the good one follows
            continue
        key = (manifest["system"], manifest["period"], manifest["office"])
        if key not in best or best[key][0] < manifest["delivery_no"]:
            best[key] = (manifest["delivery_no"], path.parent, manifest)
    return [(folder, manifest) for _, folder, manifest in (best[key] for key in sorted(best))]


def load_inbox(con: duckdb.DuckDBPyConnection, inbox: Path) -> list[str]:
    """Fill the schema `landing` with the tables that matching reads, every other contract table empty.

    Returns:
        The months delivered, in order.
    """
    con.execute("create schema if not exists landing")
    tables = contract_tables()
    for (system, table), columns in tables.items():
        typed = ", ".join(f'"{name}" {kind}' for name, kind in {**columns, **LINEAGE}.items())
        con.execute(f'create or replace table landing."{system}__{table}" ({typed})')
    months = set()
    for folder, manifest in deliveries_in_force(inbox):
        system, period, office = manifest["system"], manifest["period"], manifest["office"]
        months.add(period)
        for entry in manifest["tables"]:
            key = (system, entry["table"])
            if key not in WANTED:
                continue
            rows = _rows_of(folder / entry["file"], system)
            _land(con, rows, tables[key], f"{system}__{entry['table']}", (system, period, office))
    # A key that stands twice in a delivery is rejected when received: its first row lands.
    for (system, table), key in KEYS.items():
        con.execute(f"""
            create or replace table landing."{system}__{table}" as
            select * from landing."{system}__{table}"
            where {" and ".join(f"{column} is not null" for column in key.split(", "))}
            qualify row_number() over (partition by _delivery_id, {key} order by _line) = 1
        """)
    _control(con, sorted(months))
    return sorted(months)


def _rows_of(path: Path, system: str) -> pa.Table:
    """A delivered file as texts; lines that cannot be split are left out."""
    if path.suffix == ".parquet":
        return pq.read_table(path)
    if path.suffix == ".xlsx":
        header, *lines = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
        lines = [[str(cell) for cell in line] for line in lines]
    else:
        text = path.read_bytes().decode("gb18030" if system == "rural" else "utf-8-sig")
        # A record is one physical line: a quote that never closes damages its own line alone.
        header, *lines = (line.split(",") if '"' not in line else next(csv.reader([line])) for line in text.splitlines() if line)
        lines = [line for line in lines if len(line) == len(header)]
    columns = list(zip(*lines, strict=True)) or [()] * len(header)
    return pa.table({str(name): pa.array(column, type=pa.string()) for name, column in zip(header, columns, strict=True)})


def _land(con: duckdb.DuckDBPyConnection, rows: pa.Table, columns: dict[str, str], table: str, origin: tuple[str, str, str]) -> None:
    names = [name for name in columns if name in rows.column_names]
    values = ", ".join(f"try_cast(nullif(cast(\"{name}\" as varchar), '') as {columns[name]})" for name in names)
    system, period, office = origin
    con.register("delivered", rows)
    con.execute(f"""
        insert into landing."{table}" ({", ".join(f'"{name}"' for name in names)}, {", ".join(LINEAGE)})
        select {values}, '{system}', '{period}', '{office}', '{system}-{period}-{office}-1', row_number() over () + 1
        from delivered
    """)
    con.unregister("delivered")


def _control(con: duckdb.DuckDBPyConnection, months: list[str]) -> None:
    """What the dbt project reads of the close: the last month, and all months on record."""
    con.execute("create schema if not exists control")
    con.execute("create or replace table control.months (period varchar, first_day date, last_day date)")
    for text in months:
        month = Period.parse(text)
        con.execute("insert into control.months values (?, ?, ?)", [text, month.first_day, month.last_day])
    con.execute("""
        create or replace table control.close_period as
        select period, first_day, last_day, cast(year(first_day) as bigint) as year from control.months order by period desc limit 1
    """)


def clean(warehouse: Path, scratch: Path, *, seeds: bool = True) -> float:
    """Run the cleaning models of the dbt project over a scratch warehouse.

    Returns:
        Seconds spent in the models, without dbt's own start.
    """
    selected = [f"+{model}" for model in ("int_person_records", "int_numbers_without_record", "int_relations_unioned", "int_divisions")]
    kinds = ["--exclude", "resource_type:test", "resource_type:unit_test"] + ([] if seeds else ["resource_type:seed"])
    outcome = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "--quiet", "build", "--select", *selected, *kinds),
            *("--project-dir", str(PROJECT / "dbt_project"), "--profiles-dir", str(PROJECT / "dbt_project")),
            *("--target-path", str(scratch / "target"), "--log-path", str(scratch / "logs")),
        ],
        env={**os.environ, "TONGCHOU_WAREHOUSE_PATH": str(warehouse), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
        raise RuntimeError(outcome.stdout + outcome.stderr)
    results = json.loads((scratch / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    return sum(result["execution_time"] for result in results if result["unique_id"].startswith("model."))
