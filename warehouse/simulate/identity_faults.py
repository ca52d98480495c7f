"""How persons are written down: ID numbers, names, birth dates and telephone numbers on record, with the damage of real registries.

What belongs here: what happens to a person's particulars when a clerk registers them in one system, once for each record; it stays the
same from month to month, unless it is corrected. What does not: who the persons are (`population.py`), the rates (`rates.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import names
from .calendar_days import FAR, parts_of
from .enrollment import EMPLOYEE, RURAL, Enrollment, Records
from .id_numbers import CHECKS, digits_of, fifteen, texts_of
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
class Particulars:
    """What each record says of its person; `id_before` holds until the month of `corrected_on`."""

    id_number: np.ndarray
    id_before: np.ndarray
    corrected_on: np.ndarray  # first month (position) that shows id_number; 0 where nothing was corrected
    name: np.ndarray
    sex: np.ndarray
    birth: np.ndarray
    guardian_id: np.ndarray
    phone: np.ndarray
    faults: np.ndarray  # bits of FAULTS
    traps: np.ndarray  # bits of TRAPS
    lender: np.ndarray  # the person whose number the record carries, -1 where it is the own one or nobody's


def write_down(seed: int, population: Population, enrollment: Enrollment, rates: FaultRates) -> Particulars:
    """The particulars of every record."""
    records = enrollment.records
    count = len(records)
    person = records.person
    chance = stream(seed, "particulars")
    faults = np.zeros(count, dtype=np.int64)
    traps = np.zeros(count, dtype=np.int64)
    true_id = population.id_number[person]
    id_number = true_id.astype("<U24")
    minors = population.guardian[person] >= 0
    age = np.floor((records.registered - population.birth[person]) / 365.2425)
    young = minors & (age < 16)
    guardian_id = np.where(young & (records.system == RURAL), population.id_number[np.maximum(population.guardian[person], 0)], "")

    free = np.ones(count, dtype=bool)
    lender = _borrow(chance, population, records, rates, true_id, id_number, faults, traps, free, young & (age < 7))
    before, corrected_on = _correct(chance, enrollment, rates, true_id, id_number, faults, traps, free)
    _mistype(chance, rates, population, records, id_number, faults, free)
    ends_in_x = np.array([text.endswith("X") for text in id_number.tolist()])
    small = some(chance, ends_in_x, rates.id_lower_case_x)
    id_number[small] = [text.replace("X", "x") for text in id_number[small].tolist()]
    _mark(faults, small, "id_lower_case_x")
    before = np.where(corrected_on > 0, before, id_number)

    name = population.name[person].astype("<U24")
    _rename(stream(seed, "misspelt"), rates, population, person, name, faults)
    birth = _births(stream(seed, "birthdays"), rates, population.birth[person], records.system, faults)
    phones = stream(seed, "numbers on record")
    owner = np.where(young, np.maximum(population.guardian[person], 0), person)
    number = population.phone[owner]
    another = phones.random(count) < np.where(records.system == EMPLOYEE, 0.10, 0.20)
    number = np.where(another & (number > 0), 19900000000 + phones.integers(0, 100_000_000, count), number)
    phone = np.where(number > 0, number.astype("<U11"), "")

    twins = np.flatnonzero(population.twin[person] >= 0)
    traps[twins] |= 1 << TRAPS.index("twin")
    alike = np.flatnonzero(population.namesake[person] >= 0)
    traps[alike] |= 1 << TRAPS.index("namesake_in_village")
    traps[records.variant > 0] |= 1 << TRAPS.index("second_record_in_system")
    return Particulars(id_number, before, corrected_on, name, population.sex[person], birth, guardian_id, phone, faults, traps, lender)


def labels(bits: np.ndarray, words: tuple[str, ...]) -> np.ndarray:
    """Texts of bit sets, words joined by semicolons."""
    known = {0: ""}
    for value in np.unique(bits).tolist():
        known[value] = ";".join(word for place, word in enumerate(words) if value >> place & 1)
    values = np.array(sorted(known))
    return np.array([known[value] for value in values.tolist()])[np.searchsorted(values, bits)]


def _mark(faults: np.ndarray, where: np.ndarray, fault: str) -> None:
    faults[where] |= 1 << FAULTS.index(fault)


def _borrow(
    chance: np.random.Generator,
    population: Population,
    records: Records,
    rates: FaultRates,
    true_id: np.ndarray,
    id_number: np.ndarray,
    faults: np.ndarray,
    traps: np.ndarray,
    free: np.ndarray,
    child: np.ndarray,
) -> np.ndarray:
    """Numbers that belong to somebody else: a guardian's, a housemate's, a stranger's; returns whose, by record."""
    person = records.person
    lender = np.full(len(person), -1, dtype=np.int64)
    where = some(chance, child, rates.id_guardian_on_child)
    lender[where] = population.guardian[person[where]]
    id_number[where] = population.id_number[lender[where]]
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
    id_number[one], id_number[two] = true_id[two], true_id[one]
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
    id_number[where] = true_id[holder]
    lender[where] = person[holder]
    _mark(faults, where, "id_shared_by_strangers")
    traps[where] |= 1 << TRAPS.index("shared_number")
    traps[holder] |= 1 << TRAPS.index("holder_of_a_shared_number")
    free[where] = False
    free[holder] = False
    return lender


