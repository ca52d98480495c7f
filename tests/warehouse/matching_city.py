"""A city of a few cleaned records, for tests of the matching.

What belongs here: records as the cleaning would leave them, and what the matching makes of them. What does not: cleaning, which has
vectors of its own, and accuracy, which has its bench.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from warehouse.identity import match
from warehouse.identity.matching import MatchResult
from warehouse.register import Register
from warehouse.settings import Settings

COLUMNS = {
    "source_system": "varchar", "source_person_no": "varchar", "period": "varchar", "id_number": "varchar",
    "id_number_otherwise": "varchar",
    "id_status": "varchar", "guardian_number": "varchar", "id_birth_date": "date", "name": "varchar",
    "name_pinyin": "varchar", "sex": "varchar", "birth_date": "date", "birth_date_if_swapped": "date", "birth_date_if_lunar": "date",
    "phone_number": "varchar", "household_no": "varchar", "place_code": "varchar", "insured_county_code": "varchar",
    "is_dead": "boolean", "office": "varchar",
}  # fmt: skip
PINYIN = {
    "张伟": "zhang wei", "张玮": "zhang wei", "李娜": "li na", "王子涵": "wang zi han", "王子轩": "wang zi xuan", "王紫涵": "wang zi han",
    "陈小明": "chen xiao ming", "陈小?": "chen xiao ?", "陈小": "chen xiao", "刘秀英": "liu xiu ying", "王秀英": "wang xiu ying",
    "欧阳海燕": "ou yang hai yan", "赵德柱": "zhao de zhu", "程建国": "cheng jian guo", "陈建国": "chen jian guo", "孙丽": "sun li",
}  # fmt: skip


def id_number(first: str) -> str:
    """Eighteen characters out of seventeen digits."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True)) % 11]


def person_id(system: str, number: str) -> str:
    """The id that the record gives its person if it is the earliest."""
    return "P" + hashlib.md5(f"{system}:{number}".encode()).hexdigest()[:16]


