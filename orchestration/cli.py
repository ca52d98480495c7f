"""The command line `tongchou`.

What belongs here: commands, their options and help as a statistician reads them, tables on the terminal, exit codes. What does not: any
rule (`close.py` and what it calls). Every error that is meant to be read is one message on standard error; any other is a fault of the
program: its traceback goes to a file under `<home>/.work`, the terminal names that file.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from orchestration.duplicate_commands import duplicates_app
from orchestration.expected import Office
from orchestration.matching import match_app
from warehouse.errors import CloseRefusedError, TongchouError, UsageError
from warehouse.periods import Period
from warehouse.settings import Settings

app = typer.Typer(
    name="tongchou",
    help="统筹：医疗保险基金统计仓库 (the statistics warehouse of a city's medical-insurance funds)",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(match_app)
app.add_typer(duplicates_app)
# A pipe has no width of its own; a table folded to eighty columns cannot be read.
# Names and paths that people give may hold square brackets, which are no markup of ours.
out = Console(soft_wrap=True, highlight=False, markup=False, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)

INTERRUPTED = 130
# More lines nobody reads on a terminal.
DIFFERENCES_SHOWN = 100

MonthArgument = Annotated[str, typer.Argument(metavar="MONTH", help="统计月份, 如 2025-06 (reporting month, YYYY-MM)")]


@app.callback()
def _home(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option("--home", help="数据目录 (the home); 默认 TONGCHOU_HOME 或 ./data")] = None,
) -> None:
    settings = Settings.from_environment(home)
    if settings.home.exists() and not settings.home.is_dir():
        message = f"{settings.home} is a file; expected the folder of a home (--home, or TONGCHOU_HOME)"
        raise UsageError(message)
    context.obj = settings


def existing_home(context: typer.Context) -> Settings:
    """The home of a command that has nothing to say of one that is not there.

    Raises:
        CloseRefusedError: there is none.
    """
    settings: Settings = context.obj
    if not settings.home.exists():
        message = f"{settings.home} does not exist: name the home with --home or TONGCHOU_HOME, or begin one with `tongchou receive`"
        raise CloseRefusedError(message)
    return settings


def _month(text: str) -> Period:
    try:
        return Period.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


@app.command()
def simulate(
    inbox: Annotated[Path, typer.Option("--inbox", help="交付目录, 须为空 (where the deliveries are written)")],
    persons: Annotated[int, typer.Option("--persons", min=100, help="人口数 (persons living in the city)")],
    first: Annotated[str, typer.Option("--from", help="第一个月 YYYY-MM")],
    last: Annotated[str, typer.Option("--to", help="最后一个月 YYYY-MM")],
    seed: Annotated[int, typer.Option("--seed", help="随机种子: 相同种子, 相同数据")] = 1,
    faults: Annotated[str, typer.Option("--faults", help="差错水平: none, light, specified, 或差错率文件")] = "specified",
    truth: Annotated[Path | None, typer.Option("--truth", help="标准答案目录, 默认在交付目录旁边")] = None,
) -> None:
    """生成一座模拟城市的交付数据 (write a simulated city's deliveries and, beside them, the truth)."""
    from warehouse.simulate import simulate as simulate_city

    made = simulate_city(inbox, persons, _month(first), _month(last), seed, faults, truth, on_progress=out.print)
    out.print(
        f"{made.persons:,} persons, {made.counties} counties, {made.months} months: {made.deliveries} deliveries with {made.rows:,} rows, "
        f"{made.faulty_deliveries} of them faulty at first and sent again; truth in {made.truth}"
    )


@app.command()
def receive(
    context: typer.Context,
    inbox: Annotated[Path, typer.Option("--inbox", help="交付目录")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查, 不入库 (judge without landing)")] = False,
) -> None:
    """接收交付: 检查、落地、登记; 有拒收时退出码为 1 (check and land every delivery not yet on record)."""
    from warehouse.landing import receive as receive_deliveries

    result = receive_deliveries(context.obj, inbox, dry_run=dry_run)
    print_received(result, dry_run=dry_run)
    if result.refused:
        raise typer.Exit(1)


@app.command()
def rejects(
    context: typer.Context,
    month: MonthArgument,
    folder: Annotated[Path, typer.Option("--out", help="输出目录")],
) -> None:
    """导出被拒绝的行, 每个单位一份工作簿, 退回单位改正 (rejected rows per office; holds personal data)."""
    from warehouse.landing import write_rejects

    paths = write_rejects(existing_home(context), _month(month), folder)
    if not paths:
        out.print(f"{month}: no rejected rows")
        return
    out.print("以下工作簿含个人信息, 只交给对应单位 (these workbooks hold personal data; give each to its own office):")
    for path in paths:
        out.print(f"  {path}")


@app.command()
def deliveries(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False,
) -> None:
    """交付台账 (the ledger of deliveries)."""
    from warehouse.landing import deliveries as ledger

    columns = [
        "system",
        "period",
        "office",
        "delivery_no",
        "status",
        "received_at",
        "rows_delivered",
        "rows_landed",
        "rows_rejected",
        "reason",
        "note",
    ]
    rows = [{name: getattr(row, name) for name in columns} for row in ledger(existing_home(context))]
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2, default=str) + "\n")
        return
    print_table("交付台账", columns, [[row[name] for name in columns] for row in rows])


