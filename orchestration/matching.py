"""The commands `tongchou match …`: the queue of pairs, decisions on them, what they say of the matching, and training the model anew.

What belongs here: options, help and tables on the terminal. What does not: which pairs wait and what a decision does
(`warehouse/identity`). Neither a name nor an ID number is printed: the review page shows them to reviewers.
"""

from __future__ import annotations

import re
from typing import Annotated

import duckdb
import typer

from warehouse.errors import CloseRefusedError, UsageError
from warehouse.register import Register, current_user, new_run_id

match_app = typer.Typer(
    name="match",
    help="人员识别: 待复核队列、复核决定、质量估计、训练模型 (who is who: queue, decisions, quality, training)",
    no_args_is_help=True,
    rich_markup_mode=None,
)

VERDICTS_TYPED = {"same": "same", "different": "different", "cannot-tell": "cannot tell"}


@match_app.command()
def queue(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, help="最多显示多少对")] = 20,
    release: Annotated[str | None, typer.Option("--release", help="哪个版本的队列, 默认最新月份的有效版本")] = None,
) -> None:
    """待复核的记录对, 涉及金额大的在前 (pairs that wait for a reviewer, dearest first; without names)."""
    from orchestration.cli import existing_home, print_table
    from reports.texts import text
    from warehouse.identity.decisions import queue as waiting

    settings = existing_home(context)
    with Register(settings.register, read_only=True) as register:
        rows = waiting(settings, register, release=release)
    shown = [
        "queue_place",
        "pair_id",
        "queue_reason",
        "stake_yuan",
        "source_system_a",
        "source_person_no_a",
        "source_system_b",
        "source_person_no_b",
        "evidence_zh",
    ]
    headings = ["位次", "编号", "原因", "涉及金额(元)", "系统", "个人编号", "系统", "个人编号", "依据"]
    lines = [[text(f"review.reason.{row[name]}") if name == "queue_reason" else row[name] for name in shown] for row in rows[:limit]]
    print_table(f"待复核 {len(rows):,} 对", headings, lines)


@match_app.command()
def decide(
    context: typer.Context,
    pair: Annotated[str, typer.Argument(help="编号 (pair_id), 或两条记录 employee:10001,resident:9901…")],
    verdict: Annotated[str, typer.Argument(help="same 同一人, different 不是同一人, cannot-tell 无法判断")],
    name: Annotated[str, typer.Option("--as", help="复核人姓名")],
    reason: Annotated[str | None, typer.Option("--reason", help="理由")] = None,
    release: Annotated[str | None, typer.Option("--release", help="哪个版本的队列")] = None,
) -> None:
    """记录一对记录的复核决定, 下次月结生效; 新决定取代旧决定, 都保留 (record a decision; the next close obeys it)."""
    from orchestration.cli import existing_home, out
    from warehouse.identity.decisions import decide as record

    if verdict not in VERDICTS_TYPED:
        message = f"{verdict!r} is no verdict: expected {', '.join(VERDICTS_TYPED)}"
        raise UsageError(message)
    settings = existing_home(context)
    with Register(settings.register) as register:
        keys = record(settings, register, _pair_typed(pair), VERDICTS_TYPED[verdict], name, reason, release=release)
    out.print(f"{keys[0]} {keys[1]} and {keys[2]} {keys[3]}: {VERDICTS_TYPED[verdict]}, by {name}; the next close obeys it")


def _pair_typed(text: str) -> str | tuple[str, str, str, str]:
    """A pair's id, or its two records, `employee:10001,resident:9901…`."""
    from warehouse.identity.comparisons import SYSTEMS

    record = rf"({'|'.join(SYSTEMS)}):([^,]+)"
    found = re.fullmatch(f"{record},{record}", text.strip())
    return text if found is None else (found[1], found[2], found[3], found[4])


@match_app.command()
def quality(
    context: typer.Context,
    release: Annotated[str | None, typer.Option("--release", help="哪个版本, 默认最新月份的有效版本")] = None,
) -> None:
    """由抽样复核估计的查准率和查全率, 附 95% 区间 (precision and recall from decided samples)."""
    from orchestration.cli import existing_home, out
    from warehouse.identity.decisions import decisions_in_force, review_file

    settings = existing_home(context)
    with Register(settings.register, read_only=True) as register:
        path = review_file(settings, register, release)
        given = len(decisions_in_force(register))
    with duckdb.connect(str(path), read_only=True) as con:
        row = con.execute(
            "select precision, precision_low, precision_high, recall, recall_low, recall_high, pairs_decided from review.match_quality"
        ).fetchone()
    if row is None or row[0] is None:
        if given:
            out.print(f"已有 {given:,} 条复核决定, 下次 tongchou close 时计算 (the next close reckons with the decisions given)")
        else:
            out.print("还没有抽样复核, 无法估计 (no sampled pair is decided yet): tongchou match queue")
        return
    precision, low, high, recall, recall_low, recall_high, decided = row
    out.print(f"查准率 precision {precision:.2%}, 95% {low:.2%} – {high:.2%}")
    if recall is None:
        out.print("查全率 recall    尚无未认定对的复核 (no pair that was left apart is decided yet)")
    else:
        out.print(f"查全率 recall    {recall:.2%}, 95% {recall_low:.2%} – {recall_high:.2%}")
    out.print(f"已复核 decided {decided:,}")


@match_app.command()
def train(
    context: typer.Context,
    note: Annotated[str, typer.Option("--note", help="说明: 用哪些数据训练")] = "",
) -> None:
    """用工作库中的记录重新训练评分模型, 登记后下次月结使用 (train the scoring model anew from the city's own records)."""
    from orchestration.cli import existing_home, out
    from orchestration.stages import locked
    from warehouse.identity.model import KIND
    from warehouse.identity.training import train as estimate

    settings = existing_home(context)
    if not settings.warehouse.exists():
        message = f"{settings.home}: no month is closed yet, so there are no records to train on; close one with `tongchou close`"
        raise CloseRefusedError(message)
    with locked(settings), Register(settings.register) as register:
        with duckdb.connect(str(settings.warehouse)) as con:
            (period,) = con.execute("select period from control.close_period").fetchone()
            if not con.execute("select 1 from duckdb_tables() where table_name = 'int_numbers_without_record'").fetchone():
                message = f"{settings.warehouse} is of an earlier version of the program; close the month again: tongchou close {period}"
                raise CloseRefusedError(message)
            model = estimate(con, period, note=note)
        register.append_match_model(
            who=current_user(),
            run=new_run_id(),
            model_version=model.version,
            kind=KIND,
            parameters=model.as_json(),
            sha256=model.sha256,
            note=note or None,
        )
    out.print(f"model {model.version}, trained on the records of {period}: the next close uses it")
