"""The dbt project as assets, in the two halves between which persons are matched.

What belongs here: how dbt's nodes become assets and its tests checks. What does not: what dbt builds in a close (`stages.build_records`,
`stages.build_numbers`, which the bodies call). One split over the whole project fails when a test spans both halves, hence two.
"""

# Dagster reads the annotations of an asset when it is defined, so they are not put off to text here.
from collections.abc import Callable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration import stages
from orchestration.assets.common import MONTHS, PERSON_LINKS, POOL, PREPARED, Home, as_failure
from orchestration.assets.ingest import landing_key
from orchestration.dbt_runner import DbtFailedError, DbtOutcome, manifest_of
from warehouse.contracts import load_contracts
from warehouse.settings import Settings


class Translator(DagsterDbtTranslator):
    """Keys of assets: a model's schema and name; what the close lays out for dbt is one asset, who is who another."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Key of a node or a source."""
        if dbt_resource_props["resource_type"] == "source":
            source = dbt_resource_props["source_name"]
            if source in load_contracts():
                return landing_key(source)
            return PERSON_LINKS if source == "identity" else PREPARED
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The layer."""
        return dbt_resource_props["schema"]


_translator = Translator(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))
_manifest = manifest_of(Settings.from_environment())
# A stage is about one month: what is asked for several is that many runs.
ONE_MONTH = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
_KINDS = "resource_type:model resource_type:seed tag:grain"


def _standing_outputs() -> list[str]:
    """Outputs that a month may find made already, seeds and views of staging, each after what it follows from."""
    standing = {
        name: node
        for name, node in _manifest["nodes"].items()
        if node["resource_type"] == "seed" or node["original_file_path"].startswith("models/staging/")
    }
    above = {name: [one for one in node.get("depends_on", {}).get("nodes", []) if one in standing] for name, node in standing.items()}
    ordered = TopologicalSorter(above).static_order()
    return ["__".join(_translator.get_asset_key(standing[name]).path) for name in ordered]


_STANDING = _standing_outputs()


@dbt_assets(
    manifest=_manifest,
    name="records",
    select=_KINDS,
    exclude="source:identity+",
    partitions_def=MONTHS,
    dagster_dbt_translator=_translator,
    backfill_policy=ONE_MONTH,
    pool=POOL,
)
def records(context: dg.AssetExecutionContext, home: Home) -> Iterator[object]:
    """Everything that does not need to know who is who."""
    yield from _events(context, home, stages.build_records)


@dbt_assets(
    manifest=_manifest,
    name="numbers",
    select="source:identity+,resource_type:model source:identity+,tag:grain",
    partitions_def=MONTHS,
    dagster_dbt_translator=_translator,
    backfill_policy=ONE_MONTH,
    pool=POOL,
)
def numbers(context: dg.AssetExecutionContext, home: Home) -> Iterator[object]:
    """Everything that follows from who is who."""
    yield from _events(context, home, stages.build_numbers)


def _events(
    context: dg.AssetExecutionContext, home: Home, stage: Callable[[Settings, Callable[[dict[str, Any]], None]], DbtOutcome]
) -> Iterator[object]:
    """Run a stage, and say of every node that dbt named what became of it.

    Seeds and views of staging that stand in the working warehouse are not made again; what follows from them may go on.
    """
    heard: list[dict[str, Any]] = []
    failure: DbtFailedError | None = None
    settings = home.settings()
    try:
        with stages.locked(settings):
            stage(settings, heard.append)
    except DbtFailedError as error:
        failure = error
    said = [
        one
        for event in heard
        for one in DbtCoreCliEventMessage(raw_event=event, event_history_metadata={}).to_default_asset_events(
            _manifest, _translator, context, settings.work / "dbt" / "target"
        )
        if _is_asked_for(context, one)
    ]
    reported = {getattr(one, "output_name", None) for one in said}
    # They are left standing all together or made all together; and Dagster wants to hear of them before what follows from them.
    if reported.isdisjoint(_STANDING) and (said or failure is None):
        wanted = context.op_execution_context.selected_output_names
        yield from (dg.Output(None, output_name=name) for name in _STANDING if name in wanted)
    yield from said
    if failure is not None:
        raise as_failure(failure) from failure


def _is_asked_for(context: dg.AssetExecutionContext, said: object) -> bool:
    """A stage is one piece: where the page asks for some of its assets alone, the others are built too, and not reported."""
    if isinstance(said, dg.Output):
        return said.output_name in context.op_execution_context.selected_output_names
    if isinstance(said, dg.AssetCheckResult):
        return dg.AssetCheckKey(said.asset_key, said.check_name) in context.selected_asset_check_keys
    return True


assets = [records, numbers]