@app.command()
def status(context: typer.Context, month: Annotated[str | None, typer.Argument(metavar="[MONTH]", help="只看一个月")] = None) -> None:
    """各月状态: 已交、未交、拒收, 以及下一步 (months, their states, and what to do next)."""
    from orchestration.status import months_and_next

    settings: Settings = context.obj
    rows = months_and_next(settings, _month(month) if month else None)
    if not rows:
        out.print(f"{settings.home}: 没有任何月份在册。下一步: tongchou receive --inbox DIR (no month on record yet)")
        return
    print_table(
        "各月状态",
        ["月份", "状态", "发布", "已交", "未交", "拒收", "下一步"],
        [[row.period, row.state, row.release, row.delivered, row.missing, row.refused, row.next_step] for row in rows],
    )


@app.command()
def close(
    context: typer.Context,
    month: MonthArgument,
    inbox: Annotated[Path | None, typer.Option("--inbox", help="先接收此目录的交付")] = None,
    without: Annotated[list[str] | None, typer.Option("--without", help="本月不等此单位, 如 rural/990104 (可多次)")] = None,
    in_force: Annotated[list[str] | None, typer.Option("--in-force", help="较新交付被拒, 仍用已接收的, 如 rural/990104 (可多次)")] = None,
    full: Annotated[bool, typer.Option("--full", help="发布前运行全部测试")] = False,
) -> None:
    """月结: 接收、统一、识别人员、计算、审核, 发布暂定版本并写报表 (close a month)."""
    from orchestration.close import close_month

    result = close_month(
        context.obj,
        _month(month),
        inbox=inbox,
        without=tuple(Office.parse(text) for text in without or ()),
        in_force=tuple(Office.parse(text) for text in in_force or ()),
        full=full,
        say=say_stage,
    )
    if result.received is not None:
        print_received(result.received)
    print_closed(result)


@app.command()
def approve(context: typer.Context, month: MonthArgument, name: Annotated[str, typer.Option("--as", help="批准人姓名")]) -> None:
    """批准: 冻结一个月的数字 (freeze a month)."""
    from orchestration.close import approve as approve_month

    release = approve_month(existing_home(context), _month(month), name)
    out.print(f"{release.period}: {release.release} is approved by {name}")


@app.command()
def diff(
    context: typer.Context,
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="旧版本, 如 2025-06-r01; 只写月份即其有效版本 (the older one)")],
    other: Annotated[str, typer.Argument(metavar="RELEASE", help="新版本, 如 2025-06-r02 (the newer one)")],
    file: Annotated[Path | None, typer.Option("--out", help="全部差异另存为 CSV 文件 (all of them, as CSV)")] = None,
) -> None:
    """比较两个版本: 每个不同的数字, 旧值与新值 (the cells that differ between two releases)."""
    import csv

    from warehouse.releases import diff as differing

    rows = differing(existing_home(context), release, other)
    if not rows:
        out.print(f"{release} and {other} do not differ in any cell")
        return
    lines = [[row.table, row.key, row.old, row.new] for row in rows]
    headings = ["表", "单元格", "旧", "新"]
    if file is not None:
        with file.open("w", encoding="utf-8-sig", newline="") as handle:
            csv.writer(handle).writerows([headings, *lines])
    print_table(f"{release} → {other}", headings, lines[:DIFFERENCES_SHOWN])
    by_table = ", ".join(f"{table} {count:,}" for table, count in Counter(row.table for row in rows).most_common())
    out.print(f"{len(rows):,} cells differ: {by_table}")
    if file is not None:
        out.print(f"all of them: {file}")
    elif len(rows) > DIFFERENCES_SHOWN:
        out.print(f"the first {DIFFERENCES_SHOWN} are shown; all of them as CSV: --out FILE")


@app.command()
def reports(
    context: typer.Context,
    month: MonthArgument,
    folder: Annotated[Path | None, typer.Option("--out", help="输出目录, 默认数据目录下 reports/")] = None,
) -> None:
    """重新写出本月有效版本的报表 (write the report package of the release in force again)."""
    from orchestration.stages import write_reports

    package = write_reports(existing_home(context), _month(month), folder)
    out.print(str(package))
    if (package / "worklists").exists():
        err.print("worklists/ 含个人信息, 每份只交给对应县区 (holds personal data; give each workbook to its own county)")


