"""The contracts: valid by the standard's own schema, and the same tables as the dbt project reads."""

import importlib.resources
import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from warehouse.contracts import load_contracts
from warehouse.contracts.reading import ContractError, read_contract
from warehouse.landing.row_rules import LINEAGE

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "warehouse" / "contracts").glob("*.odcs.yaml"))
SYSTEMS = ["city", "employee", "resident", "rural"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_contract_is_valid_by_the_published_schema_of_the_standard(path):
    schema = json.loads(importlib.resources.files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.Draft201909Validator(schema).validate(document)
    OpenDataContractStandard(**document)


def test_the_published_schema_would_notice_a_wrong_contract():
    schema = json.loads(importlib.resources.files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))
    document = yaml.safe_load(FILES[0].read_text(encoding="utf-8"))
    document["schema"][0]["properties"][0]["logicalType"] = "money"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft201909Validator(schema).validate(document)


def test_there_is_a_contract_for_each_system_and_no_other():
    assert sorted(load_contracts()) == SYSTEMS


def _sources(system):
    path = ROOT / "dbt_project" / "models" / "staging" / system / f"_{system}__sources.yml"
    (source,) = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
    return source


@pytest.mark.parametrize("system", SYSTEMS)
def test_dbt_sources_and_contract_name_the_same_tables_and_columns_with_the_same_types(system):
    declared = {
        table["identifier"]: {column["name"]: column["data_type"] for column in table["columns"] if column["name"] not in LINEAGE}
        for table in _sources(system)["tables"]
    }
    agreed = {
        f"{system}__{table.name}": {column.name: column.landing_type for column in table.columns}
        for table in load_contracts()[system].tables.values()
    }
    assert declared == agreed


@pytest.mark.parametrize("system", SYSTEMS)
def test_keys_are_columns_and_monthly_tables_have_a_period_column(system):
    for table in load_contracts()[system].tables.values():
        names = {column.name for column in table.columns}
        assert table.key
        assert set(table.key) <= names
        assert (table.kind == "monthly") == (table.period_column is not None)
        assert table.period_column is None or table.period_column in names
        assert len(names) == len(table.columns)


def test_money_has_two_decimals_but_four_in_the_rural_system():
    scales = {
        system: {column.scale for table in contract.tables.values() for column in table.columns if column.type == "money"}
        for system, contract in load_contracts().items()
    }
    assert scales == {"city": {2}, "employee": {2}, "resident": {2}, "rural": {4}}


def test_only_what_the_contract_page_marks_is_optional():
    optional = {
        (system, table.name, column.name)
        for system, contract in load_contracts().items()
        for table in contract.tables.values()
        for column in table.columns
        if column.optional
    }
    assert optional == {("city", "divisions", name) for name in ("valid_from", "valid_to", "successor_code")}
    tables = {table.name for contract in load_contracts().values() for table in contract.tables.values() if table.optional}
    assert tables == {"history", "supplements"}


def test_who_delivers_and_in_which_form():
    contracts = load_contracts()
    assert {system: contract.office for system, contract in contracts.items()} == {
        "city": "990100",
        "employee": "990100",
        "resident": "990100",
        "rural": None,
    }
    assert {system: {(form.format, form.encoding) for form in contract.formats} for system, contract in contracts.items()} == {
        "city": {("csv", "utf-8")},
        "employee": {("csv", "utf-8")},
        "resident": {("csv", "utf-8"), ("parquet", "utf-8")},
        "rural": {("csv", "gb18030"), ("xlsx", "utf-8")},
    }


def test_a_monthly_table_without_period_column_is_no_contract(tmp_path):
    text = next(path for path in FILES if path.name.startswith("rural")).read_text(encoding="utf-8")
    path = tmp_path / "rural.odcs.yaml"
    path.write_text(text.replace("periodColumn, value: 到账日期", "periodColumn, value: 到帐日期"), encoding="utf-8")
    with pytest.raises(ContractError, match="financing"):
        read_contract(path)
