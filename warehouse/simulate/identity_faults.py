"""How persons are written down: ID numbers, names, birth dates and telephone numbers on record, with the damage of real registries.

What belongs here: what happens to a person's particulars when a clerk registers them in one system, once for each record; it stays the
same from month to month, unless it is corrected. What does not: who the persons are (`population.py`), the rates (`rates.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import arrow_columns, id_numbers, names
from .arrow_columns import digits
from .calendar_days import FAR, parts_of
from .enrollment import EMPLOYEE, RURAL, Enrollment, Records
from .id_numbers import CHECKS, check_places, digits_of, fifteen, texts_of
from .lunar import lunar_dates
from .population import Population
from .randomness import some, stream
from .rates import FaultRates

FAULTS = (
    "id_missing",
    "id_placeholder",
    "id_fifteen_digits",
    "id_wrong_check_digit",
    "id_digits_swapped",
    "id_full_width_or_blanks",
    "id_lower_case_x",
    "id_guardian_on_child",
    "id_exchanged_in_household",
    "id_shared_by_strangers",
    "id_corrected_later",
    "id_old_beside_corrected",
    "name_homophone",
    "name_traditional",
    "name_unknown_character",
    "name_blank_or_dot",
    "name_married_form",
    "birth_lunar",
    "birth_day_month_swapped",
    "birth_first_of_january",
    "birth_century_off",
)
TRAPS = (
    "twin",
    "namesake_in_village",
    "guardian_number",
    "exchanged_number",
    "shared_number",
    "holder_of_a_shared_number",
    "second_record_in_system",
)


@dataclass
class Altered:
    """The texts of the few records that say otherwise than their persons' particulars would."""

    records: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # in order
    texts: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype="<U24"))

    def put(self, records: np.ndarray, texts: np.ndarray | list[str]) -> None:
        """Let the records (each named once) say these texts."""
        stays = ~np.isin(self.records, records)
        every = np.concatenate([self.records[stays], records])
        order = np.argsort(every, kind="stable")
        self.texts = np.concatenate([self.texts[stays], np.asarray(texts, dtype="<U24")])[order]
        self.records = every[order]

    def over(self, column: pa.Array, records: np.ndarray) -> pa.Array:
        """A column of these records' unaltered texts with the altered ones in their places, null where such a text is empty."""
        if len(self.records) == 0:
            return column
        place = np.minimum(np.searchsorted(self.records, records), len(self.records) - 1)
        said = self.records[place] == records
        return pc.replace_with_mask(column, pa.array(said), arrow_columns.text(self.texts[place[said]]))


