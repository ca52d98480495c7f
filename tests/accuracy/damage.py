"""Damage of the bench's own: another city's clerks, whose slips come about otherwise than the simulator's.

What belongs here: errors of keyboards, scanners, spreadsheets and hurried counters, on the person tables of a city that was simulated
without any. What does not: the simulator's own faults. Matching must not know how either of them errs.

Differences to the simulator: digits go wrong to their neighbours on the keypad or to what a scanner reads, are dropped or doubled;
spreadsheets round long numbers; rows are filled down; a household carries its head's number on one side only; numbers are issued anew and
both are sound; homophones come from the whole dictionary, other characters by their looks; birth dates are off by one, default to the
middle of the year, or are the day of registration; sexes are wrong; telephones are missing or the village office's; people have moved.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project/seeds/identity"
KEYPAD = {"0": "12", "1": "024", "2": "0135", "3": "26", "4": "157", "5": "2468", "6": "359", "7": "48", "8": "579", "9": "68", "X": "0"}
SCANNED = {"0": "68", "1": "7", "2": "7", "3": "8", "4": "9", "5": "6", "6": "5", "7": "1", "8": "3", "9": "4", "X": "8"}
LOOKS = dict(
    zip(
        "未土天大日睛凤候戊己王干千人治刚明晓建志军文云丽华国兰梅艳红",
        "末士夫太曰晴风侯戌已玉于干入冶钢朋哓健忐车交去俪毕围三悔绝江",
        strict=True,
    )
)
NOBODYS = ("999999999999999999", "123456789012345678", "待定", "未办理", "000000", "无身份证", "NULL", "111111111111111", "/")


@dataclass(frozen=True)
class Damage:
    """Shares of records that each slip befalls."""

    id_missing: float = 0.025
    id_nobodys: float = 0.006
    id_keypad: float = 0.006
    id_scanned: float = 0.003
    id_dropped: float = 0.002
    id_doubled: float = 0.001
    id_rounded: float = 0.003
    id_of_head: float = 0.002
    id_filled_down: float = 0.0005
    id_of_guardian: float = 0.12
    id_issued_anew: float = 0.0015
    id_old_form: float = 0.012
    id_decorated: float = 0.01
    name_same_sound: float = 0.006
    name_looks_alike: float = 0.002
    name_lost: float = 0.003
    name_traditional: float = 0.004
    name_married: float = 0.001
    name_turned: float = 0.0005
    name_spaced: float = 0.01
    birth_off_by_one: float = 0.004
    birth_mid_year: float = 0.004
    birth_swapped: float = 0.002
    birth_missing: float = 0.003
    birth_decade: float = 0.001
    sex_wrong: float = 0.002
    sex_missing: float = 0.005
    phone_missing: float = 0.25
    phone_changed: float = 0.2
    phone_of_office: float = 0.01
    moved: float = 0.06
    address_missing: float = 0.15


def damage_city(con: duckdb.DuckDBPyConnection, seed: int, rates: Damage) -> None:
    """Damage the person tables in the schema `landing`, each record once for all months."""
    chance = np.random.default_rng(seed)
    people = _read(con)
    _numbers(people, chance, rates)
    _names(people, chance, rates)
    _births(people, chance, rates)
    _rest(people, chance, rates)
    _write(con, people)
    con.register("slips", people[["system", "number", "slips"]])
    con.execute("create schema if not exists bench")
    con.execute("create or replace table bench.slips as select system, number as source_person_no, slips as faults from slips")
    con.unregister("slips")


class _Marks:
    """Takes records for a slip, each for one slip of its kind, and notes it."""

    def __init__(self, people: pd.DataFrame, chance: np.random.Generator, free: np.ndarray) -> None:
        self.people, self.chance, self.free = people, chance, free

    def take(self, rates: Damage, slip: str, mask: np.ndarray | None = None) -> list[int]:
        """Places of the records that the slip befalls."""
        able = self.free if mask is None else self.free & mask
        chosen = np.flatnonzero(able & (self.chance.random(len(able)) < getattr(rates, slip)))
        self.free[chosen] = False
        noted = self.people["slips"].to_numpy(dtype=object)
        for place in chosen.tolist():
            noted[place] = f"{noted[place]};{slip}".strip(";")
        self.people["slips"] = noted
        return chosen.tolist()


def _read(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return con.execute("""
        select 'employee' as system, AAC001 as number, any_value(AAC002) as id, any_value(AAC003) as name, any_value(AAC004) as sex,
            any_value(AAC006) as birth, any_value(AAE005) as phone, any_value(AAE006) as address, null as family, null as guardian,
            '' as slips
        from landing.employee__persons group by AAC001
        union all
        select 'resident', psn_no, any_value(certno), any_value(psn_name), any_value(gend), any_value(brdy), any_value(tel),
            any_value(addr), null, null, ''
        from landing.resident__psn_info_b group by psn_no
        union all
        select 'rural', 个人编号, any_value(身份证号), any_value(姓名), any_value(性别), any_value(出生日期), null, null,
            any_value(家庭编号), any_value(监护人身份证号), ''
        from landing.rural__members group by 个人编号
        order by 1, 2
    """).df()


def _edit(text: str, place: int, table: dict[str, str], chance: np.random.Generator) -> str:
    options = table.get(text[place], "")
    return text if not options else text[:place] + options[chance.integers(len(options))] + text[place + 1 :]


def _check_character(first: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True)) % 11]


def _numbers(people: pd.DataFrame, chance: np.random.Generator, rates: Damage) -> None:
    ids = people["id"].to_numpy(dtype=object)
    true = ids.copy()
    free = np.array([isinstance(text, str) and len(text) == 18 for text in ids])
    born = np.array([int(text[6:10]) if ok else 0 for text, ok in zip(ids, free, strict=True)])

    marks = _Marks(people, chance, free)

    guardian = people["guardian"].to_numpy(dtype=object)
    for place in marks.take(rates, "id_of_guardian", (born > 2017) & np.array([isinstance(text, str) and bool(text) for text in guardian])):
        ids[place] = guardian[place]
    # A child of the resident system carries an adult's number: whoever stood at the counter, here one of the same phone.
    phones = people["phone"].to_numpy(dtype=object)
    adults: dict[str, str] = {}
    for place in np.flatnonzero((born < 2000) & (born > 0)).tolist():
        if isinstance(phones[place], str):
            adults.setdefault(phones[place], true[place])
    for place in marks.take(rates, "id_of_guardian", (born > 2017) & (people["system"] == "resident").to_numpy()):
        ids[place] = adults.get(phones[place], ids[place])
    families = people["family"].to_numpy(dtype=object)
    heads: dict[str, str] = {}
    for place in np.flatnonzero(born > 0).tolist():
        if isinstance(families[place], str) and (families[place] not in heads or true[place][6:14] < heads[families[place]][6:14]):
            heads[families[place]] = true[place]
    for place in marks.take(rates, "id_of_head", np.array([isinstance(text, str) for text in families])):
        ids[place] = heads[families[place]]
    for place in marks.take(rates, "id_filled_down"):
        if place:
            ids[place] = true[place - 1]
    for place in marks.take(rates, "id_issued_anew"):
        first = true[place][:14] + f"{(int(true[place][14:17]) + 2 * int(chance.integers(1, 200))) % 998 + 1:03d}"
        if int(first[16]) % 2 != int(true[place][16]) % 2:
            first = first[:16] + str((int(first[16]) + 1) % 10)
        ids[place] = first + _check_character(first)
    for place in marks.take(rates, "id_missing"):
        ids[place] = None
    for place in marks.take(rates, "id_nobodys"):
        ids[place] = NOBODYS[chance.integers(len(NOBODYS))]
    for place in marks.take(rates, "id_keypad"):
        ids[place] = _edit(true[place], int(chance.integers(0, 18)), KEYPAD, chance)
    for place in marks.take(rates, "id_scanned"):
        for _ in range(1 + int(chance.random() < 0.3)):
            ids[place] = _edit(ids[place], int(chance.integers(0, 18)), SCANNED, chance)
    for place in marks.take(rates, "id_dropped"):
        cut = int(chance.integers(0, 18))
        ids[place] = true[place][:cut] + true[place][cut + 1 :]
    for place in marks.take(rates, "id_doubled"):
        cut = int(chance.integers(0, 18))
        ids[place] = true[place][:cut] + true[place][cut] + true[place][cut:]
    for place in marks.take(rates, "id_rounded"):
        ids[place] = true[place][:15] + "000"
    for place in marks.take(rates, "id_old_form", born < 2000):
        ids[place] = true[place][:6] + true[place][8:17]
    for place in marks.take(rates, "id_decorated"):
        text = true[place]
        ids[place] = (f"'{text}", f"{text[:6]}-{text[6:14]}-{text[14:]}", text.lower(), f"\t{text}", f"{text}\u3000")[chance.integers(5)]
    people["id"] = ids


def _names(people: pd.DataFrame, chance: np.random.Generator, rates: Damage) -> None:
    names = people["name"].to_numpy(dtype=object)
    sound: dict[str, str] = {}
    with (SEEDS / "name_pinyin.csv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            for character in row["characters"]:
                sound[character] = row["characters"]
    with (SEEDS / "traditional_characters.csv").open(encoding="utf-8") as handle:
        old = {row["simplified"]: row["traditional"] for row in csv.DictReader(handle)}
    free = np.array([isinstance(text, str) and 2 <= len(text) <= 3 and all(c in sound for c in text) for text in names])

    marks = _Marks(people, chance, free)

    for place in marks.take(rates, "name_same_sound"):
        at = int(chance.integers(0, len(names[place])))
        options = sound[names[place][at]]
        names[place] = names[place][:at] + options[chance.integers(len(options))] + names[place][at + 1 :]
    for place in marks.take(rates, "name_looks_alike"):
        names[place] = "".join(LOOKS.get(character, character) if at else character for at, character in enumerate(names[place]))
    for place in marks.take(rates, "name_lost"):
        at = int(chance.integers(1, len(names[place])))
        mark = ("?", "□", "*", "", "〓")[chance.integers(5)]
        names[place] = names[place][:at] + mark + names[place][at + 1 :]
    for place in marks.take(rates, "name_traditional"):
        names[place] = "".join(old.get(character, character)[0] for character in names[place])
    women = people["sex"].isin(["2", "女"]).to_numpy()
    for place in marks.take(rates, "name_married", women):
        names[place] = "王李张刘陈杨"[chance.integers(6)] + names[place]
    for place in marks.take(rates, "name_turned", np.array([isinstance(text, str) and len(text) == 3 for text in names])):
        names[place] = names[place][0] + names[place][2] + names[place][1]
    for place in marks.take(rates, "name_spaced"):
        names[place] = (" ".join(names[place]), f"{names[place]} ", f"\u3000{names[place]}", names[place] + "\xa0")[chance.integers(4)]
    people["name"] = names


def _births(people: pd.DataFrame, chance: np.random.Generator, rates: Damage) -> None:
    births = people["birth"].to_numpy(dtype=object)
    days = pd.to_datetime(pd.Series(births).str.replace(r"[./]", "-", regex=True), format="mixed", errors="coerce")
    free = days.notna().to_numpy()
    parts = np.stack([days.dt.year.fillna(0), days.dt.month.fillna(0), days.dt.day.fillna(0)]).astype(int).T

    marks = _Marks(people, chance, free)

    for place in marks.take(rates, "birth_off_by_one"):
        year, month, day = parts[place]
        steps = np.zeros(3, dtype=int)
        steps[chance.integers(3)] = 1 if chance.random() < 0.5 else -1
        year, month, day = (int(part + step) for part, step in zip((year, month, day), steps, strict=True))
        births[place] = f"{year:04d}-{min(max(month, 1), 12):02d}-{min(max(day, 1), 28):02d}"
    for place in marks.take(rates, "birth_mid_year", parts[:, 0] < 1975):
        births[place] = f"{parts[place][0]:04d}-{('07-01', '01-01', '06-15')[chance.integers(3)]}"
    for place in marks.take(rates, "birth_swapped", (parts[:, 2] <= 12) & (parts[:, 1] != parts[:, 2])):
        births[place] = f"{parts[place][0]:04d}-{parts[place][2]:02d}-{parts[place][1]:02d}"
    for place in marks.take(rates, "birth_missing"):
        births[place] = (None, "不详", f"{parts[place][0]:04d}")[chance.integers(3)]
    for place in marks.take(rates, "birth_decade"):
        births[place] = f"{parts[place][0] + (10 if parts[place][0] < 2000 else -10):04d}-{parts[place][1]:02d}-{parts[place][2]:02d}"
    people["birth"] = births


def _rest(people: pd.DataFrame, chance: np.random.Generator, rates: Damage) -> None:
    everybody = np.ones(len(people), dtype=bool)

    def some(slip: str, mask: np.ndarray = everybody) -> list[int]:
        return _Marks(people, chance, everybody.copy()).take(rates, slip, mask)

    sexes = people["sex"].to_numpy(dtype=object)
    other = {"1": "2", "2": "1", "男": "女", "女": "男"}
    for place in some("sex_wrong"):
        sexes[place] = other.get(sexes[place], sexes[place])
    for place in some("sex_missing"):
        sexes[place] = None
    people["sex"] = sexes
    phones = people["phone"].to_numpy(dtype=object)
    for place in some("phone_changed"):
        phones[place] = f"198{chance.integers(10**8):08d}"
    for place in some("phone_missing"):
        phones[place] = None
    for place in some("phone_of_office"):
        phones[place] = f"0871-65{chance.integers(40):03d}00"
    people["phone"] = phones
    addresses = people["address"].to_numpy(dtype=object)
    texts = np.array([text for text in addresses if isinstance(text, str)], dtype=object)
    for place in some("moved", people["address"].notna().to_numpy()):
        addresses[place] = texts[chance.integers(len(texts))]
    for place in some("address_missing"):
        addresses[place] = None
    people["address"] = addresses


def _write(con: duckdb.DuckDBPyConnection, people: pd.DataFrame) -> None:
    con.register("damaged", people)
    con.execute("create or replace temp table damaged_people as select * from damaged")
    con.unregister("damaged")
    kinds = ("id", "name", "sex", "birth", "phone", "address")
    for table, key, columns in (
        ("employee__persons", "AAC001", ("AAC002", "AAC003", "AAC004", "AAC006", "AAE005", "AAE006")),
        ("resident__psn_info_b", "psn_no", ("certno", "psn_name", "gend", "brdy", "tel", "addr")),
        ("rural__members", "个人编号", ("身份证号", "姓名", "性别", "出生日期")),
    ):
        system = table.split("__")[0]
        replaced = ", ".join(f"people.{source} as {target}" for source, target in zip(kinds, columns, strict=False))
        con.execute(f"""
            create or replace table landing.{table} as
            select rows.* replace ({replaced})
            from landing.{table} as rows
            inner join damaged_people as people on people.system = '{system}' and people.number = rows.{key}
        """)
    con.execute("drop table damaged_people")
