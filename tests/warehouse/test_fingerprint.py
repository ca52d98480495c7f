"""The fingerprint: the same for the same inputs on any machine, another one for whatever a number follows from."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery_builder import DeliveryBuilder
from working_warehouse import publish

from warehouse import fingerprint as fingerprint_module
from warehouse.fingerprint import code_version, fingerprint_parts, rule_set_version, warehouse_fingerprint
from warehouse.landing import receive
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.settings import PROJECT_ROOT, Settings

FEBRUARY = Period(2025, 2)


class HomeWithRules(Settings):
    """A home whose rules are a copy, to be changed by tests."""

    @property
    def dbt_project(self) -> Path:
        return self.home / "rules"


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("rules") / "dbt_project"
    shutil.copytree(PROJECT_ROOT / "dbt_project", copy, ignore=shutil.ignore_patterns("target", "logs"))
    return copy


@pytest.fixture
def settings(tmp_path: Path, rules: Path) -> Settings:
    home = HomeWithRules(home=tmp_path / "home")
    home.home.mkdir()
    shutil.copytree(rules, home.dbt_project)
    deliver(home, tmp_path / "inbox-1")
    return home


@pytest.fixture
def register(settings: Settings) -> Iterator[Register]:
    with Register(settings.register) as opened:
        yield opened


def deliver(settings: Settings, inbox: Path, period: str = "2025-02", number: int = 1, office: str = "990102", receipts: int = 1) -> None:
    lines = [f"{period.replace('-', '')}{office}{row},2025,个人缴费,{row},400.0000,{period}-15" for row in range(1, receipts + 1)]
    total = f"{400 * receipts}.0000"
    DeliveryBuilder(
        period=period, office=office, delivery_no=number, lines={"financing": lines}, totals={"financing": {"金额": total}}
    ).write(inbox)
    result = receive(settings, inbox)
    assert not result.refused, [row.reason for row in result.refused]
    assert len(result.accepted) == 1


def of(settings: Settings, register: Register, period: Period = FEBRUARY, **options: object) -> str:
    return warehouse_fingerprint(settings, register, period, **options)


def test_nothing_new_leaves_the_fingerprint_as_it_is(settings: Settings, register: Register):
    before = of(settings, register)
    assert re.fullmatch(r"[0-9a-f]{64}", before)
    register.append_audit(who="a", run="r", action="look")
    assert of(settings, register) == before
    with Register(settings.register, read_only=True) as another:
        assert of(dataclasses.replace(settings), another) == before


def test_publishing_and_approving_the_month_itself_changes_nothing(settings: Settings, register: Register):
    before = of(settings, register)
    publish(settings, register, "2025-02")
    assert of(settings, register) == before
    register.approve("2025-02", "周主任", "r")
    assert of(settings, register) == before


def test_a_delivery_of_the_month_or_before_changes_it_and_a_later_month_does_not(settings: Settings, register: Register, tmp_path: Path):
    seen = [of(settings, register)]
    deliver(settings, tmp_path / "inbox-2", period="2025-03")
    assert of(settings, register) == seen[0]
    deliver(settings, tmp_path / "inbox-3", period="2025-01")
    seen.append(of(settings, register))
    deliver(settings, tmp_path / "inbox-4", office="990103")
    seen.append(of(settings, register))
    assert len(set(seen)) == 3


def test_a_redelivery_changes_it_even_where_its_rows_are_the_same(settings: Settings, register: Register, tmp_path: Path):
    seen = [of(settings, register)]
    deliver(settings, tmp_path / "inbox-2", number=2)
    seen.append(of(settings, register))
    deliver(settings, tmp_path / "inbox-3", number=3, receipts=2)
    seen.append(of(settings, register))
    assert len(set(seen)) == 3


def test_a_refused_delivery_changes_nothing(settings: Settings, register: Register, tmp_path: Path):
    before = of(settings, register)
    DeliveryBuilder(period="2025-02", delivery_no=2, entries={"financing": {"rows": 99}}).write(tmp_path / "inbox-2")
    assert len(receive(settings, tmp_path / "inbox-2").refused) == 1
    assert of(settings, register) == before


def test_what_people_decided_changes_it(settings: Settings, register: Register):
    seen = [of(settings, register)]
    register.except_check(check_code="CHK-24", period="2025-02", division_code=None, until="2025-12", name="n", reason="r", run="r")
    seen.append(of(settings, register))
    register.append_case_event(who="a", run="r", scheme_a="rural", relation_id_a="1", scheme_b="rural", relation_id_b="2", status="sent")
    seen.append(of(settings, register))
    register.append_match_model(who="a", run="r", model_version="1", kind="splink", parameters="{}", sha256="0")
    seen.append(of(settings, register))
    assert len(set(seen)) == 4


def test_offices_left_out_or_taken_as_they_stand_change_it_in_whatever_order_they_are_named(settings: Settings, register: Register):
    seen = {of(settings, register), of(settings, register, without=["rural/990103"]), of(settings, register, in_force=["rural/990103"])}
    assert len(seen) == 3
    named = [["rural/990103", "rural/990104"], ["rural/990104", "rural/990103"], ["rural/990104", "rural/990103", "rural/990104"]]
    assert len({of(settings, register, without=offices) for offices in named}) == 1


def test_another_release_of_an_earlier_month_changes_it_and_one_of_a_later_month_does_not(settings: Settings, register: Register):
    seen = [of(settings, register)]
    publish(settings, register, "2025-01", 1000)
    seen.append(of(settings, register))
    publish(settings, register, "2025-01", 2000)
    seen.append(of(settings, register))
    assert len(set(seen)) == 3
    publish(settings, register, "2025-03")
    assert of(settings, register) == seen[-1]


@pytest.mark.parametrize(
    "file",
    [
        "seeds/catalogue/thresholds.csv",
        "seeds/catalogue/_catalogue.yml",
        "models/reporting/measure_values.sql",
        "macros/types.sql",
        "dbt_project.yml",
    ],
)
def test_a_changed_seed_model_or_macro_changes_it_and_the_version_of_the_rules(settings: Settings, register: Register, file: str):
    before, version = of(settings, register), rule_set_version(settings.dbt_project)
    path = settings.dbt_project / file
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert of(settings, register) != before
    assert rule_set_version(settings.dbt_project) != version


def test_a_renamed_seed_and_one_more_model_change_it(settings: Settings, register: Register):
    seen = [of(settings, register)]
    (settings.dbt_project / "seeds" / "codes" / "code_map.csv").rename(settings.dbt_project / "seeds" / "codes" / "code_maps.csv")
    seen.append(of(settings, register))
    (settings.dbt_project / "models" / "marts" / "one_more.sql").write_text("select 1", encoding="utf-8")
    seen.append(of(settings, register))
    assert len(set(seen)) == 3


def test_words_about_a_model_and_what_dbt_writes_change_nothing(settings: Settings, register: Register):
    before, version = of(settings, register), rule_set_version(settings.dbt_project)
    path = settings.dbt_project / "models" / "reporting" / "_reporting.yml"
    path.write_text(path.read_text(encoding="utf-8") + "\n# another word\n", encoding="utf-8")
    target = settings.dbt_project / "target" / "compiled"
    target.mkdir(parents=True)
    (target / "measure_values.sql").write_text("select 1", encoding="utf-8")
    assert of(settings, register) == before
    assert rule_set_version(settings.dbt_project) == version


def test_line_endings_of_another_system_change_nothing(settings: Settings, register: Register):
    before, version = of(settings, register), rule_set_version(settings.dbt_project)
    for path in settings.dbt_project.rglob("*"):
        if path.suffix in {".csv", ".sql", ".yml"}:
            path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert of(settings, register) == before
    assert rule_set_version(settings.dbt_project) == version


def test_the_order_in_which_a_file_system_lists_its_files_changes_nothing(
    settings: Settings, register: Register, monkeypatch: pytest.MonkeyPatch
):
    before = of(settings, register)
    listed = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: reversed(list(listed(self, pattern))))
    assert of(settings, register) == before


def test_two_fingerprints_that_differ_say_in_which_part(settings: Settings, register: Register):
    before = fingerprint_parts(settings, register, FEBRUARY)
    register.except_check(check_code="CHK-24", period="2025-02", division_code=None, until="2025-12", name="n", reason="r", run="r")
    after = fingerprint_parts(settings, register, FEBRUARY, without=["rural/990103"])
    assert {part for part in before if before[part] != after[part]} == {"decisions", "without"}


def copied_code(folder: Path) -> Path:
    for name in ("warehouse", "orchestration", "reports"):
        shutil.copytree(PROJECT_ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT_ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = copied_code(tmp_path / "code")
    monkeypatch.setattr(fingerprint_module, "PROJECT_ROOT", folder)
    forget()
    yield folder
    forget()


def forget() -> None:
    code_version.cache_clear()
    fingerprint_module._digest_of_computing_code.cache_clear()


def test_the_version_of_the_code_is_readable_and_needs_no_version_control(code: Path):
    assert not (code / ".git").exists()
    found = code_version()
    assert re.fullmatch(r"0\.1\.0\+[0-9a-f]{12}", found)
    (code / "reports" / "__pycache__").mkdir()
    (code / "reports" / "__pycache__" / "app.pyc").write_bytes(b"compiled")
    forget()
    assert code_version() == found


def test_any_changed_module_changes_the_version_of_the_code_but_only_what_computes_changes_the_fingerprint(
    code: Path, settings: Settings, register: Register
):
    version, before = code_version(), of(settings, register)
    for changed, computes in (
        ("reports/__init__.py", False),
        ("warehouse/simulate/rates.py", False),
        ("warehouse/identity/tiers.py", True),
    ):
        path = code / changed
        path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
        forget()
        assert code_version() != version, changed
        assert (of(settings, register) != before) is computes, changed
        version = code_version()


def test_the_version_of_the_rules_is_readable():
    assert re.fullmatch(r"1\.0\.0\+[0-9a-f]{12}", rule_set_version())
