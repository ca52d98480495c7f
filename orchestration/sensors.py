"""The watch over the inbox.

What belongs here: which months something new lies in the inbox for. What does not: judging it (the job that the sensor starts).
"""

# Dagster reads the annotations of a sensor when it is defined, so they are not put off to text here.
import dagster as dg

from orchestration.jobs import receive_deliveries
from warehouse.landing import receive
from warehouse.periods import Period
from warehouse.settings import Settings

# A share may still be copying: a folder whose newest file is younger waits.
SETTLING_SECONDS = 120


def months_with_news(settings: Settings, settling_seconds: float = SETTLING_SECONDS) -> list[Period]:
    """Months that the inbox holds a delivery for which is not on record yet, or has changed since it was refused."""
    if not settings.inbox.is_dir():
        return []
    found = receive(settings, settings.inbox, dry_run=True, settling_seconds=settling_seconds)
    return sorted({Period.parse(row.period) for row in (*found.accepted, *found.refused)})


@dg.sensor(
    job=receive_deliveries, minimum_interval_seconds=300, description="Watches the inbox; starts receiving where something new has settled."
)
def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """One run per month with news."""
    settings = Settings.from_environment()
    months = months_with_news(settings)
    if not months:
        return dg.SkipReason(f"nothing new in {settings.inbox}")
    return dg.SensorResult(run_requests=[dg.RunRequest(partition_key=str(month)) for month in months])


sensors = [inbox]
