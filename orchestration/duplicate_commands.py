"""The commands `tongchou duplicates …`: worklists of duplicate cases for the counties, and their return.

What belongs here: options, help and tables on the terminal. What does not: what counts as sent and what is taken (`duplicates.py`), and the
workbooks (`reports/worklists.py`). Neither a name nor an ID number is printed: the workbooks show them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warehouse.errors import UsageError
from warehouse.periods import Period

duplicates_app = typer.Typer(
    name="duplicates",
    help="重复参保核查: 清单下发与收回 (duplicate cases: worklists for the counties, and their return)",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@duplicates_app.command()
def worklists(
    context: typer.Context,
    month: Annotated[str, typer.Argument(metavar="MONTH", help="统计月份, 如 2025-06, 须为最新的已结月份 (the newest closed month)")],
    folder: Annotated[Path | None, typer.Option("--out", help="输出目录, 默认报表目录下 worklists/")] = None,
) -> None:
    """下发核查清单: 每个县区一份工作簿, 登记为已下发; 含个人信息 (one workbook per county; its cases are recorded as sent)."""
    from orchestration.cli import existing_home, out, print_table
    from orchestration.duplicates import send_worklists

    try:
        period = Period.parse(month)
    except ValueError as error:
        raise UsageError(str(error)) from error
    result = send_worklists(existing_home(context), period, folder)
    if not result.lists:
        out.print(f"{result.release.release}: 没有重复参保案件 (no duplicate cases)")
        return
    print_table(
        f"{result.release.release} 核查清单 (worklists)",
        ["县区", "名称", "需要答复", "本次新下发", "文件"],
        [[one.division_code, one.county, f"{one.asked:,}", f"{one.new:,}", one.path.name] for one in result.lists],
    )
    out.print(f"  {result.lists[0].path.parent}")
    out.print(f"本次登记为已下发 {result.sent:,} 件 ({result.sent:,} cases recorded as sent)")
    out.print("以上工作簿含个人信息, 只交给对应县区 (these workbooks hold personal data; give each to its own county)")


@duplicates_app.command()
def answers(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="县区交回的工作簿 (returned workbooks)")],
    name: Annotated[str, typer.Option("--as", help="收取人姓名")],
) -> None:
    """收回核查清单: 逐行检查, 收下正确的行, 列出未收下的行与原因; 有未收下的, 退出码为 1 (take returned worklists, row by row)."""
    from orchestration.cli import err, existing_home, out, print_table
    from orchestration.duplicates import take_answers

    result = take_answers(existing_home(context), files, name)
    for one in result.files:
        if one.refused is not None:
            err.print(f"未收 (refused): {one.refused}", markup=False)
            continue
        out.print(
            f"{one.path.name}: {one.worklist} {one.county}: 收下 {one.taken:,}, 已在册 {one.known:,}, 未答复 {one.unanswered:,}, "
            f"未收下 {len(one.problems):,} ({one.taken:,} taken, {one.known:,} on record already, {one.unanswered:,} unanswered, "
            f"{len(one.problems):,} not taken)",
            markup=False,
        )
        if one.problems:
            print_table(
                f"未收下的行, 请退回{one.county}更正 (rows not taken)",
                ["行", "案件编号", "列", "现有内容", "应填内容"],
                [[row.line, row.case_id, row.column, row.found, row.expected] for row in one.problems],
            )
    if result.contradictions:
        print_table(
            "答复不一致, 都已登记, 都未生效, 请商定后重新答复 (answers that contradict each other: on record, none acts)",
            ["案件编号", "不一致之处"],
            [[row.case_id, row.why] for row in result.contradictions],
        )
    if result.applied:
        listed = ", ".join(f"{status} {count:,}" for status, count in sorted(result.applied.items()))
        out.print(f"下次月结生效 (the next close obeys): {listed}")
    if not result.is_complete:
        raise typer.Exit(1)