@dataclass
class Particulars:
    """What each record says of its person, with what is altered beside it."""

    population: Population
    person: np.ndarray
    lender: np.ndarray  # the person whose number the record carries, -1 where it is the own one or nobody's
    faults: np.ndarray  # bits of FAULTS
    traps: np.ndarray  # bits of TRAPS
    corrected_on: np.ndarray  # first month (position) that shows the lasting ID number; 0 where nothing was corrected
    altered_ids: Altered = field(default_factory=Altered)
    ids_before: Altered = field(default_factory=Altered)  # until the month of `corrected_on`
    altered_names: Altered = field(default_factory=Altered)
    birth: np.ndarray = field(init=False)  # as written, yyyymmdd
    birth_form: np.ndarray = field(init=False)  # how it is written
    guardian: np.ndarray = field(init=False)  # the person whose number stands as guardian's, -1 for none
    phone: np.ndarray = field(init=False)  # number, 0 for none

    def ids_of(self, records: np.ndarray, month: int) -> pa.Array:
        """ID numbers as that month (position) shows them."""
        lender = self.lender[records]
        holder = np.where(lender >= 0, lender, self.person[records])
        lasting = self.altered_ids.over(id_numbers.written(self.population.id_number[holder]), records)
        is_old = pa.array(self.corrected_on[records] > month)
        return pc.if_else(is_old, self.ids_before.over(lasting, records), lasting)

    def names_of(self, records: np.ndarray) -> pa.Array:
        """Names."""
        return self.altered_names.over(self.population.names_of(self.person[records]), records)

    def births_of(self, records: np.ndarray) -> pa.Array:
        """Birth dates in the form in which they were written."""
        written, form = self.birth[records], self.birth_form[records]
        is_padded = pa.array(form < 2)
        month, day = (pc.if_else(is_padded, digits(part, width=2), digits(part)) for part in (written // 100 % 100, written % 100))
        mark = pa.array(["-", "", ".", "/"]).take(pa.array(form))
        return pc.binary_join_element_wise(digits(written // 10000), month, day, mark)

    def guardian_ids_of(self, records: np.ndarray) -> pa.Array:
        """Guardians' ID numbers; null for none."""
        guardian = self.guardian[records]
        return id_numbers.written(np.where(guardian >= 0, self.population.id_number[guardian], 0))

    def phones_of(self, records: np.ndarray) -> pa.Array:
        """Telephone numbers; null for none."""
        phone = self.phone[records]
        return digits(np.where(phone > 0, phone, -1))


def write_down(seed: int, population: Population, enrollment: Enrollment, rates: FaultRates) -> Particulars:
    """The particulars of every record."""
    records = enrollment.records
    count = len(records)
    person = records.person
    chance = stream(seed, "particulars")
    particulars = Particulars(
        population,
        person,
        np.full(count, -1, dtype=np.int32),
        np.zeros(count, dtype=np.int32),
        np.zeros(count, dtype=np.int16),
        np.zeros(count, dtype=np.int16),
    )
    minors = population.guardian[person] >= 0
    age = np.floor((records.registered - population.birth[person]) / 365.2425)
    young = minors & (age < 16)
    particulars.guardian = np.where(young & (records.system == RURAL), population.guardian[person], -1)

    free = np.ones(count, dtype=bool)
    _borrow(chance, particulars, records, rates, free, young & (age < 7))
    _correct(chance, particulars, enrollment, rates, free)
    _mistype(chance, particulars, rates, records, free)
    _write_small(chance, particulars, rates)
    _rename(stream(seed, "misspelt"), particulars, rates)
    _write_births(stream(seed, "birthdays"), particulars, rates, records.system)
    phones = stream(seed, "numbers on record")
    owner = np.where(young, np.maximum(population.guardian[person], 0), person)
    number = population.phone[owner]
    another = phones.random(count) < np.where(records.system == EMPLOYEE, 0.10, 0.20)
    particulars.phone = np.where(another & (number > 0), 19900000000 + phones.integers(0, 100_000_000, count), number)

    traps = particulars.traps
    traps[population.twin[person] >= 0] |= 1 << TRAPS.index("twin")
    traps[population.namesake[person] >= 0] |= 1 << TRAPS.index("namesake_in_village")
    traps[records.variant > 0] |= 1 << TRAPS.index("second_record_in_system")
    return particulars


def labels(bits: np.ndarray, words: tuple[str, ...]) -> np.ndarray:
    """Texts of bit sets, words joined by semicolons."""
    known = {0: ""}
    for value in np.unique(bits).tolist():
        known[value] = ";".join(word for place, word in enumerate(words) if value >> place & 1)
    values = np.array(sorted(known))
    return np.array([known[value] for value in values.tolist()])[np.searchsorted(values, bits)]


def _mark(faults: np.ndarray, where: np.ndarray, fault: str) -> None:
    faults[where] |= 1 << FAULTS.index(fault)


def _true_ids(particulars: Particulars, where: np.ndarray) -> np.ndarray:
    """The numbers that these records' persons truly have, as texts."""
    return np.array(id_numbers.written(particulars.population.id_number[particulars.person[where]]).to_pylist(), dtype="<U18")


def _borrow(
    chance: np.random.Generator, particulars: Particulars, records: Records, rates: FaultRates, free: np.ndarray, child: np.ndarray
) -> None:
    """Numbers that belong to somebody else: a guardian's, a housemate's, a stranger's."""
    population, person, lender = particulars.population, particulars.person, particulars.lender
    faults, traps = particulars.faults, particulars.traps
    where = some(chance, child, rates.id_guardian_on_child)
    lender[where] = population.guardian[person[where]]
    _mark(faults, where, "id_guardian_on_child")
    traps[where] |= 1 << TRAPS.index("guardian_number")
    free[where] = False

    order = np.lexsort((np.arange(len(person)), population.household[person], records.system))
    left, right = order[:-1], order[1:]
    mates = (records.system[left] == records.system[right]) & (population.household[person[left]] == population.household[person[right]])
    mates &= (person[left] != person[right]) & free[left] & free[right]
    share = mates.mean() if len(mates) else 0.0
    pairs = some(chance, mates, rates.id_exchanged_in_household / 2 / max(share, 1e-9))
    pairs = pairs[np.concatenate([[True], np.diff(pairs) > 1])] if len(pairs) else pairs
    one, two = order[pairs], order[pairs + 1]
    lender[one], lender[two] = person[two], person[one]
    both = np.concatenate([one, two])
    _mark(faults, both, "id_exchanged_in_household")
    traps[both] |= 1 << TRAPS.index("exchanged_number")
    free[both] = False

    where = some(chance, free, rates.id_shared_by_strangers)
    holder = chance.integers(0, len(person), len(where))
    apart = (population.household[person[holder]] != population.household[person[where]]) & free[holder]
    # Nobody lends a number who borrows one, and nobody lends it twice.
    apart &= ~np.isin(holder, where)
    apart[np.setdiff1d(np.arange(len(holder)), np.unique(holder, return_index=True)[1])] = False
    where, holder = where[apart], holder[apart]
    lender[where] = person[holder]
    _mark(faults, where, "id_shared_by_strangers")
    traps[where] |= 1 << TRAPS.index("shared_number")
    traps[holder] |= 1 << TRAPS.index("holder_of_a_shared_number")
    free[where] = False
    free[holder] = False


def _correct(chance: np.random.Generator, particulars: Particulars, enrollment: Enrollment, rates: FaultRates, free: np.ndarray) -> None:
    """An old number: on the old record beside the corrected one, or until a later month's correction."""
    records, months = enrollment.records, len(enrollment.months)
    old = np.flatnonzero((records.variant == 2) & free)
    particulars.altered_ids.put(old, _another_digit(chance, _true_ids(particulars, old)))
    _mark(particulars.faults, old, "id_old_beside_corrected")
    free[old] = False
    if months > 1:
        where = some(chance, free, rates.id_old_beside_corrected / 2)
        particulars.ids_before.put(where, _another_digit(chance, _true_ids(particulars, where)))
        particulars.corrected_on[where] = chance.integers(1, months, len(where))
        _mark(particulars.faults, where, "id_corrected_later")
        free[where] = False


def _another_digit(chance: np.random.Generator, numbers: np.ndarray) -> np.ndarray:
    """Numbers with one digit of birth date or order replaced, the check digit left as it was."""
    if len(numbers) == 0:
        return numbers
    codes = digits_of(numbers, 18).copy()
    rows, place = np.arange(len(codes)), chance.integers(10, 17, len(codes))
    codes[rows, place] = (codes[rows, place] - ord("0") + chance.integers(1, 10, len(codes))) % 10 + ord("0")
    return texts_of(codes)


def _mistype(chance: np.random.Generator, particulars: Particulars, rates: FaultRates, records: Records, free: np.ndarray) -> None:
    """At most one of the mistakes that a number alone can have."""
    altered, faults = particulars.altered_ids, particulars.faults
    luck = chance.random(len(free))
    edge = 0.0

    def share(rate: float, mask: np.ndarray | None = None) -> np.ndarray:
        nonlocal edge
        chosen = np.flatnonzero(free & (luck >= edge) & (luck < edge + rate) & (True if mask is None else mask))
        edge += rate
        return chosen

    where = share(rates.id_missing)
    altered.put(where, np.full(len(where), ""))
    _mark(faults, where, "id_missing")
    where = share(rates.id_placeholder)
    kind = chance.integers(0, 4, len(where))
    county = (990_102 + records.county[where].astype(np.int32)).astype("<U6")
    altered.put(where, np.select([kind == 0, kind == 1], ["0" * 18, "无"], np.char.add(county, "0" * 12)))
    _mark(faults, where, "id_placeholder")
    last_century = particulars.population.birth[records.person] < 10957  # 2000-01-01
    where = share(min(rates.id_fifteen_digits / max(last_century.mean(), 0.01), 1.0), last_century)
    if len(where):
        altered.put(where, fifteen(_true_ids(particulars, where)))
    _mark(faults, where, "id_fifteen_digits")
    where = share(rates.id_wrong_check_digit)
    if len(where):
        codes = digits_of(_true_ids(particulars, where), 18).copy()
        ordered = np.sort(CHECKS)
        right = np.searchsorted(ordered, texts_of(codes[:, 17:18]))
        codes[:, 17] = digits_of(ordered[(right + chance.integers(1, 11, len(where))) % 11], 1)[:, 0]
        altered.put(where, texts_of(codes))
    _mark(faults, where, "id_wrong_check_digit")
    where = share(rates.id_digits_swapped)
    if len(where):
        codes = digits_of(_true_ids(particulars, where), 18).copy()
        differs = codes[:, 6:16] != codes[:, 7:17]
        place = 6 + np.argmax(differs * chance.random(differs.shape), axis=1)
        rows = np.arange(len(where))
        codes[rows, place], codes[rows, place + 1] = codes[rows, place + 1].copy(), codes[rows, place].copy()
        altered.put(where, texts_of(codes))
    _mark(faults, where, "id_digits_swapped")
    where = share(rates.id_full_width_or_blanks)
    kind = chance.integers(0, 5, len(where))
    wide = {ord(digit): 0xFEE0 + ord(digit) for digit in "0123456789X"}
    written = []
    for text, form in zip(_true_ids(particulars, where).tolist(), kind.tolist(), strict=True):
        written.append((text.translate(wide), f" {text}", f"{text}  ", f"{text[:6]} {text[6:14]} {text[14:]}", f"{text}\u3000")[form])
    altered.put(where, written)
    _mark(faults, where, "id_full_width_or_blanks")


def _write_small(chance: np.random.Generator, particulars: Particulars, rates: FaultRates) -> None:
    """A small x at the end of numbers."""
    altered = particulars.altered_ids
    holder = np.where(particulars.lender >= 0, particulars.lender, particulars.person)
    ends_in_x = CHECKS[check_places(particulars.population.id_number)][holder] == "X"
    ends_in_x[altered.records] = np.char.endswith(altered.texts, "X")
    where = some(chance, ends_in_x, rates.id_lower_case_x)
    altered.put(where, [text.replace("X", "x") for text in particulars.ids_of(where, len(holder)).to_pylist()])
    _mark(particulars.faults, where, "id_lower_case_x")


def _rename(chance: np.random.Generator, particulars: Particulars, rates: FaultRates) -> None:
    """At most one mistake in a name; only those whose name allows it have it, so the rates are of all records."""
    population, person, faults, altered = particulars.population, particulars.person, particulars.faults, particulars.altered_names
    luck = chance.random(len(person))
    edge = 0.0
    minority = population.is_minority[person]

    def bears(characters: Iterable[str]) -> np.ndarray:
        found = population.bears(characters)[person]
        found[altered.records] = [any(character in characters for character in text[:3]) for text in altered.texts.tolist()]
        return found

    def rewrite(chosen: np.ndarray, form: Callable[[int, str], str]) -> None:
        texts = particulars.names_of(chosen).to_pylist()
        altered.put(chosen, [form(place, text) for place, text in zip(chosen.tolist(), texts, strict=True)])

    def replaced(fault: str, rate: float, table: dict[str, str]) -> None:
        nonlocal edge
        able = bears(table) & ~minority
        chosen = np.flatnonzero(able & (luck >= edge) & (luck < edge + rate / max(able.mean(), 0.02)))
        edge += rate / max(able.mean(), 0.02)

        def form(_: int, text: str) -> str:
            index = max(index for index, character in enumerate(text) if character in table)
            return text[:index] + table[text[index]] + text[index + 1 :]

        rewrite(chosen, form)
        _mark(faults, chosen, fault)

    replaced("name_homophone", rates.name_homophone, names.HOMOPHONES)
    replaced("name_traditional", rates.name_traditional, names.TRADITIONAL)
    # Rare characters are lost first; the rate is of all records, so common ones make up what is left.
    rare = bears(names.RARE)
    of_rare = min(rates.name_unknown_character * 0.6 / max(rare.mean(), 1e-9), 0.5)
    of_common = max(rates.name_unknown_character - of_rare * rare.mean(), 0.0) / max(1 - rare.mean(), 1e-9)
    width = np.where(rare, of_rare, of_common)
    chosen = np.flatnonzero((luck >= edge) & (luck < edge + width))
    edge = edge + width

    def unknown(_: int, text: str) -> str:
        index = next((index for index, character in enumerate(text) if character in names.RARE), len(text) - 1)
        return text[:index] + "?" + text[index + 1 :]

    rewrite(chosen, unknown)
    _mark(faults, chosen, "name_unknown_character")
    # A third of the mistakes befall the few names with a middle dot.
    dotted = min(rates.name_blank_or_dot / 3 / max(minority.mean(), 1e-9), 0.5)
    plain = rates.name_blank_or_dot - dotted * minority.mean()
    chosen = np.flatnonzero((luck >= edge) & (luck < edge + plain) | (minority & (chance.random(len(person)) < dotted)))
    chosen = chosen[(faults[chosen] & (1 << FAULTS.index("name_homophone") | 1 << FAULTS.index("name_traditional"))) == 0]

    def blank_or_dot(place: int, text: str) -> str:
        if "·" in text:
            return text.replace("·", ("•", "．", ".", " · ")[place % 4])
        return (f"{text[0]} {text[1:]}", " ".join(text), f"{text[0]}\u3000{text[1:]}", f"{text} ")[place % 4]

    rewrite(chosen, blank_or_dot)
    _mark(faults, chosen, "name_blank_or_dot")
    husband = population.spouse[person]
    wives = (population.sex[person] == 2) & (husband >= 0) & ~minority
    wives &= population.surname[np.maximum(husband, 0)] != population.surname[person]
    wives &= ~population.is_minority[np.maximum(husband, 0)]
    chosen = some(chance, wives & (faults >> FAULTS.index("name_homophone") == 0), rates.name_married_form / max(wives.mean(), 0.02))
    lords = dict(zip(chosen.tolist(), population.surnames_of(husband[chosen]).to_pylist(), strict=True))
    given = dict(zip(chosen.tolist(), population.given_names_of(person[chosen]).to_pylist(), strict=True))
    rewrite(chosen, lambda place, text: lords[place] + (text if place % 2 else given[place]))
    _mark(faults, chosen, "name_married_form")


def _write_births(chance: np.random.Generator, particulars: Particulars, rates: FaultRates, system: np.ndarray) -> None:
    """Birth dates as written: ISO in the two city systems, four forms in the rural one."""
    birth, faults = particulars.population.birth[particulars.person], particulars.faults
    year, month, day = parts_of(birth)
    luck = chance.random(len(birth))
    edge = 0.0

    def share(rate: float, mask: np.ndarray) -> np.ndarray:
        nonlocal edge
        chosen = np.flatnonzero(mask & (luck >= edge) & (luck < edge + rate / max(mask.mean(), 0.05)))
        edge += rate / max(mask.mean(), 0.05)
        return chosen

    everybody = np.ones(len(birth), dtype=bool)
    where = share(rates.birth_lunar, birth < 10957)
    year[where], month[where], day[where] = lunar_dates(birth[where])
    _mark(faults, where, "birth_lunar")
    where = share(rates.birth_day_month_swapped, (day <= 12) & (day != month))
    month[where], day[where] = day[where].copy(), month[where].copy()
    _mark(faults, where, "birth_day_month_swapped")
    where = share(rates.birth_first_of_january, everybody)
    month[where], day[where] = 1, 1
    _mark(faults, where, "birth_first_of_january")
    where = share(rates.birth_century_off, everybody)
    year[where] = np.where(year[where] >= 2000, year[where] - 100, year[where] + 100)
    _mark(faults, where, "birth_century_off")
    particulars.birth_form = np.where(system == RURAL, chance.integers(0, 4, len(birth)), 0).astype(np.int8)
    particulars.birth = (year * 10000 + month * 100 + day).astype(np.int32)


def is_dead(population: Population, records: Records, where: np.ndarray, last: int) -> np.ndarray:
    """Which of the records show their person as dead at the end of that day; every seventh clerk has not heard of it yet."""
    person = records.person[where]
    death = population.death[person]
    heard = np.where((person + records.system[where]) % 7 == 0, death + 400, death)
    return (death < FAR) & (heard <= last)
