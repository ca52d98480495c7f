"""When assets run: the job of the monthly close, the job that receives, the schedule.

What belongs here: selections of assets and their timetable. What does not: the watch over the inbox (`sensors.py`).
"""

from __future__ import annotations

import dagster as dg

from orchestration.assets.ingest import landing_key
from warehouse.contracts import load_contracts

LANDING = dg.AssetSelection.assets(*(landing_key(system) for system in load_contracts()))

# One process per run: each step of its own would import everything again, and they wait for each other in any case.
monthly_close = dg.define_asset_job(
    "monthly_close",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="月结: receive, unify, match persons, compute, check, publish, report.",
)

receive_deliveries = dg.define_asset_job(
    "receive_deliveries",
    selection=LANDING,
    executor_def=dg.in_process_executor,
    description="接收: check and land the deliveries of one month.",
)

# Reports are owed by the tenth; offices deliver in the first days of the next month.
close_of_last_month = dg.build_schedule_from_partitioned_job(
    monthly_close,
    name="close_of_last_month",
    day_of_month=6,
    hour_of_day=2,
    description="On the sixth, at two in the night, the month before is closed; what is missing is named by the failed run.",
)

jobs = [monthly_close, receive_deliveries]
schedules = [close_of_last_month]
