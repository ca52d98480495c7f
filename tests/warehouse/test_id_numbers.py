"""Cleaning of ID numbers and birth dates held against other people's libraries; check digit and region apart, for they disagree about
old region codes."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from id_validator import validator
from stdnum.cn import ric

PROJECT = Path(__file__).resolve().parents[2]

# Numbers that cannot be a real person's (region 99), and some of public examples with region codes in force.
SHAPES = ["990102195803071217", "99010219900101004X", "110105194912310021", "440524188001010014", "11010519491231002X"]


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory):
    """SQL of the cleaning macro, rendered by dbt itself, over a table `keyed_in`."""
    folder = tmp_path_factory.mktemp("cleaning")
    database = folder / "warehouse.duckdb"
    duckdb.connect(str(database)).close()
    rendered = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "--quiet", "compile", "--inline", "{{ clean_id_numbers('keyed_in') }}"),
            *("--project-dir", str(PROJECT / "dbt_project"), "--profiles-dir", str(PROJECT / "dbt_project")),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        env={"TONGCHOU_WAREHOUSE_PATH": str(database), "PATH": "", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    sql = rendered[rendered.index("select") :].replace(f'"{database.stem}"."seeds"."id_placeholders"', "id_placeholders")

    def clean(numbers):
        con = duckdb.connect()
        con.execute("create table id_placeholders (placeholder varchar)")
        con.execute("create table keyed_in as select unnest(?::varchar[]) as id_number_raw", [numbers])
        rows = con.execute(f"select id_number_raw, id_number_full, id_birth_date, id_sex from ({sql}) as cleaned").fetchall()
        return {row[0]: row[1:] for row in rows}

    return clean


def candidates():
    """Each shape with each last character, and with two neighbours swapped: most are wrong, some right by chance."""
    found = []
    for shape in SHAPES:
        found += [shape[:17] + last for last in "0123456789X"]
        found += [shape[:i] + shape[i + 1] + shape[i] + shape[i + 2 :] for i in range(6, 16)]
    return found


def test_the_check_character_agrees_with_python_stdnum(cleaned):
    numbers = candidates()
    ours = cleaned(numbers)
    for number in numbers:
        try:
            right = ric.calc_check_digit(number) == number[-1] and bool(ric.get_birth_date(number))
        except ric.InvalidComponent:
            right = False
        assert (ours[number][0] is not None) == right, number


def test_birth_date_and_sex_agree_with_id_validator_where_it_knows_the_region(cleaned):
    numbers = [n for n in candidates() if validator.is_valid(n)]
    ours = cleaned(numbers)
    assert numbers
    for number in numbers:
        info = validator.get_info(number)
        full, birth_date, sex = ours[number]
        assert (full, str(birth_date), sex) == (number, info["birthday_code"], "male" if info["sex"] else "female")


def test_a_region_that_no_table_knows_takes_nothing_from_a_number(cleaned):
    assert not validator.is_valid(SHAPES[0])
    assert cleaned([SHAPES[0]])[SHAPES[0]][0] == SHAPES[0]


def test_fifteen_digits_are_upgraded_as_id_validator_upgrades_them(cleaned):
    old = "110105491231002"
    assert cleaned([old])[old][0] == validator.upgrade_id(old)
