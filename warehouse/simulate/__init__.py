"""A simulated city: its population and the faulty deliveries of its systems, in the form of the source contracts.

What belongs here: everything that makes up data. What does not: anything that reads deliveries (`warehouse/landing.py` and what follows);
reader and simulator know each other by the contracts alone.
"""

from .city import SimulationSummary, simulate
from .rates import FaultRates

__all__ = ["FaultRates", "SimulationSummary", "simulate"]