def _correct(
    chance: np.random.Generator,
    enrollment: Enrollment,
    rates: FaultRates,
    true_id: np.ndarray,
    id_number: np.ndarray,
    faults: np.ndarray,
    traps: np.ndarray,
    free: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """An old number: on the old record beside the corrected one, or until a later month's correction."""
    records, months = enrollment.records, len(enrollment.months)
    before = id_number.copy()
    corrected_on = np.zeros(len(records), dtype=np.int64)
    old = np.flatnonzero((records.variant == 2) & free)
    id_number[old] = _another_digit(chance, true_id[old])
    _mark(faults, old, "id_old_beside_corrected")
    free[old] = False
    if months > 1:
        where = some(chance, free, rates.id_old_beside_corrected / 2)
        before[where] = _another_digit(chance, true_id[where])
        corrected_on[where] = chance.integers(1, months, len(where))
        _mark(faults, where, "id_corrected_later")
        free[where] = False
    return before, corrected_on


def _another_digit(chance: np.random.Generator, numbers: np.ndarray) -> np.ndarray:
    """Numbers with one digit of birth date or order replaced, the check digit left as it was."""
    if len(numbers) == 0:
        return numbers
    codes = digits_of(numbers, 18).copy()
    rows, place = np.arange(len(codes)), chance.integers(10, 17, len(codes))
    codes[rows, place] = (codes[rows, place] - ord("0") + chance.integers(1, 10, len(codes))) % 10 + ord("0")
    return texts_of(codes)


def _mistype(
    chance: np.random.Generator,
    rates: FaultRates,
    population: Population,
    records: Records,
    id_number: np.ndarray,
    faults: np.ndarray,
    free: np.ndarray,
) -> None:
    """At most one of the mistakes that a number alone can have."""
    luck = chance.random(len(id_number))
    edge = 0.0

    def share(rate: float, mask: np.ndarray | None = None) -> np.ndarray:
        nonlocal edge
        chosen = np.flatnonzero(free & (luck >= edge) & (luck < edge + rate) & (True if mask is None else mask))
        edge += rate
        return chosen

    where = share(rates.id_missing)
    id_number[where] = ""
    _mark(faults, where, "id_missing")
    where = share(rates.id_placeholder)
    kind = chance.integers(0, 4, len(where))
    county = (990_102 + records.county[where]).astype("<U6")
    id_number[where] = np.select([kind == 0, kind == 1], ["0" * 18, "无"], np.char.add(county, "0" * 12))
    _mark(faults, where, "id_placeholder")
    last_century = population.birth[records.person] < 10957  # 2000-01-01
    where = share(min(rates.id_fifteen_digits / max(last_century.mean(), 0.01), 1.0), last_century)
    if len(where):
        id_number[where] = fifteen(id_number[where])
    _mark(faults, where, "id_fifteen_digits")
    where = share(rates.id_wrong_check_digit)
    if len(where):
        codes = digits_of(id_number[where], 18).copy()
        ordered = np.sort(CHECKS)
        right = np.searchsorted(ordered, texts_of(codes[:, 17:18]))
        codes[:, 17] = digits_of(ordered[(right + chance.integers(1, 11, len(where))) % 11], 1)[:, 0]
        id_number[where] = texts_of(codes)
    _mark(faults, where, "id_wrong_check_digit")
    where = share(rates.id_digits_swapped)
    if len(where):
        codes = digits_of(id_number[where], 18).copy()
        differs = codes[:, 6:16] != codes[:, 7:17]
        place = 6 + np.argmax(differs * chance.random(differs.shape), axis=1)
        rows = np.arange(len(where))
        codes[rows, place], codes[rows, place + 1] = codes[rows, place + 1].copy(), codes[rows, place].copy()
        id_number[where] = texts_of(codes)
    _mark(faults, where, "id_digits_swapped")
    where = share(rates.id_full_width_or_blanks)
    kind = chance.integers(0, 5, len(where))
    wide = {ord(digit): 0xFEE0 + ord(digit) for digit in "0123456789X"}
    written = []
    for text, form in zip(id_number[where].tolist(), kind.tolist(), strict=True):
        written.append((text.translate(wide), f" {text}", f"{text}  ", f"{text[:6]} {text[6:14]} {text[14:]}", f"{text}\u3000")[form])
    id_number[where] = np.array(written, dtype="<U24")
    _mark(faults, where, "id_full_width_or_blanks")


def _rename(
    chance: np.random.Generator, rates: FaultRates, population: Population, person: np.ndarray, name: np.ndarray, faults: np.ndarray
) -> None:
    """At most one mistake in a name; only those whose name allows it have it, so the rates are of all records."""
    luck = chance.random(len(name))
    edge = 0.0
    texts = name
    minority = population.is_minority[person]

    def replaced(fault: str, rate: float, table: dict[str, str]) -> None:
        nonlocal edge
        able = np.isin(digits_of(texts, 4)[:, :3], [ord(character) for character in table]).any(axis=1) & ~minority
        chosen = np.flatnonzero(able & (luck >= edge) & (luck < edge + rate / max(able.mean(), 0.02)))
        edge += rate / max(able.mean(), 0.02)
        for place in chosen.tolist():
            text = str(name[place])
            positions = [index for index, character in enumerate(text) if character in table]
            index = positions[-1]
            name[place] = text[:index] + table[text[index]] + text[index + 1 :]
        _mark(faults, chosen, fault)

    replaced("name_homophone", rates.name_homophone, names.HOMOPHONES)
    replaced("name_traditional", rates.name_traditional, names.TRADITIONAL)
    # Rare characters are lost first; the rate is of all records, so common ones make up what is left.
    rare = np.isin(digits_of(texts, 4)[:, :3], [ord(character) for character in names.RARE]).any(axis=1)
    of_rare = min(rates.name_unknown_character * 0.6 / max(rare.mean(), 1e-9), 0.5)
    of_common = max(rates.name_unknown_character - of_rare * rare.mean(), 0.0) / max(1 - rare.mean(), 1e-9)
    width = np.where(rare, of_rare, of_common)
    chosen = np.flatnonzero((luck >= edge) & (luck < edge + width))
    edge = edge + width
    for place in chosen.tolist():
        text = str(name[place])
        index = next((index for index, character in enumerate(text) if character in names.RARE), len(text) - 1)
        name[place] = text[:index] + "?" + text[index + 1 :]
    _mark(faults, chosen, "name_unknown_character")
    # A third of the mistakes befall the few names with a middle dot.
    dotted = min(rates.name_blank_or_dot / 3 / max(minority.mean(), 1e-9), 0.5)
    plain = rates.name_blank_or_dot - dotted * minority.mean()
    chosen = np.flatnonzero((luck >= edge) & (luck < edge + plain) | (minority & (chance.random(len(name)) < dotted)))
    chosen = chosen[(faults[chosen] & (1 << FAULTS.index("name_homophone") | 1 << FAULTS.index("name_traditional"))) == 0]
    for place in chosen.tolist():
        text = str(name[place])
        form = place % 4
        if "·" in text:
            name[place] = text.replace("·", ("•", "．", ".", " · ")[form])
        else:
            name[place] = (f"{text[0]} {text[1:]}", " ".join(text), f"{text[0]}\u3000{text[1:]}", f"{text} ")[form]
    _mark(faults, chosen, "name_blank_or_dot")
    husband = population.spouse[person]
    wives = (population.sex[person] == 2) & (husband >= 0) & ~minority
    wives &= population.surname[np.maximum(husband, 0)] != population.surname[person]
    wives &= ~population.is_minority[np.maximum(husband, 0)]
    chosen = some(chance, wives & (faults >> FAULTS.index("name_homophone") == 0), rates.name_married_form / max(wives.mean(), 0.02))
    for place in chosen.tolist():
        lord, text = str(population.surname[husband[place]]), str(name[place])
        name[place] = lord + (text if place % 2 else str(population.given[person[place]]))
    _mark(faults, chosen, "name_married_form")


def _births(chance: np.random.Generator, rates: FaultRates, birth: np.ndarray, system: np.ndarray, faults: np.ndarray) -> np.ndarray:
    """Birth dates as written: ISO in the two city systems, four forms in the rural one."""
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
    form = np.where(system == RURAL, chance.integers(0, 4, len(birth)), 0)
    texts = np.empty(len(birth), dtype="<U10")
    years, months, days = year.astype("<U4"), month.astype("<U2"), day.astype("<U2")
    padded_months, padded_days = np.char.zfill(months, 2), np.char.zfill(days, 2)

    def joined(chosen: np.ndarray, mark: str, two: np.ndarray, three: np.ndarray) -> np.ndarray:
        return np.char.add(np.char.add(np.char.add(years[chosen], mark), two[chosen]), np.char.add(mark, three[chosen]))

    for code, mark, two, three in (
        (0, "-", padded_months, padded_days),
        (1, "", padded_months, padded_days),
        (2, ".", months, days),
        (3, "/", months, days),
    ):
        chosen = form == code
        texts[chosen] = joined(chosen, mark, two, three)
    return texts


def is_dead(population: Population, records: Records, last: int) -> np.ndarray:
    """Records that show their person as dead at the end of that day; every seventh clerk has not heard of it yet."""
    death = population.death[records.person]
    heard = np.where((records.person + records.system) % 7 == 0, death + 400, death)
    return (death < FAR) & (heard <= last)
