"""The rest of the chain as assets: what the close lays out for dbt, who is who, the release, the report package.

What belongs here: one asset per stage that is not dbt's. What does not: the stages (`orchestration/stages.py`).
"""

# Dagster reads the annotations of an asset when it is defined, so they are not put off to text here.
import dagster as dg

from orchestration import stages
from orchestration.assets.common import MONTHS, PACKAGE, PERSON_LINKS, POOL, PREPARED, RELEASE, CloseConfig, Home, as_failure, month_of
from orchestration.assets.ingest import landing_key
from orchestration.close import may_be_closed
from warehouse import releases
from warehouse.contracts import load_contracts
from warehouse.errors import TongchouError
from warehouse.register import Register, current_user, new_run_id


@dg.asset(
    key=PREPARED,
    partitions_def=MONTHS,
    group_name="working",
    kinds={"duckdb"},
    pool=POOL,
    deps=[landing_key(system) for system in load_contracts()],
    description="What dbt reads beside landing: the month, excused offices, the ledger of deliveries, earlier months as published.",
)
def prepared(context: dg.AssetExecutionContext, home: Home, config: CloseConfig) -> dg.MaterializeResult:
    """Lay the month out, if it may be closed as things stand."""
    settings = home.settings()
    month = month_of(context)
    try:
        with stages.locked(settings), Register(settings.register) as register:
            releases.mend(settings, register)
            options = config.options()
            may_be_closed(settings, register, month, options)
            rows = stages.prepare(settings, register, month, options)
    except TongchouError as error:
        raise as_failure(error) from error
    return dg.MaterializeResult(metadata={"rows_of_the_month": rows})


@dg.asset(
    key=PERSON_LINKS,
    partitions_def=MONTHS,
    group_name="identity",
    kinds={"duckdb"},
    pool=POOL,
    deps=[dg.AssetKey(["intermediate", "int_person_records"]), dg.AssetKey(["intermediate", "int_numbers_without_record"])],
    description="Which person each person number of the three systems is.",
)
def person_links(context: dg.AssetExecutionContext, home: Home) -> dg.MaterializeResult:
    """Match persons, between the two halves of the dbt project."""
    settings = home.settings()
    try:
        with stages.locked(settings):
            found = stages.match_persons(settings, month_of(context))
    except TongchouError as error:
        raise as_failure(error) from error
    return dg.MaterializeResult(
        metadata={"person_numbers": found.numbers, "persons": found.persons, **{f"edges_{k}": v for k, v in found.edges.items()}}
    )


@dg.asset(
    key=RELEASE,
    partitions_def=MONTHS,
    group_name="published",
    kinds={"duckdb"},
    pool=POOL,
    deps=[
        *(dg.AssetKey(["reporting", table]) for table in stages.PUBLISHED_TABLES),
        *(dg.AssetKey(["review", table]) for table in stages.REVIEW_TABLES),
    ],
    description="The provisional release of the month, published only if our own checks hold.",
)
def release(context: dg.AssetExecutionContext, home: Home) -> dg.MaterializeResult:
    """Gate on the checks, then publish; with nothing new the release in force stands."""
    settings = home.settings()
    month = month_of(context)
    try:
        with stages.locked(settings), Register(settings.register) as register:
            checks = stages.gate(settings, month)
            row, is_new = stages.publish(settings, register, month, who=current_user(), run=new_run_id())
    except TongchouError as error:
        raise as_failure(error) from error
    return dg.MaterializeResult(
        metadata={
            "release": row.release,
            "is_new": is_new,
            "sha256": row.sha256,
            "checks_passed": checks.passed,
            "checks_failed": checks.failed,
            "checks_not_run": checks.not_run,
        }
    )


@dg.asset(
    key=PACKAGE,
    partitions_def=MONTHS,
    group_name="published",
    kinds={"excel"},
    deps=[RELEASE],
    description="Workbooks, cells and checks of the release in force.",
)
def report_package(context: dg.AssetExecutionContext, home: Home) -> dg.MaterializeResult:
    """Write the report package of the release in force."""
    settings = home.settings()
    month = month_of(context)
    try:
        folder = stages.write_reports(settings, month)
    except TongchouError as error:
        raise as_failure(error) from error
    return dg.MaterializeResult(metadata={"folder": dg.MetadataValue.path(str(folder))})


assets = [prepared, person_links, release, report_package]
