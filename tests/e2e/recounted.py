"""Numbers of duplicate enrollment and data quality counted again in plain Python, from what is published and what was landed.

What belongs here: another way to the same numbers, written from their definitions and sharing no query with the warehouse. What does not:
how a home was closed (`tests/conftest.py`, the tests that call this), and who is who (`tests/accuracy`).
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb

CITY = "990100"
Cell = tuple[str, str, str]
Rows = list[dict[str, Any]]

STATE_OF = {
    "to_verify": "TO_VERIFY_CASES",
    "sent": "SENT_CASES",
    "answered_duplicate": "ANSWERED_DUPLICATE_CASES",
    "answered_legitimate": "ANSWERED_LEGITIMATE_CASES",
    "answered_wrong_match": "ANSWERED_WRONG_MATCH_CASES",
    "settled": "SETTLED_CASES",
    "closed": "SETTLED_CASES",
}


def rows_of(con: duckdb.DuckDBPyConnection, sql: str) -> Rows:
    """Rows of a query as dictionaries."""
    found = con.execute(sql)
    names = [one[0] for one in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def places_of(case: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Where a case counts: in scheme and county of each of its relations, in the city, and in `all`."""
    cells = set()
    for side in ("a", "b"):
        for scheme in (case[f"scheme_{side}"], "all"):
            cells |= {(scheme, case[f"division_code_{side}"]), (scheme, CITY)}
    return cells


def duplicate_measures(cases: Rows, answers: Mapping[str, str], standards: Mapping[str, Decimal]) -> dict[Cell, Decimal]:
    """Measures of duplicate enrollment by measure, scheme and division (city and counties), out of a release's cases.

    Args:
        cases: rows of `duplicate_cases`.
        answers: the answer on record by case id (`answered_…`).
        standards: a year's subsidy of all budgets, by scheme.

    Returns:
        What is not 0.
    """
    scheme_of = {case[f"relation_id_{side}"]: case[f"scheme_{side}"] for case in cases for side in ("a", "b")}
    by_person: dict[str, Rows] = defaultdict(list)
    for case in cases:
        by_person[case["person_id"]].append(case)
    found: dict[Cell, Decimal] = defaultdict(Decimal)

    def count(measure: str, cells: Iterable[tuple[str, str]], amount: Decimal | int = 1) -> None:
        for scheme, division in cells:
            found[measure, scheme, division] += amount

    for person_cases in by_person.values():
        candidates = [case for case in person_cases if case["overlap_to"] is None and case["legitimate_rule"] is None]
        cleared = ("answered_legitimate", "answered_wrong_match")
        duplicates = [case for case in candidates if answers.get(case["case_id"]) not in cleared]
        confirmed = [case for case in person_cases if answers.get(case["case_id"]) == "answered_duplicate"]
        cross = [case for case in duplicates if case["scheme_a"] != case["scheme_b"]]
        persons = {"DUPLICATE_PERSONS": duplicates, "DUPLICATE_PERSONS_CROSS": cross, "CANDIDATE_PERSONS": candidates}
        persons["CONFIRMED_PERSONS"] = confirmed
        if all(case["case_id"] in answers for case in candidates):
            persons["CANDIDATE_PERSONS_ANSWERED"] = candidates
        if all(case["status"] in ("settled", "closed") for case in confirmed):
            persons["RESOLVED_PERSONS"] = confirmed
        kept = {case["retained_relation_id"] for case in duplicates}
        assert len(kept) <= 1, "one relation is kept of a person"
        if duplicates:
            persons[f"RETAINED_{scheme_of[kept.pop()].upper()}_PERSONS"] = duplicates
        for measure, its_cases in persons.items():
            count(measure, set().union(*map(places_of, its_cases)))
        for case in person_cases:
            count("OVERLAP_CASES", places_of(case))
            count("LEGITIMATE_CASES" if case["legitimate_rule"] else STATE_OF[case["status"]], places_of(case))
            if case["overlap_to"] is None:
                count("OVERLAP_CASES_LASTING", places_of(case))
        for case in duplicates:
            count("DUPLICATE_CASES", places_of(case))
            count(f"DUPLICATE_CASES_{case['confidence'].upper()}", places_of(case))
            sides = [side for side in ("a", "b") if case[f"relation_id_{side}"] != case["retained_relation_id"]]
            sides = [side for side in sides if case[f"scheme_{side}"] != "employee"]
            # Where neither of the two is kept, the sum tells whose standard was booked.
            booked = [
                chosen
                for size in range(len(sides) + 1)
                for chosen in combinations(sides, size)
                if sum((standards[case[f"scheme_{side}"]] for side in chosen), Decimal(0)) == case["duplicate_subsidy_yuan"]
            ]
            assert len(booked) == 1, "the sum of a case is that of one choice of relations"
            for side in booked[0]:
                scheme, county = case[f"scheme_{side}"], case[f"division_code_{side}"]
                cells = {(one, place) for one in (scheme, "all") for place in (county, CITY)}
                count("DUPLICATE_SUBSIDY", cells, standards[scheme])
    return dict(found)


def published_measures(con: duckdb.DuckDBPyConnection, month: str, measures: Iterable[str], period_type: str) -> dict[Cell, Decimal | None]:
    """What a release publishes of measures, by measure, scheme and division (city and counties)."""
    listed = ", ".join(f"'{one}'" for one in measures)
    rows = rows_of(
        con,
        f"""
        select measure_code, scheme, division_code, value from reporting.measure_values
        where period = '{month}' and period_type = '{period_type}' and length(division_code) = 6 and measure_code in ({listed})
        """,
    )
    return {(row["measure_code"], row["scheme"], row["division_code"]): row["value"] for row in rows}


