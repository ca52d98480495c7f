"""The dbt project as assets, in the two halves between which persons are matched.

What belongs here: how dbt's nodes become assets and its tests checks. What does not: what dbt builds in a close (`stages.build_records`,
`stages.build_numbers`, which the bodies call). One split over the whole project fails when a test spans both halves, hence two.
"""

# Dagster reads the annotations of an asset when it is defined, so they are not put off to text here.
from collections.abc import Callable, Iterator, Mapping
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

# Outputs that a month may find made already: seeds, and views of staging.
_STANDING = {
    "__".join(_translator.get_asset_key(node).path)
    for node in _manifest["nodes"].values()
    if node["resource_type"] == "seed" or node["original_file_path"].startswith("models/staging/")
}


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
    reported: set[str | None] = set()
    failure: DbtFailedError | None = None
    settings = home.settings()
    try:
        with stages.locked(settings):
            stage(settings, heard.append)
    except DbtFailedError as error:
        failure = error
    for event in heard:
        message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
        for said in message.to_default_asset_events(_manifest, _translator, context, settings.work / "dbt" / "target"):
            if _is_asked_for(context, said):
                reported.add(getattr(said, "output_name", None))
                yield said
    if failure is not None:
        raise as_failure(failure) from failure
    for name in sorted(context.op_execution_context.selected_output_names - reported):
        if name in _STANDING:
            yield dg.Output(None, output_name=name)


def _is_asked_for(context: dg.AssetExecutionContext, said: object) -> bool:
    """A stage is one piece: where the page asks for some of its assets alone, the others are built too, and not reported."""
    if isinstance(said, dg.Output):
        return said.output_name in context.op_execution_context.selected_output_names
    if isinstance(said, dg.AssetCheckResult):
        return dg.AssetCheckKey(said.asset_key, said.check_name) in context.selected_asset_check_keys
    return True


assets = [records, numbers]
