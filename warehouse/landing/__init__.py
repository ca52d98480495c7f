"""Deliveries in: looked at, judged, typed, rejected row by row or refused whole, landed all or nothing.

What belongs here: everything between an inbox and Parquet in landing, and the ledger of what came. What does not: reading files
(`warehouse/sources`), the contracts themselves (`warehouse/contracts`), and what the rows mean (`dbt_project`).

* `manifest.py`: `delivery.json`, read with suspicion
* `row_rules.py`: types and row rules as SQL
* `table_judging.py`: one table judged, its landed and rejected rows written and read again
* `judging.py`: one delivery judged against its contract, into a staging folder
* `inbox.py`: which folders are deliveries, and whose
* `receiving.py`: an inbox looked through, deliveries landed atomically, receipts written
* `receipts.py`: receipts, and the ledger of deliveries derived from them
* `rejects.py`: rejected rows as workbooks to be sent back
"""

from .receipts import Delivery, TableReceipt, deliveries, files_in_force, months_on_record, rejects_in_force
from .receiving import LandingError, ReceiveResult, receive
from .rejects import write_rejects

__all__ = [
    "Delivery",
    "LandingError",
    "ReceiveResult",
    "TableReceipt",
    "deliveries",
    "files_in_force",
    "months_on_record",
    "receive",
    "rejects_in_force",
    "write_rejects",
]