def _label(name: str) -> str:
    shown = unicodedata.normalize("NFKC", name).upper()
    return "".join(character for character in shown if character not in " ()[]·.-")


def double_stays(con: duckdb.DuckDBPyConnection, months: list[str]) -> dict[tuple[str, Cell], Decimal]:
    """Stays reimbursed twice by month: by measure, scheme and division, pairs standing at its end less those at its beginning.

    Args:
        con: connection to a working warehouse, whose marts are read.
        months: months on record, in order.
    """
    institutions = rows_of(con, "select source_system, institution_code, institution_name, division_code from marts.dim_institutions")
    keys: dict[tuple[str, str], str] = {}
    shared: dict[tuple[str, str], int] = defaultdict(int)
    for row in institutions:
        if row["division_code"] and row["institution_name"]:
            key = f"{row['division_code'][:6]} {_label(row['institution_name'])}"
            keys[row["source_system"], row["institution_code"]] = key
            shared[row["source_system"], key] += 1
    settlements = rows_of(con, "select * from marts.fct_settlements where care_type = 'inpatient'")
    reversed_in = {
        (row["source_system"], row["reverses_settlement_id"]): row["month"]
        for row in rows_of(con, "select source_system, reverses_settlement_id, month from marts.fct_settlements where is_reversal")
    }
    stays: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in settlements:
        if not row["is_reversal"] and row["scheme"] != "maternity":
            stays[row["source_system"], row["visit_id"] or f"alone {row['settlement_id']}"].append(row)

    def standing_pairs(month: str) -> dict[Cell, Decimal]:
        held: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
        for rows in stays.values():
            first = min(rows, key=lambda row: (row["settled_on"], row["settlement_id"]))
            key = keys.get((first["source_system"], first["institution_code"]))
            standing = [
                row
                for row in rows
                if row["month"] <= month and reversed_in.get((row["source_system"], row["settlement_id"]), "9999") > month
            ]
            days = [row["admitted_on"] for row in standing if row["admitted_on"]]
            paid = sum((row["pooled_fund_yuan"] + row["other_fund_yuan"] for row in standing), Decimal(0))
            if key is None or shared[first["source_system"], key] > 1 or not days or paid <= 0:
                continue
            ends = [row["discharged_on"] or row["admitted_on"] for row in standing if row["discharged_on"] or row["admitted_on"]]
            held[first["person_id"], key].append((first["scheme"], min(days), max(ends), paid, first["division_code"]))
        found: dict[Cell, Decimal] = defaultdict(Decimal)
        for group in held.values():
            for one in group:
                for other in group:
                    if one[0] < other[0] and one[1] <= other[2] and other[1] <= one[2]:
                        places = {(one[0], one[4]), (other[0], other[4]), ("all", one[4]), ("all", other[4])}
                        for scheme, division in places | {(scheme, CITY) for scheme, _ in places}:
                            found["DOUBLE_BENEFIT_STAYS", scheme, division] += 1
                            found["DOUBLE_BENEFIT_PAID", scheme, division] += min(one[3], other[3])
        return found

    moved: dict[tuple[str, Cell], Decimal] = {}
    before: dict[Cell, Decimal] = {}
    for month in months:
        now = standing_pairs(month)
        for cell in now.keys() | before.keys():
            moved[month, cell] = now.get(cell, Decimal(0)) - before.get(cell, Decimal(0))
        before = now
    return moved


# What stands in a person table, by system: id number, name, sex, birth date, number; and where the county is.
_PERSON_TABLES = {
    "employee": ("persons", "AAC002", "AAC003", "AAC004", "AAC006", "AAC001"),
    "resident": ("psn_info_b", "certno", "psn_name", "gend", "brdy", "psn_no"),
    "rural": ("members", "身份证号", "姓名", "性别", "出生日期", "个人编号"),
}


def record_measures(landing: Path, month: str, in_force: set[tuple[str, str, int]]) -> dict[Cell, int]:
    """Person records of a month and those that are complete, by scheme and delivering office, straight from landing.

    Args:
        landing: the folder of what was landed.
        month: the month.
        in_force: system, office and number of the deliveries in force for it.
    """
    found: dict[Cell, int] = defaultdict(int)
    for system, (table, *columns, number) in _PERSON_TABLES.items():
        newest: dict[str, tuple[Any, str, bool]] = {}
        for _, office, delivery_no in sorted(one for one in in_force if one[0] == system):
            path = landing / system / month / office / str(delivery_no) / f"{table}.parquet"
            for row in rows_of(duckdb.connect(), f"select * from read_parquet('{path}')"):
                year = row.get("参合年度") or 0
                # Of a person and year from two counties the smaller office's row stands; offices come in order.
                if row[number] not in newest or year > newest[row[number]][0]:
                    newest[row[number]] = (year, office, all(row[column] is not None for column in columns))
        for _, office, is_complete in newest.values():
            for scheme in (system, "all"):
                for place in {office, CITY}:
                    found["PERSON_RECORDS", scheme, place] += 1
                    found["COMPLETE_RECORDS", scheme, place] += is_complete
    return {cell: value for cell, value in found.items() if cell[1] in ("rural",) or cell[2] == CITY}
