"""Published duplicate cases held against the truth of the city: found, missed, wrong, and of those found what is said of them.

What belongs here: closing a simulated month whole, as a bureau does, and comparing its cases with the truth folder. What does not: who is
who (`scoring.py`), and cities in which everybody is recognised, whose cases must all be right (`tests/e2e`).

The truth's cases come from the simulator's persons and relations; no matching has a part in them. A case is the same where month and both
relations are the same.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import duckdb

from orchestration.close import close_month
from warehouse.landing import receive
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.settings import Settings
from warehouse.simulate import FaultRates, simulate

# What is said of a case, and in which columns.
SAID = {
    "type": ("type_code",),
    "legitimate rule": ("legitimate_rule",),
    "relation kept": ("retained_relation_id", "keep_rule"),
    "overlap": ("overlap_from", "overlap_to"),
}


@dataclass(frozen=True)
class CaseScore:
    """A month's cases against the true ones.

    Attributes:
        expected, published, both: cases that there are, that were published, and that are in both.
        said: of those in both, how many say each thing right.
        subsidy, subsidy_true: yuan of subsidy paid twice, published and true.
        seconds: of simulating, receiving and closing.
        megabytes: the most memory that the process held.
    """

    expected: int
    published: int
    both: int
    said: dict[str, int]
    subsidy: Decimal
    subsidy_true: Decimal
    seconds: dict[str, float]
    megabytes: int

    @property
    def precision(self) -> float:
        """Of the cases published, those that are."""
        return self.both / max(self.published, 1)

    @property
    def recall(self) -> float:
        """Of the cases that are, those published."""
        return self.both / max(self.expected, 1)

    @property
    def subsidy_error(self) -> float:
        """How far the subsidy published is from the true one, as a share of it."""
        return float(abs(self.subsidy - self.subsidy_true) / max(self.subsidy_true, Decimal(1)))

    def lines(self) -> list[str]:
        """The score for people."""
        return [
            f"cases there are {self.expected:,}, published {self.published:,}, in both {self.both:,}",
            f"precision {self.precision:.5f}, recall {self.recall:.4f}",
            *(f"{what} right: {count / max(self.both, 1):.4f}" for what, count in self.said.items()),
            f"subsidy paid twice: {self.subsidy:,} yuan, true {self.subsidy_true:,}, error {self.subsidy_error:.3%}",
            "seconds: " + ", ".join(f"{what} {seconds:.0f}" for what, seconds in self.seconds.items()) + f"; {self.megabytes:,} MB",
        ]

    def targets_missed(self) -> list[str]:
        """What was asked for and not reached, in words."""
        checks = [
            (self.precision >= 0.999, f"precision of cases {self.precision:.5f} below 0.999"),
            (self.recall >= 0.985, f"recall of cases {self.recall:.4f} below 0.985"),
            (self.subsidy_error <= 0.005, f"subsidy paid twice off by {self.subsidy_error:.3%}, more than 0.5%"),
            *(
                (count >= 0.99 * self.both, f"{what} right in {count / max(self.both, 1):.4f} of the cases found, below 0.99")
                for what, count in self.said.items()
            ),
        ]
        return [text for is_met, text in checks if not is_met]


def run_cases(
    folder: Path, rates: FaultRates, persons: int, seed: int, first: Period, last: Period, say: Callable[[str], None]
) -> CaseScore:
    """Simulate a city, receive its deliveries, close its months whole, and score the cases of the last."""
    seconds = {}
    began = perf_counter()
    made = simulate(folder / "inbox", persons, first, last, seed=seed, faults=rates)
    seconds["simulating"] = perf_counter() - began
    say(f"simulated in {seconds['simulating']:.0f} s")
    settings = Settings.from_environment(folder / "home")
    began = perf_counter()
    receive(settings, made.inbox)
    seconds["receiving"] = perf_counter() - began
    say(f"received in {seconds['receiving']:.0f} s")
    began = perf_counter()
    for month in Period.span(first, last):
        close_month(settings, month, say=lambda stage, _count, spent: say(f"  {stage}: {spent:.1f} s"))
    seconds["closing"] = perf_counter() - began
    return score_cases(settings, made.truth, last, seconds)


def score_cases(settings: Settings, truth: Path, month: Period, seconds: dict[str, float] | None = None) -> CaseScore:
    """Compare a closed month's cases with the truth's."""
    with Register(settings.register, read_only=True) as register:
        release = register.all_in_force()[str(month)]
    keys = "scheme_a, relation_id_a, scheme_b, relation_id_b"
    columns = [column for each in SAID.values() for column in each]
    texts = ", ".join(f"cast({column} as varchar) as {column}" for column in columns)
    with duckdb.connect() as con:
        con.execute(f"attach '{settings.published / release.file}' as release (read_only)")
        con.execute(
            f"""
            create table expected as
            select {keys}, {", ".join(columns)}, cast(duplicate_subsidy_yuan as decimal(18, 2)) as subsidy
            from read_csv($path, all_varchar = true)
            where period = $month
            """,
            {"path": str(truth / "expected_overlaps.csv"), "month": str(month)},
        )
        con.execute(
            f"create table published as select {keys}, {texts}, duplicate_subsidy_yuan as subsidy from release.reporting.duplicate_cases"
        )
        said = ", ".join(
            "count(*) filter ("
            + " and ".join(f"published.{column} is not distinct from expected.{column}" for column in names)
            + f') as "{what}"'
            for what, names in SAID.items()
        )
        found = con.execute(f"select count(*), {said} from expected inner join published using ({keys})").fetchone()
        expected, true_yuan = con.execute("select count(*), coalesce(sum(subsidy), 0) from expected").fetchone()
        published, yuan = con.execute("select count(*), coalesce(sum(subsidy), 0) from published").fetchone()
    return CaseScore(
        expected=expected,
        published=published,
        both=found[0],
        said=dict(zip(SAID, found[1:], strict=True)),
        subsidy=Decimal(yuan),
        subsidy_true=Decimal(true_yuan),
        seconds=seconds or {},
        megabytes=max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024,
    )
