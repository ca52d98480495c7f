"""Who is treated where, what it costs and who pays: one month of settlements of one system at a time, and their faults.

What belongs here: visits, stays, prices, layers of payment, reversals. Amounts are whole numbers: fen in the two city systems, hundredths
of a fen in the rural one. What does not: the form of the tables (`tables.py`), the ledgers (`ledgers.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from warehouse.periods import Period

from .calendar_days import day_of
from .enrollment import EMPLOYEE, RESIDENT, RURAL, Enrollment, employee_category, is_active, resident_type
from .geography import Geography
from .population import Population
from .randomness import some, stream, weighted
from .rates import FaultRates

INPATIENT, OUTPATIENT, CHRONIC, PHARMACY, MATERNITY_VISIT, MATERNITY_STAY = range(6)
Cases = dict[str, np.ndarray]
AMOUNTS = (
    "total",
    "self_paid",
    "over_limit",
    "paid_first",
    "in_scope",
    "deductible",
    "pooled",
    "large",
    "civil",
    "aid",
    "other",
    "account",
    "cash",
    "drug",
    "exam",
    "treat",
    "bed",
    "material",
    "rest",
)
_FACTS = {
    "serial": np.int32,
    "reverses": np.int32,
    "direction": np.int8,
    "visit": np.int32,
    "relation": np.int32,
    "institution": np.int32,
    "care": np.int8,
    "code": np.int16,
    "diagnosis": np.int8,
    "admitted": np.int32,
    "discharged": np.int32,
    "settled": np.int32,
    "direct": np.int8,
    "referred": np.int8,
    "office": np.int8,
    "number_office": np.int8,
    "fault": np.int16,
}
_KINDS = {**_FACTS, **dict.fromkeys(AMOUNTS, np.int64)}
CASE_FAULTS = (
    "reversal_same_month",
    "reversal_later_month",
    "settled_anew",
    "half_settled_stay",
    "stay_in_two_schemes",
    "discharge_before_admission",
    "claim_after_death",
    "unknown_institution",
    "identity_off_by_a_fen",
    "key_again_in_later_delivery",
    "reversed",
)

# Cases a year for each insured person, and mean cost in yuan.
_RATES = {
    EMPLOYEE: {INPATIENT: 0.195, OUTPATIENT: 3.0, CHRONIC: 1.1, PHARMACY: 4.8},
    RESIDENT: {INPATIENT: 0.168, OUTPATIENT: 1.7, CHRONIC: 0.40, PHARMACY: 0.05},
    RURAL: {INPATIENT: 0.182, OUTPATIENT: 2.1, CHRONIC: 0.35},
}
_COSTS = {
    EMPLOYEE: {INPATIENT: 11_400, OUTPATIENT: 230, CHRONIC: 330, PHARMACY: 150, MATERNITY_VISIT: 260, MATERNITY_STAY: 6_200},
    RESIDENT: {INPATIENT: 8_200, OUTPATIENT: 130, CHRONIC: 240, PHARMACY: 70, MATERNITY_VISIT: 220, MATERNITY_STAY: 4_900},
    RURAL: {INPATIENT: 8_200, OUTPATIENT: 85, CHRONIC: 220},
}
_SPREAD = {INPATIENT: 0.75, OUTPATIENT: 0.6, CHRONIC: 0.5, PHARMACY: 0.6, MATERNITY_VISIT: 0.4, MATERNITY_STAY: 0.3}
SEASON = (1.02, 0.86, 1.08, 1.03, 1.0, 0.98, 0.99, 0.98, 0.97, 0.96, 1.02, 1.11)
_CODES = {
    EMPLOYEE: {INPATIENT: (21, 23, 25), OUTPATIENT: (11,), CHRONIC: (14,), PHARMACY: (41,), MATERNITY_VISIT: (51,), MATERNITY_STAY: (52,)},
    RESIDENT: {
        INPATIENT: (21, 23, 25, 28, 22),
        OUTPATIENT: (11, 12, 13),
        CHRONIC: (1401, 1402),
        PHARMACY: (41,),
        MATERNITY_VISIT: (51,),
        MATERNITY_STAY: (2106, 52),
    },
    RURAL: {INPATIENT: (0,), OUTPATIENT: (0,), CHRONIC: (0,)},
}
DIAGNOSES = np.array(
    [
        "I63.9",
        "J18.9",
        "I25.1",
        "K80.2",
        "M51.2",
        "C34.9",
        "E11.9",
        "J44.1",
        "I10",
        "K29.5",
        "S72.0",
        "N20.0",
        "G45.9",
        "H25.9",
        "K35.8",
        "C50.9",
        "J06.9",
        "K05.3",
        "M54.5",
        "J20.9",
        "O80.0",
        "O80.9",
        "O82.0",
        "O82.9",
        "O83.4",
        "Z34.9",
        "N18.5",
        "B18.1",
        "I50.9",
        "F20.9",
    ]
)
_FOR = {
    INPATIENT: np.array([0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 28]),
    OUTPATIENT: np.array([16, 17, 18, 19, 8, 9, 6, 12]),
    CHRONIC: np.array([8, 6, 26, 27, 29, 7]),
    PHARMACY: np.array([16, 8, 9, 19]),
    MATERNITY_VISIT: np.array([25]),
    MATERNITY_STAY: np.array([20, 20, 21, 22, 23, 24]),
}


@dataclass
class Care:
    """The care of a city, drawn month by month; what later months owe earlier ones waits in `pending`."""

    seed: int
    population: Population
    geography: Geography
    enrollment: Enrollment
    rates: FaultRates
    pending: dict[int, list[Cases]] = field(default_factory=lambda: {EMPLOYEE: [], RESIDENT: [], RURAL: []})
    next_serial: dict[int, int] = field(default_factory=lambda: {EMPLOYEE: 1, RESIDENT: 1, RURAL: 1})

    def __post_init__(self) -> None:
        """Look up what every month needs."""
        self.pools = _pools(self.geography)
        relations = self.enrollment.relations
        self.need = self.enrollment.need[self.population.household[relations.person]]
        kinds = self.enrollment.employers.kind
        self.has_civil = (
            (relations.system == EMPLOYEE) & np.isin(kinds[np.maximum(relations.employer, 0)], ("30", "50")) & (relations.employer >= 0)
        )

    def month(self, period: Period) -> dict[int, Cases]:
        """The month's settlements of the three systems."""
        drawn = {system: self._drawn(system, period) for system in (EMPLOYEE, RESIDENT, RURAL)}
        self._pay_twice(drawn, period)
        return {system: self._finish(system, period, cases) for system, cases in drawn.items()}

    def _drawn(self, system: int, period: Period) -> Cases:
        """Ordinary care of one system, priced."""
        chance = stream(self.seed, "care", system, period)
        first, last = day_of(period.first_day), day_of(period.last_day)
        relations, population = self.enrollment.relations, self.population
        usable = (relations.system == system) & is_active(relations, first, last) & (population.death[relations.person] >= first)
        active = np.flatnonzero(usable & (relations.end >= relations.start))
        age = population.age(last)[relations.person[active]]
        weight = np.select([age < 1, age < 15, age < 45, age < 60, age < 70], [1.3, 0.65, 0.5, 1.0, 1.9], 2.8)
        blocks = []
        for care, yearly in _RATES[system].items():
            season = SEASON[period.month - 1] if care == INPATIENT else (1 + SEASON[period.month - 1]) / 2
            wanted = chance.poisson(len(active) * yearly / 12 * season)
            leaning = np.sqrt(weight) if care == OUTPATIENT else weight
            blocks.append(self._cases(chance, system, care, active[weighted(chance, leaning, wanted)], first, last))
        if system != RURAL:
            women = (population.sex[relations.person[active]] == 2) & (age >= 20) & (age < 43)
            if system == EMPLOYEE:
                women &= relations.category[active] == 11
            pool = active[women]
            for care, yearly in ((MATERNITY_STAY, 0.045), (MATERNITY_VISIT, 0.12)):
                wanted = chance.poisson(len(pool) * yearly / 12)
                blocks.append(self._cases(chance, system, care, pool[weighted(chance, np.ones(len(pool)), wanted)], first, last))
        blocks.append(self._after_death(chance, system, first, last))
        return _joined(blocks)

    def _cases(self, chance: np.random.Generator, system: int, care: int, relation: np.ndarray, first: int, last: int) -> Cases:
        """Cases of one kind of care for the relations drawn."""
        relations, count = self.enrollment.relations, len(relation)
        begin = np.maximum(relations.start[relation], first)
        end = np.minimum(np.minimum(relations.end[relation], last), np.maximum(self.population.death[relations.person[relation]], begin))
        settled = begin + (chance.random(count) * (np.maximum(end, begin) - begin + 1)).astype(np.int64)
        stays = care in (INPATIENT, MATERNITY_STAY)
        discharged = (
            np.maximum(settled - chance.choice(4, count, p=[0.75, 0.15, 0.07, 0.03]), relations.start[relation]) if stays else settled
        )
        length = 1 + np.minimum(chance.gamma(2.2, 3.4 if care == INPATIENT else 1.8, count), 90).astype(np.int64)
        admitted = np.maximum(discharged - length, np.minimum(relations.start[relation], discharged)) if stays else settled
        institution = self._where(chance, system, care, relations.county[relation])
        level = self.geography.institutions.level[institution]
        factor = np.select([level == "3", level == "2", level == "1"], [1.55, 1.0, 0.5], 0.35) if stays else np.ones(count)
        mean = _COSTS[system][care] * factor / (1.02 if stays else 1.0)
        sigma = _SPREAD[care]
        yuan = np.exp(chance.normal(-sigma * sigma / 2, sigma, count)) * mean * (1 + 0.02 * (length - 8) * (care == INPATIENT))
        fen = np.maximum((yuan * 100).astype(np.int64), 300)
        outside = self.geography.institutions.county[institution] < 0
        codes = np.array(_CODES[system][care])
        place = (chance.random(count) ** 3 * len(codes)).astype(np.int64)
        code = codes[place]
        if care == INPATIENT and system != RURAL:
            code = np.where(outside, np.where(chance.random(count) < 0.5, 25, 23), np.where(np.isin(code, (23, 25)), 21, code))
        cases = self._blank(count)
        cases.update(
            relation=relation,
            institution=institution,
            care=np.full(count, care),
            code=code,
            diagnosis=_FOR[care][chance.integers(0, len(_FOR[care]), count)],
            admitted=admitted,
            discharged=discharged,
            settled=settled,
            direct=np.where(chance.random(count) < np.where(outside, 0.62, 0.985), 1, 2),
            referred=(outside & (chance.random(count) < 0.6)).astype(np.int64),
            office=relations.county[relation],
            total=fen,
        )
        cases["number_office"] = cases["office"].copy()
        self._price(chance, system, cases)
        return {name: cases[name].astype(kind, copy=False) for name, kind in _KINDS.items()}

    def _blank(self, count: int) -> Cases:
        cases = {name: np.zeros(count, dtype=kind) for name, kind in _KINDS.items()}
        cases["direction"] += 1
        cases["reverses"] -= 1
        cases["serial"] -= 1
        cases["visit"] -= 1
        return cases

    def _where(self, chance: np.random.Generator, system: int, care: int, county: np.ndarray) -> np.ndarray:
        """An institution for each case, mostly of the own county."""
        luck, pick = chance.random(len(county)), chance.random(len(county))

        def of(pool: str, places: np.ndarray) -> np.ndarray:
            table, sizes = self.pools[pool]
            return table[places, (pick * sizes[places]).astype(np.int64)]

        own = county
        if care == PHARMACY:
            return of("pharmacy", own)
        if care in (INPATIENT, MATERNITY_STAY):
            edges = {EMPLOYEE: (0.07, 0.40, 0.88), RESIDENT: (0.06, 0.28, 0.82), RURAL: (0.05, 0.16, 0.66)}[system]
            chosen = [luck < edges[0], luck < edges[1], luck < edges[2]]
            return np.select(chosen, [of("outside", own * 0), of("third", own * 0), of("second", own)], of("first", own))
        if system == RURAL:
            return np.where(luck < 0.55, of("room", own), of("first", own))
        return np.select(
            [luck < 0.02, luck < 0.15, luck < 0.55], [of("outside", own * 0), of("third", own * 0), of("second", own)], of("first", own)
        )

    def _price(self, chance: np.random.Generator, system: int, cases: Cases) -> None:
        """Split totals into scopes, payers and fees; every identity of the contract holds to the last digit."""
        unit = 1
        if system == RURAL:
            unit = 100
            cases["total"] = cases["total"] * unit
            fine = chance.random(len(cases["total"])) < 0.25
            cases["total"] = cases["total"] + np.where(fine, chance.integers(0, 100, len(fine)), 0)
        else:
            fine = np.ones(len(cases["total"]), dtype=bool)
        total, care = cases["total"], cases["care"]
        count = len(total)

        def part(amount: np.ndarray, share: np.ndarray | float) -> np.ndarray:
            exact = np.floor(amount * share + 0.5).astype(np.int64)
            return np.where(fine, exact, exact // unit * unit)

        stays = (care == INPATIENT) | (care == MATERNITY_STAY)
        level = self.geography.institutions.level[np.maximum(cases["institution"], 0)]
        outside = self.geography.institutions.county[np.maximum(cases["institution"], 0)] < 0
        tilt = {EMPLOYEE: (0.05, 0.01, 0.05), RESIDENT: (0.07, 0.02, 0.06), RURAL: (0.11, 0.0, 0.0)}[system]
        swing = chance.uniform(0.4, 1.6, (3, count))
        cases["self_paid"] = part(total, tilt[0] * swing[0])
        cases["over_limit"] = part(total, tilt[1] * swing[1]) if system == RESIDENT else np.zeros(count, dtype=np.int64)
        cases["paid_first"] = (
            part(total, (tilt[2] + (0 if system == RESIDENT else tilt[1])) * swing[2])
            if system != RURAL
            else np.zeros(count, dtype=np.int64)
        )
        scope = total - cases["self_paid"] - cases["over_limit"] - cases["paid_first"]
        cases["in_scope"] = scope
        yuan = 100 * unit
        floor = np.select([level == "3", level == "2", level == "1"], [800, 500, 200], 100) * yuan + np.where(outside, 400 * yuan, 0)
        floor = np.where(
            care == INPATIENT,
            floor if system == EMPLOYEE else (floor * (0.9 if system == RESIDENT else 0.8)).astype(np.int64) // yuan * yuan,
            0,
        )
        cases["deductible"] = np.minimum(floor, scope)
        base = scope - cases["deductible"]
        relation = cases["relation"]
        if system == EMPLOYEE:
            retired = self.enrollment.relations.category[relation] >= 21
            rate = np.select([level == "3", level == "2"], [0.85, 0.885], 0.92) + 0.03 * retired
            rate = np.select(
                [care == INPATIENT, care == OUTPATIENT, care == CHRONIC, care == PHARMACY, care == MATERNITY_VISIT],
                [rate - 0.06 * outside, np.where(chance.random(count) < 0.75, 0.55, 0.0), 0.76, 0.0, 0.8],
                0.95,
            )
        elif system == RESIDENT:
            rate = np.select([level == "3", level == "2"], [0.66, 0.75], 0.86)
            rate = np.select(
                [care == INPATIENT, care == OUTPATIENT, care == CHRONIC, care == PHARMACY, care == MATERNITY_VISIT],
                [rate - 0.08 * outside, 0.5, 0.62, 0.3, 0.45],
                0.7,
            )
        else:
            rate = np.select([level == "3", level == "2"], [0.58, 0.74], 0.85)
            rate = np.where(care == INPATIENT, rate - 0.08 * outside, np.where(care == CHRONIC, 0.58, 0.5))
        pooled = part(base, rate)
        top = 180_000 * yuan
        cases["pooled"] = np.minimum(pooled, top)
        left = scope - cases["pooled"]
        if system == EMPLOYEE:
            over = np.where(care < MATERNITY_VISIT, pooled - cases["pooled"], 0) + np.where(
                care == INPATIENT, np.maximum(left - 12_000 * yuan, 0) * 6 // 10, 0
            )
        else:
            over = np.where(care == INPATIENT, np.maximum(left - 9_000 * yuan, 0) * 6 // 10, 0)
        cases["large"] = np.minimum(np.where(fine, over, over // unit * unit), left)
        left = left - cases["large"]
        if system == EMPLOYEE:
            civil = self.has_civil[relation] & np.isin(care, (INPATIENT, CHRONIC))
            cases["civil"] = np.where(civil, part(left, 0.5), 0)
        else:
            cases["aid"] = np.where((self.need[relation] > 0) & stays & (care == INPATIENT), part(left, 0.6), 0)
            cases["other"] = np.where((chance.random(count) < 0.006) & stays, part(left - cases["aid"], 0.2), 0)
        rest = total - sum(cases[name] for name in ("pooled", "large", "civil", "aid", "other"))
        uses = chance.random(count)
        if system == EMPLOYEE:
            flexible = np.isin(self.enrollment.relations.category[relation], (12,))
            share = np.select(
                [care == PHARMACY, care == INPATIENT],
                [np.where(uses < 0.88, 1.0, 0.0), np.where(uses < 0.35, uses, 0.0)],
                np.where(uses < 0.6, uses * 1.6, 0.0),
            )
            cases["account"] = np.where((care < MATERNITY_VISIT) & ~flexible, np.minimum(part(rest, np.minimum(share, 1.0)), rest), 0)
        elif system == RURAL:
            cases["account"] = np.where((care != INPATIENT) & (uses < 0.2), part(rest, 0.5), 0)
        cases["cash"] = rest - cases["account"]
        self._itemise(chance, cases, part, rural_clinic=(system == RURAL) & (care != INPATIENT))

    def _itemise(self, chance: np.random.Generator, cases: Cases, part: object, *, rural_clinic: np.ndarray) -> None:
        """Fee categories: they add up to the total."""
        total, care = cases["total"], cases["care"]
        shares = chance.uniform(0.3, 1.0, (6, len(total))) * np.array([1.5, 0.85, 0.75, 0.3, 0.45, 0.12])[:, None]
        shares[:, care == PHARMACY] = np.array([1.0, 0, 0, 0, 0, 0])[:, None]
        shares[1:5, rural_clinic] = 0
        shares /= shares.sum(axis=0)
        spent = np.zeros_like(total)
        for name, share in zip(("drug", "exam", "treat", "bed", "material"), shares, strict=False):
            cases[name] = np.minimum(part(total, share), total - spent)  # type: ignore[operator]
            spent = spent + cases[name]
        cases["rest"] = total - spent

    def _after_death(self, chance: np.random.Generator, system: int, first: int, last: int) -> Cases:
        """Settlements dated after the person's death."""
        relations, death = self.enrollment.relations, self.population.death
        died = (relations.system == system) & (death[relations.person] >= first) & (death[relations.person] < last - 1)
        chosen = some(chance, died, self.rates.claim_after_death)
        cases = self._cases(chance, system, OUTPATIENT, chosen, first, last)
        day = np.minimum(death[relations.person[chosen]] + 1 + chance.integers(0, 10, len(chosen)), last)
        cases["admitted"], cases["discharged"], cases["settled"] = day, day.copy(), day.copy()
        _mark(cases, np.arange(len(chosen)), "claim_after_death")
        return cases

    def _pay_twice(self, drawn: dict[int, Cases], period: Period) -> None:
        """Stays of persons insured twice that the other scheme settles too."""
        chance = stream(self.seed, "paid twice", period)
        first, last = day_of(period.first_day), day_of(period.last_day)
        relations = self.enrollment.relations
        active = {
            system: _by_person(relations.person, (relations.system == system) & is_active(relations, first, last), len(self.population))
            for system in drawn
        }
        extra: dict[int, list[Cases]] = {system: [] for system in drawn}
        for system, cases in drawn.items():
            for other in drawn:
                if other == system:
                    continue
                elsewhere = active[other][relations.person[cases["relation"]]]
                chosen = some(chance, (elsewhere >= 0) & (cases["care"] == INPATIENT), self.rates.stay_in_two_schemes)
                kind = self.geography.institutions.kind[cases["institution"][chosen]]
                chosen = chosen[np.isin(kind, (1, 3))]
                relation = elsewhere[chosen]
                copy = {name: column[chosen].copy() for name, column in cases.items()}
                copy["relation"], copy["office"] = relation, relations.county[relation]
                copy["number_office"] = copy["office"].copy()
                copy["settled"] = np.minimum(copy["settled"] + chance.integers(0, 9, len(chosen)), last)
                copy["total"] = copy["total"] // (100 if system == RURAL else 1)
                copy["code"] = np.full(len(chosen), 0 if other == RURAL else 21)
                copy["civil"], copy["aid"], copy["other"], copy["account"] = (np.zeros(len(chosen), dtype=np.int64) for _ in range(4))
                self._price(chance, other, copy)
                _mark(copy, np.arange(len(chosen)), "stay_in_two_schemes")
                extra[other].append(copy)
        for system, blocks in extra.items():
            drawn[system] = _joined([drawn[system], *blocks])

    def _finish(self, system: int, period: Period, cases: Cases) -> Cases:
        """Number the cases, let settlement faults happen, add what earlier months left to this one."""
        chance = stream(self.seed, "settling", system, period)
        first, last = day_of(period.first_day), day_of(period.last_day)
        rates = self.rates
        cases["serial"] = self._take(system, len(cases["total"]))
        cases["visit"] = cases["serial"].copy()
        stays = np.isin(cases["care"], (INPATIENT, MATERNITY_STAY)) & (cases["fault"] == 0)
        self._unknown(chance, system, cases)
        wrong = some(chance, stays & (cases["discharged"] > cases["admitted"]), rates.discharge_before_admission)
        cases["admitted"][wrong], cases["discharged"][wrong] = cases["discharged"][wrong].copy(), cases["admitted"][wrong].copy()
        _mark(cases, wrong, "discharge_before_admission")
        now: list[Cases] = [cases]
        later: list[Cases] = []
        self._halve(chance, system, cases, stays, last, now, later)
        self._reverse(chance, system, cases, (first, last), now, later)
        again = some(chance, cases["fault"] == 0, rates.key_again_in_later_delivery)
        copy = {name: column[again].copy() for name, column in cases.items()}
        _mark(copy, np.arange(len(again)), "key_again_in_later_delivery")
        if system == RURAL:
            abroad = np.arange(len(again)) % 2 == 0
            copy["office"] = np.where(abroad, (copy["office"] + 1) % len(self.geography.county_codes), copy["office"])
            now.append(_chosen(copy, np.flatnonzero(abroad)))
            copy = _chosen(copy, np.flatnonzero(~abroad))
        later.append(copy)
        off = some(chance, (cases["fault"] == 0) & (cases["cash"] > 0), rates.identity_off_by_a_fen)
        cases["cash"][off] += 100 if system == RURAL else 1
        _mark(cases, off, "identity_off_by_a_fen")
        for block in self.pending[system]:
            block["settled"] = np.minimum(first + block["settled"] % 25, last)
            now.append(block)
        self.pending[system] = [block for block in later if len(block["total"])]
        month = _joined(now)
        order = np.lexsort((chance.random(len(month["total"])), month["office"]))
        for name in month:
            month[name] = month[name][order]
        return month

    def _take(self, system: int, count: int) -> np.ndarray:
        begin = self.next_serial[system]
        self.next_serial[system] += count
        return np.arange(begin, begin + count)

    def _unknown(self, chance: np.random.Generator, system: int, cases: Cases) -> None:
        """Institutions that no snapshot shows; of village rooms nobody would notice, so of all kinds of care alike."""
        del system
        where = some(chance, cases["fault"] == 0, self.rates.unknown_institution)
        cases["institution"][where] = -1
        _mark(cases, where, "unknown_institution")

    def _halve(
        self, chance: np.random.Generator, system: int, cases: Cases, stays: np.ndarray, last: int, now: list[Cases], later: list[Cases]
    ) -> None:
        """Two settlements of one visit: the first keeps a part, the second has the rest, this month or the next."""
        where = some(chance, stays & (cases["fault"] == 0) & (cases["discharged"] > cases["admitted"] + 3), self.rates.half_settled_stay)
        second = {name: column[where].copy() for name, column in cases.items()}
        for name in AMOUNTS:
            step = 100 if system == RURAL else 1
            first_part = cases[name][where] * 4 // 10 // step * step
            cases[name][where] = first_part
            second[name] = second[name] - first_part
        for block, rows in ((cases, where), (second, np.arange(len(where)))):
            # Scope and payers were cut one by one: what is left over stays with the person, so that each part's identities hold.
            self._rebalance(system, block, rows)
        second["serial"] = self._take(system, len(where))
        middle = (cases["admitted"][where] + cases["discharged"][where]) // 2
        cases["discharged"][where] = middle
        cases["settled"][where] = np.maximum(np.minimum(cases["settled"][where], last), middle)
        second["settled"] = second["settled"] + chance.integers(1, 25, len(where))
        _mark(cases, where, "half_settled_stay")
        _mark(second, np.arange(len(where)), "half_settled_stay")
        carried = (second["settled"] > last) | (second["settled"] < cases["settled"][where])
        now.append(_chosen(second, np.flatnonzero(~carried)))
        later.append(_chosen(second, np.flatnonzero(carried)))

    @staticmethod
    def _rebalance(system: int, cases: Cases, rows: np.ndarray) -> None:
        scoped = sum(cases[name][rows] for name in ("self_paid", "over_limit", "paid_first"))
        cases["in_scope"][rows] = cases["total"][rows] - scoped
        paid = sum(cases[name][rows] for name in ("pooled", "large", "civil", "aid", "other", "account"))
        cases["cash"][rows] = cases["total"][rows] - paid
        cases["rest"][rows] = cases["total"][rows] - sum(cases[name][rows] for name in ("drug", "exam", "treat", "bed", "material"))
        del system

    def _reverse(
        self, chance: np.random.Generator, system: int, cases: Cases, span: tuple[int, int], now: list[Cases], later: list[Cases]
    ) -> None:
        """Settlements taken back, at once or a month later; half of them are settled anew."""
        for fault, rate, target in (
            ("reversal_same_month", self.rates.reversal_same_month, now),
            ("reversal_later_month", self.rates.reversal_later_month, later),
        ):
            where = some(chance, cases["fault"] == 0, rate)
            back = {name: column[where].copy() for name, column in cases.items()}
            for name in AMOUNTS:
                back[name] = -back[name]
            back["direction"] = -back["direction"]
            back["reverses"] = cases["serial"][where].copy()
            back["serial"] = self._take(system, len(where))
            back["settled"] = back["settled"] + ((span[1] - back["settled"]) * chance.random(len(where))).astype(np.int64)
            _mark(back, np.arange(len(where)), fault)
            _mark(cases, where, "reversed")
            target.append(back)
            anew = some(chance, np.ones(len(where), dtype=bool), self.rates.settled_anew)
            again = {name: column[where[anew]].copy() for name, column in cases.items()}
            again["fault"] *= 0
            again["serial"] = self._take(system, len(anew))
            again["settled"] = back["settled"][anew].copy()
            _mark(again, np.arange(len(anew)), "settled_anew")
            target.append(again)


def _by_person(person: np.ndarray, mask: np.ndarray, count: int) -> np.ndarray:
    """For each person the last of the relations chosen, -1 without one."""
    found = np.full(count, -1, dtype=np.int32)
    where = np.flatnonzero(mask)
    found[person[where]] = where
    return found


def _mark(cases: Cases, where: np.ndarray, fault: str) -> None:
    cases["fault"][where] |= 1 << CASE_FAULTS.index(fault)


def _chosen(cases: Cases, where: np.ndarray) -> Cases:
    return {name: column[where] for name, column in cases.items()}


def _joined(blocks: list[Cases]) -> Cases:
    """The blocks as one; they are given up column by column."""
    return {name: np.concatenate([block.pop(name) for block in blocks], dtype=kind, casting="same_kind") for name, kind in _KINDS.items()}


def _pools(geography: Geography) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Institutions of each kind by county, as padded tables with their sizes; a county without one uses another's."""
    found = geography.institutions
    counties = len(geography.county_codes)
    masks = {
        "second": (found.kind == 1) & (found.level == "2"),
        "first": found.kind == 3,
        "pharmacy": found.kind == 2,
        "room": found.kind == 4,
        "third": (found.kind == 1) & (found.level == "3") & (found.county >= 0),
        "outside": found.county < 0,
    }
    pools = {}
    for name, mask in masks.items():
        spread = name in ("third", "outside")
        rows = [np.flatnonzero(mask if spread else mask & (found.county == county)) for county in range(counties)]
        everywhere = np.flatnonzero(mask)
        rows = [row if len(row) else (everywhere if len(everywhere) else np.flatnonzero(masks["first"])) for row in rows]
        width = max(len(row) for row in rows)
        table = np.stack([np.resize(row, width) for row in rows])
        pools[name] = (table, np.array([len(row) for row in rows]))
    return pools


def category_at(care: Care, system: int, period: Period) -> np.ndarray:
    """AKC021 or psn_type of every relation in that month."""
    last = day_of(period.last_day)
    form = employee_category if system == EMPLOYEE else resident_type
    return form(care.enrollment.relations, care.population, last)
