"""From cleaned person records to persons: who is one person across the three systems, and under which lasting id.

What belongs here: the tiers that say which records agree (`tiers.py`), the components they form (`components.py`), and the step of
the close that writes who is who (`matching.py`). What does not: cleaning of IDs, names and dates, which is dbt SQL
(`dbt_project/models/intermediate/identity`), and duplicate enrollments, which build on persons (`dbt_project/models/marts/duplicates`).
"""

from warehouse.identity.matching import MatchResult, match

__all__ = ["MatchResult", "match"]
