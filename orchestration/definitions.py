"""What Dagster loads. It only assembles.

`make dagster`, or `dagster dev -m orchestration.definitions` with `TONGCHOU_HOME` and `TONGCHOU_INBOX` set.
"""

from __future__ import annotations

import dagster as dg

from orchestration import jobs, sensors
from orchestration.assets import close, dbt, ingest
from orchestration.assets.common import Home

definitions = dg.Definitions(
    assets=[*ingest.assets, *dbt.assets, *close.assets],
    jobs=jobs.jobs,
    schedules=jobs.schedules,
    sensors=sensors.sensors,
    resources={"home": Home()},
)
