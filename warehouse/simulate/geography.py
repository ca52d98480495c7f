"""The city's map: counties, townships, villages, and the institutions where people are treated.

What belongs here: places and their names and codes; every code begins with 99, which is no real province. What does not: who lives
where (`population.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .randomness import stream

CITY_CODE = "990100"
CITY_NAME = "宁川市"
_COUNTIES = (
    "东城区",
    "西山区",
    "临江县",
    "安河县",
    "清源县",
    "石门县",
    "北湖区",
    "白水县",
    "桐山县",
    "永泽县",
    "青龙市",
    "南屏县",
)
_FIRST = "红银金白青黄双三大小上下新老南北东西龙凤石柳松竹梅桃杏枫马牛羊高平安永清"
_SECOND = "井坪坡溪泉桥岭湾河沟洼山林店寨塘岗坝沙塔关城水田湖潭渡铺"
_OUTSIDE = (("990201", "省城中山区"), ("990202", "省城滨江区"), ("990301", "邻州市辖区"), ("990401", "海安新区"))


@dataclass(frozen=True)
class Institutions:
    """Institutions in order; codes differ from system to system, the division and the name join them."""

    name: np.ndarray
    kind: np.ndarray  # 1 hospital, 2 pharmacy, 3 township centre or clinic, 4 village room
    level: np.ndarray  # 3, 2, 1, 9
    division: np.ndarray
    county: np.ndarray  # position of the county, -1 outside the city
    township: np.ndarray  # position of the township, -1 for hospitals

    def codes(self, system: str) -> np.ndarray:
        """The system's own numbers."""
        order = np.arange(len(self.name))
        form = {"employee": "{}{:04d}", "resident": "{}0{:05d}", "rural": "{}N{:04d}"}[system]
        return np.array([form.format(division, place) for division, place in zip(self.division, order, strict=True)])


@dataclass(frozen=True)
class Geography:
    """Divisions as parallel arrays; `*_county` and `*_township` are positions in the level above."""

    county_codes: np.ndarray
    county_names: np.ndarray
    county_urban: np.ndarray
    county_weight: np.ndarray
    township_codes: np.ndarray
    township_names: np.ndarray
    township_county: np.ndarray
    village_codes: np.ndarray
    village_names: np.ndarray
    village_township: np.ndarray
    village_urban: np.ndarray
    institutions: Institutions

    @property
    def village_county(self) -> np.ndarray:
        """The county of each village."""
        return self.township_county[self.village_township]


def _place_names(chance: np.random.Generator, count: int, banned: frozenset[str] = frozenset()) -> list[str]:
    """Distinct two-character place names."""
    every = [head + tail for head in _FIRST for tail in _SECOND if head + tail not in banned]
    order = chance.permutation(len(every))
    return [
        every[place % len(every)] if index < len(every) else f"{every[place % len(every)]}{index}"
        for index, place in enumerate(order[:count])
    ]


def county_count(persons: int) -> int:
    """How many counties a city of that many persons has."""
    for bound, counties in ((1_000, 3), (10_000, 4), (200_000, 6), (900_000, 9)):
        if persons < bound:
            return counties
    return 12


def lay_out(seed: int, persons: int) -> Geography:
    """Counties, townships, villages and institutions for a city of that many persons."""
    chance = stream(seed, "geography")
    counties = county_count(persons)
    codes = [f"{990102 + index}" for index in range(counties)]
    names = list(_COUNTIES[:counties])
    urban = [name.endswith("区") for name in names]
    weight = chance.uniform(0.7, 1.4, counties)
    township_codes, township_names, township_county = [], [], []
    village_codes, village_names, village_township, village_urban = [], [], [], []
    townships_each = int(np.clip(round(persons / counties / 3_000), 3, 16))
    villages_each = int(np.clip(round(persons / counties / townships_each / 450), 4, 12))
    for county in range(counties):
        streets = max(1, round(townships_each * (0.75 if urban[county] else 0.3)))
        for index, name in enumerate(_place_names(chance, townships_each)):
            is_street = index < streets
            number = index + 1 if is_street else 100 + index - streets
            code = f"{codes[county]}{number:03d}"
            township = len(township_codes)
            township_codes.append(code)
            township_names.append(name + ("街道" if is_street else ("镇" if index % 3 else "乡")))
            township_county.append(county)
            for place, village in enumerate(_place_names(chance, villages_each, frozenset({name}))):
                village_codes.append(f"{code}{200 + place:03d}")
                village_names.append(village + ("社区" if is_street else "村"))
                village_township.append(township)
                village_urban.append(is_street)
    townships = (np.array(township_codes), np.array(township_names), np.array(township_county))
    villages = (np.array(village_codes), np.array(village_names), np.array(village_township), np.array(village_urban))
    institutions = _found_institutions(chance, codes, names, urban, townships, villages, persons)
    return Geography(np.array(codes), np.array(names), np.array(urban), weight, *townships, *villages, institutions)


def _found_institutions(
    chance: np.random.Generator,
    codes: list[str],
    names: list[str],
    urban: list[bool],
    townships: tuple[np.ndarray, np.ndarray, np.ndarray],
    villages: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    persons: int,
) -> Institutions:
    """Hospitals, township centres, village rooms and pharmacies, and the hospitals of other cities."""
    rows: list[tuple[str, int, str, str, int, int]] = []
    for county, (code, name) in enumerate(zip(codes, names, strict=True)):
        rows.append((f"{name}人民医院", 1, "2", code, county, -1))
        rows.append((f"{name}中医院", 1, "2", code, county, -1))
        if persons >= 200_000:
            rows.append((f"{name}妇幼保健院", 1, "2", code, county, -1))
            rows.append((f"{name}第二人民医院", 1, "2", code, county, -1))
        if urban[county]:
            rank = sum(urban[: county + 1])
            rows.append((f"{CITY_NAME}第{'一二三四五六七八'[rank - 1]}人民医院", 1, "3", code, county, -1))
    for place, (code, name) in enumerate(zip(townships[0], townships[1], strict=True)):
        county = int(townships[2][place])
        centre = "社区卫生服务中心" if name.endswith("街道") else ("中心卫生院" if place % 2 else "卫生院")
        rows.append((f"{names[county]}{name}{centre}", 3, "1", code[:6], county, place))
        for shop in range(1 if persons < 20_000 else 2):
            brand = ("仁和", "康泰", "益民", "百草", "同济", "福安")[int(chance.integers(6))]
            rows.append((f"{brand}大药房({name[:2]}{'一二'[shop]}店)", 2, "9", code[:6], county, place))
    for place, name in enumerate(villages[1]):
        if not villages[3][place]:
            township = int(villages[2][place])
            county = int(townships[2][township])
            rows.append((f"{townships[1][township]}{name}卫生室", 4, "9", codes[county], county, township))
    for code, name in _OUTSIDE:
        rows.append((f"{name}中心医院", 1, "3", code, -1, -1))
        rows.append((f"{name}附属医院", 1, "3", code, -1, -1))
    name, kind, level, division, county, township = (np.array(column) for column in zip(*rows, strict=True))
    return Institutions(name, kind, level, division, county, township)
