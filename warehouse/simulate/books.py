"""What the simulated months leave behind for the city's own tables: ledgers, care and insured persons by county.

What belongs here: sums over a month's rows, by the measures that the bureau's own tables and its history need. What does not: the tables
(`city_tables.py`, `history.py`), and the truth, which reads what was written with queries of its own (`truth.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from warehouse.periods import Period

from .calendar_days import day_of
from .care import CHRONIC, INPATIENT, MATERNITY_STAY, MATERNITY_VISIT, OUTPATIENT, PHARMACY, Cases
from .enrollment import EMPLOYEE, RESIDENT, RURAL, Enrollment, employee_category, resident_type, shown_status
from .geography import Geography
from .population import Population

SCHEMES = {EMPLOYEE: "employee", RESIDENT: "resident", RURAL: "rural"}
FUNDS = ("employee_account", "employee_pool", "maternity", "resident", "rural")
CARE_TYPES = {
    OUTPATIENT: "outpatient",
    CHRONIC: "chronic",
    INPATIENT: "inpatient",
    PHARMACY: "pharmacy",
    MATERNITY_VISIT: "maternity_outpatient",
    MATERNITY_STAY: "maternity_inpatient",
}
# Measures that stand in the history by care type too, for the forms that compare with last year line by line.
_FAMILIES = ("SETTLEMENTS", "TOTAL_COST", "POOLED_PAID", "FUND_PAID")


def half_up(amount: int) -> int:
    """Hundredths of a fen to fen, once, half away from zero."""
    sign = -1 if amount < 0 else 1
    return sign * ((abs(amount) + 50) // 100)


@dataclass
class Books:
    """What the months leave behind; all amounts in fen, all arrays by county unless they say otherwise."""

    geography: Geography
    ledgers: dict[str, dict[tuple[str, int, str], int]] = field(default_factory=dict)  # period: (fund, county or -1, subject): fen
    flows: dict[str, dict[tuple[str, str], np.ndarray]] = field(default_factory=dict)  # period: (scheme, measure)
    stocks: dict[str, dict[tuple[str, str], tuple[np.ndarray, int]]] = field(default_factory=dict)  # (scheme, measure): counties, city
    townships: dict[str, np.ndarray] = field(default_factory=dict)  # period: rural persons by township
    by_institution: dict[str, np.ndarray] = field(default_factory=dict)  # scheme: fen paid by institution, all months

    def insured(self, period: str, scheme: str) -> np.ndarray:
        """Insured persons by county."""
        return self.stocks[period][scheme, "INSURED"][0]

    def note_ledgers(
        self, period: Period, employee: dict[tuple[str, str], int], resident: dict[str, int], rural: list[dict[str, int]]
    ) -> None:
        """Keep the month's ledgers by fund, county and subject."""
        kept: dict[tuple[str, int, str], int] = {}
        for (insurance, subject), amount in employee.items():
            fund = "maternity" if insurance == "510" else "employee_pool" if subject.endswith("P") else "employee_account"
            kept[fund, -1, subject] = amount
        kept.update({("resident", -1, subject): amount for subject, amount in resident.items()})
        for county, ledger in enumerate(rural):
            kept.update({("rural", county, subject): half_up(amount) for subject, amount in ledger.items()})
        self.ledgers[str(period)] = kept

    def note_care(self, period: Period, cases: dict[int, Cases]) -> None:
        """Keep the month's care by scheme and county."""
        self.flows[str(period)] = kept = {}
        for system, table in cases.items():
            care = table["care"]
            rides = (care == MATERNITY_VISIT) | (care == MATERNITY_STAY)
            basic = ~rides if system == EMPLOYEE else np.ones(len(care), dtype=bool)
            kept.update(self._care_of(SCHEMES[system], table, basic, 100 if system == RURAL else 1))
            if system == EMPLOYEE:
                kept.update(self._care_of("maternity", table, rides, 1))
            known = basic & (table["institution"] >= 0)
            paid = np.bincount(
                table["institution"][known],
                (table["pooled"][known] // (100 if system == RURAL else 1)).astype(np.float64),
                len(self.geography.institutions.name),
            )
            scheme = SCHEMES[system]
            self.by_institution[scheme] = self.by_institution.get(scheme, np.zeros(len(paid))) + paid

    def _care_of(self, scheme: str, table: Cases, of_scheme: np.ndarray, unit: int) -> dict[tuple[str, str], np.ndarray]:
        """Measures of one scheme's settlements."""
        care, sign = table["care"], table["direction"]
        inside = care == INPATIENT
        institution = np.maximum(table["institution"], 0)
        known = table["institution"] >= 0
        outside = (self.geography.institutions.county[institution] < 0) & known
        itemised = inside | (scheme != "rural")
        fund = sum(table[name] for name in ("pooled", "large", "civil", "aid", "other"))
        length = np.maximum(table["discharged"] - table["admitted"], 1)
        every = np.ones(len(care), dtype=bool)
        measures: dict[str, tuple[np.ndarray, np.ndarray]] = {
            "SETTLEMENTS": (every, sign),
            "TOTAL_COST": (every, table["total"]),
            "POOLED_PAID": (every, table["pooled"]),
            "FUND_PAID": (every, fund),
            "CATASTROPHIC_PAID": (every, table["large"]),
            "CIVIL_SERVANT_PAID": (every, table["civil"]),
            "MEDICAL_AID_PAID": (every, table["aid"]),
            "OTHER_FUND_PAID": (every, table["other"]),
            "ACCOUNT_PAID": (every, table["account"]),
            "CASH_PAID": (every, table["cash"]),
            "IN_SCOPE_COST": (every, table["in_scope"]),
            "SELF_PAID_COST": (every, table["self_paid"] if scheme != "rural" else table["total"] - table["in_scope"]),
        }
        if scheme == "maternity":
            measures["MATERNITY_ADMISSIONS"] = (care == MATERNITY_STAY, sign)
        else:
            measures |= {
                "PERSON_BURDEN": (every, table["cash"] + table["account"]),
                "DEDUCTIBLE": (every, table["deductible"]),
                "DRUG_COST": (every, table["drug"]),
                "ITEMISED_COST": (itemised, table["total"]),
                "EXAM_COST": (itemised, table["exam"]),
                "CONSUMABLES_COST": (itemised, table["material"]),
                "SERVICE_COST": (itemised, table["treat"] + table["bed"]),
                "OUTPATIENT_VISITS": (care == OUTPATIENT, sign),
                "OUTPATIENT_COST": (care == OUTPATIENT, table["total"]),
                "OUTPATIENT_IN_SCOPE": (care == OUTPATIENT, table["in_scope"]),
                "OUTPATIENT_POOLED_PAID": (care == OUTPATIENT, table["pooled"]),
                "CHRONIC_VISITS": (care == CHRONIC, sign),
                "ADMISSIONS": (inside, sign),
                "BED_DAYS": (inside, length * sign),
                "INPATIENT_COST": (inside, table["total"]),
                "INPATIENT_IN_SCOPE": (inside, table["in_scope"]),
                "INPATIENT_FUND_PAID": (inside, fund),
                "INPATIENT_POOLED_PAID": (inside, table["pooled"]),
                "OOA_VISITS": (outside, sign),
                "OOA_COST": (outside, table["total"]),
                "OOA_FUND_PAID": (outside, fund),
                "OOA_ADMISSIONS": (outside & inside, sign),
                "REFERRED_OUT_ADMISSIONS": (outside & inside & ((table["referred"] == 1) | (table["code"] == 23)), sign),
                "CHANNEL_SETTLEMENTS": (itemised, sign),
                "MANUAL_SETTLEMENTS": (itemised & (table["direct"] == 2), sign),
            }
            if scheme != "rural":
                measures["CHRONIC_COST"] = (care == CHRONIC, table["total"])
                measures["CATASTROPHIC_VISITS"] = (table["large"] != 0, sign)
                measures["OOA_DIRECT_ADMISSIONS"] = (outside & inside & (table["direct"] == 1), sign)
                measures["OOA_DIRECT_FUND_PAID"] = (outside & (table["direct"] == 1), fund)
            if scheme == "employee":
                measures["PHARMACY_VISITS"] = (care == PHARMACY, sign)
            else:
                cared = (care == OUTPATIENT) | (care == CHRONIC) | inside
                primary = cared & (self.geography.institutions.kind[institution] > 2) & known
                measures["CARE_VISITS"], measures["CARE_FUND_PAID"] = (cared, sign), (cared, fund)
                measures["PRIMARY_VISITS"], measures["PRIMARY_FUND_PAID"] = (primary, sign), (primary, fund)
                own_county = self.geography.institutions.county[institution] == table["office"]
                measures["IN_COUNTY_ADMISSIONS"] = (inside & known & own_county, sign)
                measures["INPATIENT_MEDICAL_AID"] = (inside, table["aid"])
                measures["INPATIENT_MEDICAL_AID_CASES"] = (inside & (table["aid"] != 0), sign)
        for code, name in CARE_TYPES.items():
            here = care == code
            if (here & of_scheme).any():
                measures |= {f"{measure}.{name}": (here, measures[measure][1]) for measure in _FAMILIES if measure in measures}
        size = len(self.geography.county_codes)
        kept = {}
        for measure, (mask, values) in measures.items():
            chosen = mask & of_scheme
            shown = values[chosen] if is_count(measure) else values[chosen] // unit
            kept[scheme, measure] = np.rint(np.bincount(table["office"][chosen], shown.astype(np.float64), size)).astype(np.int64)
        return kept

    def note_insured(self, period: Period, enrollment: Enrollment, population: Population, has_maternity: np.ndarray) -> None:
        """Keep how many persons are insured where at the month's end; maternity rides along with the relations that have it."""
        relations, records = enrollment.relations, enrollment.records
        last = day_of(period.last_day)
        on = (shown_status(relations, period) == 1) & (relations.start <= last) & (relations.end >= last)
        employed, lives_by = employee_category(relations, population, last), resident_type(relations, population, last)
        old = population.age(last)[relations.person] >= 60
        stocks: dict[tuple[str, str], np.ndarray] = {("all", "INSURED"): on, ("maternity", "INSURED"): on & has_maternity}
        for system, scheme in SCHEMES.items():
            here = on & (relations.system == system)
            stocks[scheme, "INSURED"] = here
            stocks[scheme, "INSURED.female"] = here & (population.sex[relations.person] == 2)
            categories = {EMPLOYEE: employed, RESIDENT: lives_by}.get(system)
            if categories is not None:
                codes = np.unique(categories[here]).tolist()
                stocks |= {(scheme, f"INSURED.{code}"): here & (categories == code) for code in codes}
            if system == EMPLOYEE:
                stocks[scheme, "INSURED_ACTIVE"] = here & (employed < 21)
                stocks[scheme, "INSURED_IN_SERVICE"] = here & (employed == 11)
                stocks[scheme, "INSURED_FLEXIBLE"] = here & (employed == 12)
                stocks[scheme, "INSURED_MIGRANT"] = here & (employed == 13)
                stocks[scheme, "INSURED_RETIRED"] = here & (employed >= 21)
            else:
                stocks[scheme, "INSURED_60PLUS"] = here & old
            if system == RESIDENT:
                stocks[scheme, "INSURED_MINORS"] = here & (lives_by < 1500)
                in_need = enrollment.need[population.household[relations.person]] > 0
                stocks[scheme, "INSURED_IN_NEED"] = here & in_need
        size = len(self.geography.county_codes)
        self.stocks[str(period)] = {}
        for key, chosen in stocks.items():
            is_here = np.zeros((len(population), size), dtype=bool)
            is_here[relations.person[chosen], relations.county[chosen]] = True
            self.stocks[str(period)][key] = (is_here.sum(axis=0), int(is_here.any(axis=1).sum()))
        rural = on & (relations.system == RURAL)
        township = self.geography.village_township[records.village[relations.record[rural]]]
        width = len(self.geography.township_codes)
        pairs = np.unique(relations.person[rural].astype(np.int64) * width + township)
        self.townships[str(period)] = np.bincount(pairs % width, minlength=width)


def is_count(measure: str) -> bool:
    """Whether a measure of care counts settlements, stays or days rather than money."""
    return measure.split(".")[0] in ("SETTLEMENTS", "BED_DAYS") or measure.endswith(("_VISITS", "ADMISSIONS", "_CASES", "_SETTLEMENTS"))