@app.command(name="app")
def run_app(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", help="端口")] = 8501,
    address: Annotated[str, typer.Option("--address", help="监听地址")] = "localhost",
    reviewer: Annotated[str | None, typer.Option("--reviewer", help="复核人姓名: 打开人员识别复核的记录, 决定记在此名下; 只限本机")] = None,
) -> None:
    """打开看板 (the dashboard; with a reviewer it shows pairs of person records, to this machine alone)."""
    from reports.launch import serve

    settings: Settings = context.obj if reviewer is None else replace(context.obj, reviewer=reviewer.strip() or None)
    raise typer.Exit(serve(settings, port=port, address=address))


def say_stage(title: str, rows: int | None, seconds: float) -> None:
    """One line for a stage that is done."""
    out.print(f"  {title:<28}{'' if rows is None else f'{rows:,}':>14}{seconds:>9.1f} s")


def print_received(result, *, dry_run: bool = False) -> None:  # noqa: ANN001 - imported lazily, see receive
    """What one look through an inbox came to."""
    verb = "would land" if dry_run else "landed"
    rows = sum(row.rows_landed or 0 for row in result.accepted)
    rejected = sum(row.rows_rejected or 0 for row in result.accepted)
    out.print(
        f"{len(result.accepted)} deliveries accepted ({rows:,} rows {verb}, {rejected:,} rows rejected), {len(result.refused)} refused, "
        f"{len(result.unchanged)} on record already, {len(result.waiting)} still being copied"
    )
    for line in result.ignored:
        out.print(f"  ignored: {line}")
    for row in result.accepted:
        if row.rows_rejected or row.note:
            said = [f"{row.rows_rejected:,} rows rejected"] if row.rows_rejected else []
            said += [row.note] if row.note else []
            out.print(f"  {row.system} {row.period} {row.office} number {row.delivery_no}: {'; '.join(said)}")
    for row in result.refused:
        number = "without a number" if row.delivery_no is None else f"number {row.delivery_no}"
        out.print(f"  refused: {row.system} {row.period} {row.office} {number}: {row.reason}")


def print_closed(result) -> None:  # noqa: ANN001 - imported lazily, see close
    """What a close came to."""
    if not result.published:
        out.print(f"{result.period}: nothing new since {result.release.release}, nothing published")
        return
    checks = result.checks
    out.print(f"{result.period}: published {result.release.release} (暂定 provisional), {sum(result.seconds.values()):.1f} s")
    out.print(f"  checks: {checks.passed:,} passed, {checks.failed:,} failed, {checks.not_run:,} not run")
    for code, rows in checks.theirs_failed.items():
        out.print(f"  {code}: {rows:,} failing rows in what the sources say")
    out.print(f"  reports: {result.package}")
    if (result.package / "worklists").exists():
        out.print(f"  worklists count as sent once `tongchou duplicates worklists {result.period}` has written them (运行后才记为已下发)")
    if result.to_close_again:
        out.print(f"  close again, in order: {', '.join(str(month) for month in result.to_close_again)}")


def print_table(title: str, columns: list[str], rows: list[list[object]]) -> None:
    """A table with a title; what is null stays empty."""
    table = Table(title=title, title_justify="left", show_lines=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    out.print(table)


def main() -> None:
    """Run the command line; the exit code is 0 (done), 1 (refused or stopped) or 2 (wrong usage)."""
    # A terminal of an office machine may not speak UTF-8; a character it cannot show must not end a close.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    # What a home holds names persons: it is for its owner and the owner's group.
    os.umask(0o027)
    try:
        app()
    except TongchouError as error:
        err.print(str(error))
        sys.exit(error.exit_code)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            err.print("已中断 (interrupted): 未完成的步骤没有留下任何结果, 再次运行同一命令即可 (run the same command again)")
        raise
    except OSError as error:
        if error.filename is None:
            raise
        said = f"{error.filename}: {error.strerror or type(error).__name__}"
        err.print(f"无法读写 (cannot be read or written): {said}; 详情见 {_keep_traceback()}")
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last line of defence: what is not an error to be read is a fault of the program
        err.print(f"程序出错 (a fault of the program): {type(error).__name__}; 详情见 {_keep_traceback()}")
        sys.exit(1)


def _keep_traceback() -> Path:
    """Where the traceback is kept. Locals are not in it, messages of the engine may quote a value: it stays in the home."""
    settings = Settings.from_environment(_home_of_arguments(sys.argv))
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}.txt"
    if os.access(settings.home, os.W_OK):
        folder = settings.work / "faults"
        folder.mkdir(parents=True, exist_ok=True)
    else:
        # A home that cannot be written to, or is not there, keeps nothing.
        folder = Path(tempfile.mkdtemp(prefix="tongchou-fault-"))
    path = folder / name
    path.write_text(traceback.format_exc(), encoding="utf-8")
    return path


def _home_of_arguments(arguments: list[str]) -> str | None:
    for number, argument in enumerate(arguments):
        if argument == "--home" and number + 1 < len(arguments):
            return arguments[number + 1]
        if argument.startswith("--home="):
            return argument.removeprefix("--home=")
    return None
