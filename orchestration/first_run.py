"""What `make run` does: a simulated city, its months closed in order in one process, its report packages, and a summary.

What belongs here: the showing of the whole chain on data that anybody may see. What does not: anything that a bureau's own run needs;
it types `tongchou receive` and `tongchou close`. Repeated, it takes up where it stands: what is simulated, received or closed stays.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.table import Table

from orchestration import cli
from orchestration.close import CloseResult, close_month
from warehouse.errors import TongchouError
from warehouse.landing import receive
from warehouse.periods import Period
from warehouse.settings import Settings
from warehouse.simulate import simulate


def first_run(
    home: Annotated[Path, typer.Option("--home")],
    inbox: Annotated[Path, typer.Option("--inbox")],
    persons: Annotated[int, typer.Option("--persons")] = 50_000,
    first: Annotated[str, typer.Option("--from")] = "2025-01",
    last: Annotated[str, typer.Option("--to")] = "2025-06",
    seed: Annotated[int, typer.Option("--seed")] = 20250601,
) -> None:
    """Simulate a city, close its months, write its reports."""
    began = time.perf_counter()
    settings = Settings.from_environment(home)
    months = Period.span(Period.parse(first), Period.parse(last))
    if inbox.exists() and any(inbox.iterdir()):
        cli.out.print(f"{inbox}: deliveries are there already, none simulated")
    else:
        cli.out.print(f"Simulating a city of {persons:,} persons, {first} to {last} …")
        simulate(inbox, persons, months[0], months[-1], seed, "specified")
    simulated = time.perf_counter()
    received = receive(settings, inbox)
    cli.print_received(received)
    landed = time.perf_counter()
    closed = []
    for month in months:
        cli.out.print(f"\nClosing {month}")
        result = close_month(settings, month, say=cli.say_stage)
        cli.print_closed(result)
        closed.append(result)
    _summarise(settings, closed)
    ended = time.perf_counter()
    cli.out.print(
        f"simulated in {simulated - began:.0f} s, received in {landed - simulated:.0f} s, "
        f"{len(months)} months closed in {ended - landed:.0f} s"
    )
    cli.out.print("看板 dashboard: make app      报表 reports: " + str(settings.reports))


def _summarise(settings: Settings, closed: list[CloseResult]) -> None:
    """One line per month: what a statistician looks at first."""
    table = Table(title="月结汇总 (closed months)", title_justify="left")
    headings = ["月份", "发布", "参保人次", "去重人数", "本月收入(元)", "本月支出(元)", "住院人次", "疑似重复(对)", "报表"]
    for heading in headings:
        table.add_column(heading, justify="left" if heading in {"月份", "发布", "报表"} else "right", overflow="fold")
    for result in closed:
        month = str(result.period)
        path = settings.published / result.release.file
        with duckdb.connect(str(path), read_only=True) as con:
            numbers = [
                con.execute(sql, [month]).fetchone()[0]
                for sql in (
                    "select sum_of_schemes from reporting.headcount_bridge where period = ? and division_code = '990100'",
                    "select distinct_persons from reporting.headcount_bridge where period = ? and division_code = '990100'",
                    _indicator("INC-01"),
                    _indicator("EXP-01"),
                    _indicator("UTL-06"),
                    "select count(*) from reporting.duplicate_cases where ? is not null and legitimate_rule is null and overlap_to is null",
                )
            ]
        cells = ["—" if value is None else f"{value:,.2f}" if place in (2, 3) else f"{value:,.0f}" for place, value in enumerate(numbers)]
        package = settings.reports / month / result.release.release
        table.add_row(month, result.release.release, *cells, str(package))
    cli.out.print(table)


def _indicator(code: str) -> str:
    return (
        f"select value from reporting.indicator_values where indicator_code = '{code}' and scheme = 'all' "
        "and division_code = '990100' and period_type = 'month' and period = ?"
    )


if __name__ == "__main__":
    try:
        typer.run(first_run)
    except TongchouError as error:
        cli.err.print(str(error), markup=False)
        raise SystemExit(error.exit_code) from error