class City:
    """A working warehouse with nothing in it but records of persons."""

    def __init__(self, home: Path, name: str = "warehouse.duckdb") -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(home=home)
        self.con = duckdb.connect(str(home / name))
        self.con.execute("create schema intermediate")
        self.con.execute(f"create table snapshots ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})")
        self.con.execute("""
            create table intermediate.int_numbers_without_record (
                source_system varchar, source_person_no varchar, first_seen varchar, last_seen varchar
            )
        """)

    def close(self) -> None:
        """Let go of the file."""
        self.con.close()

    def record(
        self, key: str, name: str = "张伟", number: str | None = None, status: str | None = None, period: str = "2025-01", **more: object
    ) -> None:
        """Put down a record: `system:number` and what is known of it.

        With a number the status is `valid`, without `missing`; birth date and sex are those inside the number unless told otherwise.
        """
        system, person_no = key.split(":")
        place = more.pop("village", None)
        birth_date, sex = None, "male"
        if number and len(number) == 18 and status not in ("placeholder", "missing"):
            birth_date, sex = f"{number[6:10]}-{number[10:12]}-{number[12:14]}", "male" if int(number[16]) % 2 else "female"
        is_own = number is not None and (status or "valid") in ("valid", "repaired", "inconsistent")
        values = {
            "source_system": system,
            "source_person_no": person_no,
            "period": period,
            "id_status": status or ("valid" if number else "missing"),
            "id_number": number if is_own else None,
            "id_number_otherwise": None if is_own else number,
            "id_birth_date": birth_date,
            "name": name,
            "name_pinyin": PINYIN.get(name, name),
            "sex": sex,
            "birth_date": birth_date,
            "place_code": place,
            **more,
        }
        self.con.execute(
            "delete from snapshots where source_system = ? and source_person_no = ? and period = ?",
            [system, person_no, period],
        )
        marks = ", ".join("?" for _ in values)
        self.con.execute(f"insert into snapshots ({', '.join(values)}) values ({marks})", list(values.values()))

    def crowd(self, count: int = 300) -> None:
        """Strangers that make the city large enough for frequencies to mean something: no two alike."""
        self.con.execute(
            """
            insert into snapshots (
                source_system, source_person_no, period, id_status, id_number, name, name_pinyin, sex, birth_date, id_birth_date
            )
            select
                'employee', 'c' || n, '2025-01', 'valid',
                'c' || lpad(cast(n as varchar), 17, '0'),
                chr(cast(20000 + n % 97 as integer)) || chr(cast(21000 + n as integer)), 's' || n % 97 || ' g' || n,
                case when n % 2 = 0 then 'male' else 'female' end,
                date '1950-01-01' + cast(n * 37 % 20000 as integer), date '1950-01-01' + cast(n * 37 % 20000 as integer)
            from range(1, ?) as numbers (n)
            """,
            [count],
        )

    def referred_to(self, key: str, period: str) -> None:
        """A number that only relations or claims name."""
        system, number = key.split(":")
        self.con.execute("insert into intermediate.int_numbers_without_record values (?, ?, ?, ?)", [system, number, period, period])

    def match(self, period: str = "2025-02", *, full: bool = False) -> MatchResult:
        """Run the matching as the close does."""
        self.con.execute(
            """
            create or replace table intermediate.int_person_records as
            select newest.*, seen.first_seen
            from snapshots as newest
            inner join (
                select source_system, source_person_no, min(period) as first_seen, max(period) as last_seen
                from snapshots
                where period <= ?
                group by all
            ) as seen
                on newest.source_system = seen.source_system and newest.source_person_no = seen.source_person_no
                and newest.period = seen.last_seen
            """,
            [period],
        )
        return match(self.con, self.settings, period, full=full)

    def persons(self) -> dict[str, str]:
        """Person id by `system:number`, as matched last; the crowd left out."""
        rows = self.con.execute("select source_system, source_person_no, person_id from identity.person_links").fetchall()
        return {f"{system}:{number}": person for system, number, person in rows if not number.startswith("c")}

    def who(self, period: str = "2025-02") -> dict[str, str]:
        """Match, and tell whose id each number has."""
        self.match(period)
        return self.persons()

    def tiers(self) -> dict[str, str]:
        """Tier by `system:number`."""
        rows = self.con.execute("select source_system, source_person_no, match_tier from identity.person_links").fetchall()
        return {f"{system}:{number}": tier for system, number, tier in rows if not number.startswith("c")}

    def pair(self, one: str, other: str) -> dict[str, object]:
        """The evidence on two records; empty if there is none."""
        found = self.con.execute(
            "select * from identity.match_pairs where source_system_a || ':' || source_person_no_a = ? "
            "and source_system_b || ':' || source_person_no_b = ?",
            sorted((one, other)),
        )
        row = found.fetchone()
        return dict(zip((column[0] for column in found.description), row, strict=True)) if row else {}

    def queued(self) -> dict[tuple[str, str], str]:
        """Why each pair is queued."""
        rows = self.con.execute("""
            select source_system_a || ':' || source_person_no_a, source_system_b || ':' || source_person_no_b, queue_reason
            from identity.review_queue
            order by queue_place
        """).fetchall()
        return {(one, other): reason for one, other, reason in rows}

    def decide(self, one: str, other: str, verdict: str, who: str = "复核员") -> None:
        """Record a reviewer's decision on two records as they now are."""
        one, other = sorted((one, other))
        evidence = self.pair(one, other)
        with Register(self.settings.register) as register:
            register.append_match_decision(
                who=who,
                run="r",
                source_system_a=one.split(":")[0],
                source_person_no_a=one.split(":")[1],
                source_system_b=other.split(":")[0],
                source_person_no_b=other.split(":")[1],
                verdict=verdict,
                fields_hash=evidence.get("fields_hash", ""),
                reason=None,
            )
