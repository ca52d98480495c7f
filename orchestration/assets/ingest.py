"""One asset per source system and month: its deliveries received, landed, and on record.

What belongs here: the call of `receive` for one system and month, and the check that nothing of it was refused. What does not: judging a
delivery (`warehouse/landing`), looking for new ones (`orchestration/sensors.py`).
"""

# Dagster reads the annotations of an asset when it is defined, so they are not put off to text here.
from collections.abc import Iterator

import dagster as dg

from orchestration.assets.common import MONTHS, POOL, Home, month_of
from warehouse.contracts import load_contracts
from warehouse.landing import deliveries, receive


def landing_key(system: str) -> dg.AssetKey:
    """Key of the asset that lands a system."""
    return dg.AssetKey(["landing", system])


def _ingest(system: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=landing_key(system),
        partitions_def=MONTHS,
        group_name="landing",
        kinds={"parquet"},
        pool=POOL,
        description=f"Deliveries of `{system}` of one month: checked, and landed whole or refused whole.",
        check_specs=[
            dg.AssetCheckSpec(
                name="nothing_is_refused",
                asset=landing_key(system),
                description="Every delivery of the month that came was accepted, or a later one was.",
            )
        ],
    )
    def ingest(context: dg.AssetExecutionContext, home: Home) -> Iterator[dg.MaterializeResult]:
        settings = home.settings()
        month = month_of(context)
        receive(settings, settings.inbox, only=(system, str(month), None))
        mine = [row for row in deliveries(settings) if row.system == system and row.period == str(month)]
        standing = [row for row in mine if row.is_in_force]
        offices = {row.office for row in standing}
        refused = [row for row in mine if row.status == "refused" and row.office not in offices]
        yield dg.MaterializeResult(
            metadata={
                "offices": sorted(offices),
                "rows_delivered": sum(row.rows_delivered or 0 for row in standing),
                "rows_landed": sum(row.rows_landed or 0 for row in standing),
                "rows_rejected": sum(row.rows_rejected or 0 for row in standing),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name="nothing_is_refused",
                    passed=not refused,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"refused": [f"{row.office}: {row.reason}" for row in refused]},
                )
            ],
        )

    return ingest


assets = [_ingest(system) for system in load_contracts()]
