"""From cleaned person records to persons: who is one person across the three systems, and under which lasting id.

What belongs here: the records that are compared (`records.py`), which pairs (`blocking.py`), how (`comparisons.py`), the rules
(`tiers.py`), the model for what they leave (`model.py`, `training.py`, `frequencies.py`, `scoring.py`, `verdicts.py`), what must not be
joined by chains (`holds.py`, `components.py`), persons and events (`persons.py`), evidence (`evidence.py`), the reviewers' queue
(`review.py`) and decisions (`decisions.py`), and the step of the close that runs them (`matching.py`). What does not: cleaning of IDs,
names and dates, which is dbt SQL (`dbt_project/models/intermediate/identity`), and duplicate enrollments, which build on persons
(`dbt_project/models/marts/duplicates`).
"""

from warehouse.identity.matching import MatchResult, match

__all__ = ["MatchResult", "match"]
