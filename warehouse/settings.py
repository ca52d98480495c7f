"""Where everything lies: the one reader of environment variables, every path in one frozen dataclass.

What belongs here: locations and switches that a machine decides. What does not: thresholds, codes, rules and forms
(seeds of the dbt project), and what people decide (`register.py`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """The paths of one home (`--home`, else `TONGCHOU_HOME`, else `./data`).

    Attributes:
        home: where everything that is written lies.
        watched_inbox: where Dagster looks for deliveries (`TONGCHOU_INBOX`); commands name their own.
        reviewer: who decides on pairs of person records in the dashboard (`TONGCHOU_REVIEWER`), and so sees them; None for nobody.
    """

    home: Path
    watched_inbox: Path | None = None
    reviewer: str | None = None

    @classmethod
    def from_environment(cls, home: Path | str | None = None) -> Settings:
        """Settings of the home named, else of `TONGCHOU_HOME`, else of `./data`."""
        chosen = Path(home or os.environ.get("TONGCHOU_HOME") or "data").expanduser().resolve()
        inbox = os.environ.get("TONGCHOU_INBOX")
        return cls(
            home=chosen,
            watched_inbox=Path(inbox).expanduser().resolve() if inbox else None,
            reviewer=os.environ.get("TONGCHOU_REVIEWER", "").strip() or None,
        )

    @property
    def inbox(self) -> Path:
        """Where deliveries arrive that nobody names a folder for."""
        return self.watched_inbox or self.home / "inbox"

    @property
    def landing(self) -> Path:
        """What was delivered: Parquet, immutable."""
        return self.home / "landing"

    @property
    def warehouse(self) -> Path:
        """The working warehouse, opened by the close alone."""
        return self.home / "warehouse.duckdb"

    @property
    def register(self) -> Path:
        """What people decided, append-only (SQLite)."""
        return self.home / "register.sqlite"

    @property
    def published(self) -> Path:
        """Releases, one DuckDB file each."""
        return self.home / "published"

    @property
    def review(self) -> Path:
        """What reviewers need and releases must not hold."""
        return self.home / "review"

    @property
    def reports(self) -> Path:
        """Report packages."""
        return self.home / "reports"

    @property
    def lock(self) -> Path:
        """Held by whoever writes the working warehouse."""
        return self.home / ".lock"

    @property
    def work(self) -> Path:
        """Scratch space and dbt's compiled files; may be deleted at any time."""
        return self.home / ".work"

    @property
    def dbt_project(self) -> Path:
        """The dbt project's folder in the source tree."""
        return PROJECT_ROOT / "dbt_project"
