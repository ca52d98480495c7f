"""What every asset shares: the months as partitions, the pool of the working warehouse, the home.

What belongs here: nothing that only one asset needs.
"""

import dagster as dg

from orchestration.stages import CloseOptions
from warehouse.errors import TongchouError
from warehouse.periods import Period
from warehouse.settings import Settings

# Months of the past may be delivered late, and the running month is received before it ends.
MONTHS = dg.MonthlyPartitionsDefinition(start_date="2015-01", fmt="%Y-%m", end_offset=1)

# Whatever opens the working warehouse or writes to landing: one at a time, over all runs.
POOL = "warehouse"

PREPARED = dg.AssetKey(["working", "prepared"])
PERSON_LINKS = dg.AssetKey(["identity", "person_links"])
RELEASE = dg.AssetKey(["published", "release"])
PACKAGE = dg.AssetKey(["published", "report_package"])


class Home(dg.ConfigurableResource):
    """The home that is worked on, from the environment of the Dagster process (`TONGCHOU_HOME`, `TONGCHOU_INBOX`)."""

    def settings(self) -> Settings:
        """Its paths."""
        return Settings.from_environment()


class CloseConfig(dg.Config):
    """What a run of the close is told, as on the command line.

    Attributes:
        without: offices excused for this month alone, `rural/990104`.
        in_force: offices whose accepted delivery is used although a newer one was refused.
    """

    without: list[str] = []
    in_force: list[str] = []

    def options(self) -> CloseOptions:
        """The same as the command line makes of it."""
        return CloseOptions.parse(self.without, self.in_force)


def month_of(context: dg.AssetExecutionContext) -> Period:
    """The month of the partition that runs."""
    return Period.parse(context.partition_key)


def as_failure(error: TongchouError) -> dg.Failure:
    """An error that is meant to be read, as Dagster shows it: its words, and no second try."""
    return dg.Failure(description=str(error), allow_retries=False)
