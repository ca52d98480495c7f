"""Scores for the pairs that the rules leave: Splink on a connection of its own, over records and pairs that SQL found.

What belongs here: handing over records, pairs and frequencies, and taking back the weights. What does not: the model (`model.py`), which
pairs are scored (`tiers.py`), and what a score leads to (`matching.py`).
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import threading
from typing import Any

import duckdb

from warehouse.identity.comparisons import COMPARED, COMPARISONS, FREQUENCIES
from warehouse.identity.frequencies import IN_COHORT, count_frequencies
from warehouse.identity.local_shares import count_local_shares
from warehouse.identity.model import MatchModel, splink_settings

WEIGHTS = tuple(f"mw_{comparison.code}" for comparison in COMPARISONS)


def score_pairs(con: duckdb.DuckDBPyConnection, pairs: str, scores: str, model: MatchModel, pairs_of_one_person: int) -> None:
    """Score pairs of records.

    Args:
        con: connection with `match_records`, `match_paired` and `match_judged`.
        pairs: table of pairs (a, b: record keys).
        scores: table to write: a, b, match_weight, match_probability, and the weight of each comparison (`mw_<comparison>`, frequencies
            in it), and of the prior (`mw_prior`).
        model: the parameters.
        pairs_of_one_person: pairs that the rules take for one person; with the number of records they give the prior.
    """
    columns = ", ".join(f"{weight} double" for weight in ("mw_prior", *WEIGHTS))
    con.execute(f"create or replace temp table {scores} (a bigint, b bigint, match_weight double, match_probability double, {columns})")
    if con.execute(f"select count(*) from {pairs}").fetchone()[0] == 0:
        return
    records = con.execute("select count(*) from match_records where has_record").fetchone()[0]
    # At least one pair: a city without any would leave every agreement to chance.
    prior = min(max(pairs_of_one_person, 1) / (records * (records - 1) / 2), 0.5)
    con.execute(f"""
        create or replace temp table scored_records as
        select *, {", ".join(f"{expression} as {column}" for column, expression in IN_COHORT.items())}
        from match_paired
        where record_key in (select a from {pairs} union all select b from {pairs})
    """)
    count_frequencies(con, "scored_records")
    wanted = ", ".join(sorted({"record_key", *COMPARED, *FREQUENCIES}))
    taken = con.execute(f"select {wanted} from scored_records order by record_key").to_arrow_table()
    frequencies = {
        column: con.execute(f"""
            select * from frequency_{column} where {column} in (select {column} from scored_records) order by {column}
        """).to_arrow_table()
        for column in FREQUENCIES
    }
    listed = con.execute(f"select a, b from {pairs} order by a, b").to_arrow_table()
    local = count_local_shares(con, model)
    scored = _predict(taken, listed, frequencies, splink_settings(local.model, prior, local.systems), _threads(con))
    con.register("scored_pairs", scored)
    con.execute(f"insert into {scores} select a, b, match_weight, match_probability, mw_prior, {', '.join(WEIGHTS)} from scored_pairs")
    con.unregister("scored_pairs")
    for table in ("scored_records", *(f"frequency_{column}" for column in FREQUENCIES)):
        con.execute(f"drop table {table}")


def import_splink_meanwhile() -> None:
    """Import Splink in a thread of its own: it takes a second of one processor, and DuckDB leaves one idle now and then."""

    def import_splink() -> None:
        # Where it is needed it is asked for again, and what is wrong with it is told there.
        with contextlib.suppress(ImportError):
            importlib.import_module("splink")

    threading.Thread(target=import_splink, daemon=True).start()


def _threads(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("select current_setting('threads')").fetchone()[0])


def _predict(records: Any, pairs: Any, frequencies: dict[str, Any], settings: dict[str, Any], threads: int) -> Any:  # noqa: ANN401
    """What Splink makes of the pairs, as an Arrow table."""
    # Splink takes a second to import and is needed only where something is left to score.
    from splink import DuckDBAPI, Linker

    own = duckdb.connect()
    own.execute(f"set threads = {threads}")
    try:
        api = DuckDBAPI(connection=own)
        # Splink's own check of the settings parses every condition again; they come from `comparisons.py`, which the tests hold.
        linker = Linker(api.register(records, table_name="match_records"), settings, log_level=logging.ERROR, validate_settings=False)
        for column, table in frequencies.items():
            linker.table_management.register_term_frequency_lookup(api.register(table, table_name=f"frequency_{column}"), column)
        own.register("listed", pairs)
        own.execute("create table blocked as select a as join_key_l, b as join_key_r, '0' as match_key from listed")
        linker.table_management.register_blocked_pairs_for_predict(api.register(own.table("blocked"), table_name="blocked_pairs"))
        predicted = linker.inference.predict()
        weights = []
        for comparison in settings["comparisons"]:
            code = comparison["output_column_name"]
            adjusted = any("tf_adjustment_column" in level for level in comparison["comparison_levels"])
            weights.append(f"mw_{code}" + (f" + mw_tf_adj_{code}" if adjusted else "") + f" as mw_{code}")
        prior = settings["probability_two_random_records_match"]
        return own.execute(f"""
            select
                record_key_l as a, record_key_r as b, match_weight, match_probability,
                log2({prior} / (1 - {prior})) as mw_prior, {", ".join(weights)}
            from {predicted.physical_name}
        """).to_arrow_table()
    finally:
        own.close()
