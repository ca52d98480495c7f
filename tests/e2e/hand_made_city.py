"""A city of a few persons written by hand, whose cases can be told in a sentence each.

What belongs here: relations of named persons as lines of deliveries, and a month closed on them. What does not: what must come of them
(`test_insured_twice.py`), deliveries that are wrong (`tests/warehouse/delivery_builder.py`).

Every person is known by a word. The relations of a word are of one person unless a test gives them numbers, names or birth dates of their
own. Two months are delivered, so that a relation may change between them: `before` says how it stood in the first.
"""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import duckdb

from orchestration.close import close_month
from tests.warehouse.delivery_builder import DeliveryBuilder
from tests.warehouse.matching_city import id_number
from warehouse.contracts import load_contracts
from warehouse.landing import receive
from warehouse.periods import Period
from warehouse.settings import Settings

MAY, JUNE = Period(2025, 5), Period(2025, 6)
EAST, WEST = "990102", "990103"
SUBSIDIES = {
    "resident": {"central": 320, "province": 150, "city": 60, "county": 40},
    "rural": {"central": 300, "province": 120, "city": 50, "county": 30},
}
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许", "芳伟敏静磊洋艳勇军杰娟涛明超霞平刚桂"


class HandMadeCity:
    """Persons and their relations, then a closed month."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.systems = ("employee", "resident", "rural")
        self.lines: dict[tuple[str, Period, str], dict[str, list[str]]] = {}
        self.relations: dict[str, str] = {}

    # Who somebody is

    def _place(self, word: str) -> int:
        if word not in self.words:
            self.words.append(word)
        return self.words.index(word)

    def name(self, word: str) -> str:
        """Chosen so that no two of the city's persons have names that are alike."""
        place = self._place(word)
        return SURNAMES[place % len(SURNAMES)] + GIVEN[place % len(GIVEN)] + GIVEN[(place // len(GIVEN) + place * 7 + 3) % len(GIVEN)]

    def birth_date(self, word: str) -> str:
        place = self._place(word)
        return f"{1950 + place * 7 % 50}-{1 + place * 5 % 12:02d}-{1 + place * 11 % 28:02d}"

    def id_number(self, word: str, birth_date: str | None = None) -> str:
        """A woman's number under a region that does not exist."""
        return id_number("990102" + (birth_date or self.birth_date(word)).replace("-", "") + f"{2 * self._place(word) + 2:03d}")

    # Relations, each a record of its own

    def _add(self, system: str, office: str, table: str, lines: dict[Period, str]) -> None:
        for period, line in lines.items():
            self.lines.setdefault((system, period, office), {}).setdefault(table, []).append(line)

    def _number(self, system: str, number: int) -> str:
        return {"employee": f"10000{number:05d}", "resident": f"99010000000000000{number:05d}", "rural": f"99010200{number:06d}"}[system]

    def _next(self, system: str) -> int:
        return 1 + sum(1 for relation in self.relations.values() if relation.startswith(system))

    def employee(
        self, word: str, first: str, last: str = "", *, kind: str = "11", status: str = "1", before: str | None = None, county: str = EAST,
        insurance: str = "310", id_number: str | None = None, name: str | None = None, birth_date: str | None = None, telephone: str = "",
        is_dead: bool = False, label: str | None = None,
    ) -> None:  # fmt: skip
        """A relation of the employees' system."""
        number = self._next("employee")
        self.relations[label or f"{word}/employee"] = f"employee:{number}"
        person, born = self._number("employee", number), birth_date or self.birth_date(word)
        certificate = self.id_number(word) if id_number is None else id_number
        record = f"{person},01,{certificate},{name or self.name(word)},2,{born},10,{telephone},,{2 if is_dead else 1}"
        self._add("employee", "990100", "persons", {MAY: record, JUNE: record})
        line = "31{number:08d},{person},DW01,{insurance},{kind},{status},{first},{last},{county}"
        facts = {"number": number, "person": person, "insurance": insurance, "kind": kind, "first": first, "last": last, "county": county}
        self._add("employee", "990100", "enrollments", {
            MAY: line.format(**facts, status=before or status), JUNE: line.format(**facts, status=status),
        })  # fmt: skip

    def resident(
        self, word: str, first: str, last: str = "", *, kind: str = "1501", status: str = "1", before: str | None = None,
        county: str = EAST, insurance: str = "391", id_number: str | None = None, name: str | None = None, birth_date: str | None = None,
        telephone: str = "", is_dead: bool = False, label: str | None = None,
    ) -> None:  # fmt: skip
        """A relation of the residents' system."""
        number = self._next("resident")
        self.relations[label or f"{word}/resident"] = f"resident:{number}"
        person, born = self._number("resident", number), birth_date or self.birth_date(word)
        certificate = self.id_number(word) if id_number is None else id_number
        record = f"{person},01,{certificate},{name or self.name(word)},2,{born},{telephone},,{2 if is_dead else 1}"
        self._add("resident", "990100", "psn_info_b", {MAY: record, JUNE: record})
        line = "391{number:08d},{person},{insurance},{kind},{status},{county},{first},{last},,"
        facts = {"number": number, "person": person, "insurance": insurance, "kind": kind, "first": first, "last": last, "county": county}
        self._add("resident", "990100", "psn_insu_d", {
            MAY: line.format(**facts, status=before or status), JUNE: line.format(**facts, status=status),
        })  # fmt: skip

    def rural(
        self, word: str, year: int = 2025, first: str = "", last: str = "", *, status: str = "正常", before: str | None = None,
        county: str = EAST, id_number: str | None = None, guardian: str = "", name: str | None = None, birth_date: str | None = None,
        telephone: str = "", label: str | None = None,
    ) -> None:  # fmt: skip
        """A year's participation in the rural cooperative, in a family of its own."""
        number = self._next("rural")
        self.relations[label or f"{word}/rural"] = f"rural:{number}"
        person, born = self._number("rural", number).replace(EAST, county), birth_date or self.birth_date(word)
        certificate = self.id_number(word) if id_number is None else id_number
        family = f"{county}001200{number:05d}"
        self._add("rural", county, "families", dict.fromkeys(
            (MAY, JUNE), f"{family},{self.name(word)},{county}001200,清井村,一般,Z{family},{telephone}",
        ))  # fmt: skip
        line = f"{person},{family},{year},{name or self.name(word)},女,{certificate},{guardian},{born},户主,{{status}},{first},{last},1"
        self._add("rural", county, "members", {MAY: line.format(status=before or status), JUNE: line.format(status=status)})

    def crowd(self, size: int, seed: int = 1) -> None:
        """Persons of one county with two to four relations each, of random kinds, whose days are the edges that rules turn on."""
        chance = random.Random(seed)
        months = [Period(year, month) for year, month in ((2023, 5), (2023, 6), (2024, 5), (2024, 6), (2024, 9), (2024, 12), (2025, 1))]
        days = [day for month in (*months, MAY, JUNE) for day in (month.first_day, month.last_day - timedelta(1), month.last_day)]
        for number in range(size):
            word = f"crowd {number}"
            born = {"birth_date": chance.choice(("2024-10-03", "2025-03-02", "2025-03-03"))} if chance.random() < 0.15 else {}
            if born:
                born["id_number"] = self.id_number(word, born["birth_date"])
            for place in range(chance.choice((2, 2, 3, 4))):
                first, last = chance.choice(days).isoformat(), chance.choice(("", "", chance.choice(days).isoformat()))
                label, code = {"label": f"{word}/{place}"}, chance.choice(("1", "1", "1", "2"))
                before = chance.choice((None, None, "1"))
                system = chance.choice(self.systems)
                if system == "employee":
                    self.employee(word, first, last, kind=chance.choice(("11", "12", "21")), status=code, before=before, **born, **label)
                elif system == "resident":
                    self.resident(word, first, last, kind=chance.choice(("1404", "1501")), status=code, before=before, **born, **label)
                else:
                    words = {"1": "正常", "2": "停保", None: None}
                    year = chance.choice((2024, 2025, 2025))
                    self.rural(word, year, first, last, status=words[code], before=words[before], **born, **label)

    # Payments

    def employee_pays(self, word: str, *months: str) -> None:
        """Contributions received for these months, `YYYY-MM`, each in May's delivery."""
        number = int(self.relations[f"{word}/employee"].split(":")[1])
        for month in months:
            paid = month.replace("-", "")
            key, person = f"{number:05d}{paid}", self._number("employee", number)
            line = f"{key},{person},DW01,310,202505,{paid},5000.00,400.00,100.00,400.00,100.00,0.00,1,2025-05-10"
            self._add("employee", "990100", "contributions", {MAY: line})

    def resident_pays(self, word: str, year: int) -> None:
        """The premium of a year, in May's delivery."""
        number = int(self.relations[f"{word}/resident"].split(":")[1])
        line = f"{number:08d}{year},{self._number('resident', number)},391,{year}01,{year}12,400.00,0.00,2025-05-10"
        self._add("resident", "990100", "rsdt_psn_clct_detl_d", {MAY: line})

    # Stays in hospital, in June's delivery

    def resident_stay(self, word: str, hospital: str, first: str, last: str, paid: str, *, care: str = "21") -> None:
        """A stay that the residents' fund paid for."""
        number = int(self.relations[f"{word}/resident"].split(":")[1])
        key = f"{number:05d}{first.replace('-', '')}"
        self._fill("resident", "990100", "fixmedins_b", fixmedins_code=f"H-{hospital}", fixmedins_name=hospital, fix_blng_admdvs=EAST)
        self._fill(
            "resident", "990100", "setl_d", setl_id=f"S{key}", refd_setl_flag="0", mdtrt_id=f"V{key}",
            psn_no=self._number("resident", number), insutype="391", psn_type="1501", insu_admdvs=EAST, fixmedins_code=f"H-{hospital}",
            med_type=care, begndate=first, enddate=last, setl_time="2025-06-25", medfee_sumamt=paid, inscp_scp_amt=paid, hifp_pay=paid,
            fund_pay_sumamt=paid, drug_fee=paid,
        )  # fmt: skip

    def rural_stay(self, word: str, hospital: str, first: str, last: str, paid: str) -> None:
        """A stay that the rural cooperative paid for."""
        number = int(self.relations[f"{word}/rural"].split(":")[1])
        self._fill("rural", EAST, "institutions", 机构编码=f"N-{hospital}", 机构名称=hospital, 区划=EAST)
        self._fill(
            "rural", EAST, "hospital_claims", 补偿序号=f"C{number:05d}{first.replace('-', '')}", 个人编号=self._number("rural", number),
            机构编码=f"N-{hospital}", 机构级别="县级", 入院日期=first, 出院日期=last, 补偿日期="2025-06-26", 转诊="否", 直补="是",
            总费用=paid, 保内费用=paid, 统筹补偿=paid, 药品费=paid,
        )  # fmt: skip

    def _fill(self, system: str, office: str, table: str, **values: str) -> None:
        """A line with these values; amounts that are not named are nothing. A line that stands there already stays one."""
        columns = load_contracts()[system].tables[table].columns
        line = ",".join(values.get(column.name, "0.00" if column.type == "money" else "") for column in columns)
        if line not in self.lines.get((system, JUNE, office), {}).get(table, []):
            self._add(system, office, table, {JUNE: line})

    # A month

    def close(self, folder: Path) -> Settings:
        """Deliver both months, close June."""
        inbox, settings = folder / "inbox", Settings.from_environment(folder / "home")
        for period in (MAY, JUNE):
            for system, office in (("employee", "990100"), ("resident", "990100"), ("rural", EAST), ("rural", WEST)):
                lines = self.lines.get((system, period, office), {})
                DeliveryBuilder(system, str(period), office, lines=lines).write(inbox)
            standards = [
                f"2025,{scheme},{source},{yuan}.00" for scheme, sources in SUBSIDIES.items() for source, yuan in sources.items()
            ] + ["2025,resident,person,400.00", "2025,rural,person,350.00"]
            divisions = [
                "990100,宁川市,city,,,,", f"{EAST},东城区,county,990100,,,", f"{WEST},西山区,county,990100,,,",
                *(f"{county}001,一镇,township,{county},,," for county in (EAST, WEST)),
                *(f"{county}001200,清井村,village,{county}001,,," for county in (EAST, WEST)),
            ]  # fmt: skip
            city = {"divisions": divisions, "financing_standards": standards}
            DeliveryBuilder("city", str(period), "990100", lines=city).write(inbox)
        received = receive(settings, inbox)
        assert not received.refused, received.refused
        for period in (MAY, JUNE):
            close_month(settings, period)
        return settings


class ClosedCity:
    """What a closed hand-made city says of its persons, asked by their words."""

    def __init__(self, made: HandMadeCity, settings: Settings) -> None:
        self.made, self.settings = made, settings
        self.con = duckdb.connect(str(settings.warehouse), read_only=True)
        self._records = {label: self._source(relation) for label, relation in made.relations.items()}

    def _source(self, relation: str) -> tuple[str, str]:
        system, number = relation.split(":")
        return system, self.made._number(system, int(number))

    def people(self, word: str) -> int:
        """How many persons a word's records are taken for."""
        numbers = [number for label, (_, number) in self._records.items() if label.split("/")[0] == word]
        return self.con.execute(
            "select count(distinct person_id) from identity.person_links where list_contains($numbers, source_person_no)",
            {"numbers": numbers},
        ).fetchone()[0]

    def cases(self, word: str) -> list[dict]:
        """June's cases in which a word's records stand, in the release's order."""
        numbers = [number for label, (_, number) in self._records.items() if label.split("/")[0] == word]
        asked = self.con.execute(
            """
            select * from reporting.duplicate_cases
            where list_contains($numbers, source_person_no_a) or list_contains($numbers, source_person_no_b)
            order by scheme_a, relation_id_a, scheme_b, relation_id_b
            """,
            {"numbers": numbers},
        )
        names = [column[0] for column in asked.description]
        return [dict(zip(names, row, strict=True)) for row in asked.fetchall()]
