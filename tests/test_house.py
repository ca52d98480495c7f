"""The rules of the house, as tests: layers, names, grains, contracts, who may import what, who reads the environment.

An exception is a row with its reason, and one that nothing needs any more fails too.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from warehouse.settings import PROJECT_ROOT

PACKAGES = ("warehouse", "orchestration", "reports")
DBT = PROJECT_ROOT / "dbt_project"
LANDING_SOURCES = {"employee", "resident", "rural", "city", "landing"}

# The way of the data. A model reads its own storey and those before it.
STOREYS = (
    {"staging"},
    {"intermediate/registry", "intermediate/identity", "intermediate/enrollment", "intermediate/care"},
    {"marts/registry", "marts/funds", "marts/care"},
    {"intermediate/duplicates"},
    {"marts/duplicates", "marts/enrollment"},
    {"intermediate/measures", "intermediate/forms", "intermediate/checks"},
    {"reporting"},
)
POINTS_BACK = {
    ("int_stay_movements", "fct_settlements"): "a stay is made of settlements as they were placed, and its movements are made of stays",
    ("int_enrollment_checks", "headcount_bridge"): "the bridge is checked as it is published",
}
# What comes before the marts is read by them and by nothing after, but for:
SKIPS = {
    ("fct_contributions", "stg_employee__contributions"): "two tables of one shape: the mart is their union",
    ("fct_contributions", "stg_resident__rsdt_psn_clct_detl_d"): "two tables of one shape: the mart is their union",
    ("fct_fund_ledger", "stg_employee__fund_ledger"): "three tables of one shape: the mart is their union",
    ("fct_fund_ledger", "stg_resident__fund_ledger_d"): "three tables of one shape: the mart is their union",
    ("fct_fund_ledger", "stg_rural__fund_ledger"): "three tables of one shape: the mart is their union",
    (
        "fct_settlements",
        "stg_rural__institutions",
    ): "a county's own list of institutions says their level there, the unified list keeps one county's",
    ("rejected_rows", "stg_landing__rejected_rows"): "rejected rows have no unified form; they go to the review file alone",
    ("divisions", "int_divisions"): "names of divisions of earlier months, which the mart of the closing month's divisions no longer has",
}
# The bureau's own tables have one source and nothing to be unified with: duplicates, measures and checks read them as staged.
OF_THE_BUREAU = "stg_city__"
# Checks hold what was delivered against what became of it.
READS_EVERY_LAYER = "intermediate/checks"

GRAIN_IN_WORDS = {"int_care_sums": "its sixteen columns are named once, in the test"}

PASSES_THE_ENVIRONMENT_ON = {
    "orchestration/dbt_runner.py": "dbt's profile can be told the file of a home in no other way",
    "orchestration/serve_dagster.py": "the server is another process and inherits what it needs",
    "reports/launch.py": "the server is another process and inherits what it needs",
}

NAMES = {
    "staging": r"stg_(employee|resident|rural|city|landing)__[a-z][a-z_]*",
    "intermediate": r"int_[a-z]+(_[a-z]+)*",
    "marts": r"(dim|fct|bridge)_[a-z]+(_[a-z]+)*",
    "reporting": r"[a-z]+(_[a-z]+)*",
}


# The dbt project, as dbt itself reads it


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from dbt.cli.main import dbtRunner

    folder = tmp_path_factory.mktemp("dbt")
    parsed = dbtRunner().invoke(
        [
            "parse", "--project-dir", str(DBT), "--profiles-dir", str(DBT), "--target-path", str(folder / "target"),
            "--log-path", str(folder / "logs"), "--log-level", "none", "--no-send-anonymous-usage-stats",
        ]
    )  # fmt: skip
    assert parsed.success, parsed.exception
    return parsed.result


@pytest.fixture(scope="session")
def models(manifest: Any) -> dict[str, Any]:
    return {node.unique_id: node for node in manifest.nodes.values() if node.resource_type == "model"}


def folder_of(model: Any) -> str:
    parts = Path(model.path).parts
    return parts[0] if parts[0] in {"staging", "reporting"} else "/".join(parts[:2])


def storey_of(model: Any) -> int:
    return next(number for number, folders in enumerate(STOREYS) if folder_of(model) in folders)


def edges(models: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    for model in models.values():
        for other in model.depends_on.nodes:
            if other in models:
                yield model, models[other]


def test_every_model_stands_in_a_folder_of_the_house(models: dict[str, Any]):
    known = set().union(*STOREYS)
    assert [model.path for model in models.values() if folder_of(model) not in known] == []


def test_only_staging_reads_what_was_delivered(models: dict[str, Any]):
    for model in models.values():
        delivered = {node.split(".")[2] for node in model.depends_on.nodes if node.startswith("source.")} & LANDING_SOURCES
        assert bool(delivered) == (folder_of(model) == "staging"), f"{model.name} reads {delivered or 'no source'}"


def test_staging_reads_one_table_and_seeds_and_no_model(manifest: Any, models: dict[str, Any]):
    for model in models.values():
        if folder_of(model) == "staging":
            kinds = [manifest.nodes[node].resource_type if node in manifest.nodes else "source" for node in model.depends_on.nodes]
            assert kinds.count("source") == 1, model.name
            assert set(kinds) <= {"source", "seed"}, model.name


def test_nothing_points_back(models: dict[str, Any]):
    back = {(model.name, other.name) for model, other in edges(models) if storey_of(other) > storey_of(model)}
    assert back == set(POINTS_BACK)


def test_nothing_skips_a_layer(models: dict[str, Any]):
    marts, reporting = 2, len(STOREYS) - 1
    skips = set()
    for model, other in edges(models):
        if folder_of(model) == READS_EVERY_LAYER or other.name.startswith(OF_THE_BUREAU) and storey_of(model) < reporting:
            continue
        past_the_unified = storey_of(other) == 0 and storey_of(model) >= marts
        past_the_marts = storey_of(other) <= 1 and storey_of(model) == reporting
        if past_the_unified or past_the_marts:
            skips.add((model.name, other.name))
    assert skips == set(SKIPS)


def test_only_the_reporting_layer_and_the_words_of_its_forms_are_published(manifest: Any):
    for node in manifest.nodes.values():
        if node.resource_type not in {"model", "seed"} or node.schema not in {"reporting", "review"}:
            continue
        place = Path(node.path).parts
        allowed = place[0] == "reporting" if node.resource_type == "model" else place[0] == "forms"
        assert allowed, f"{node.name} would be published from {node.path}"
    assert all(
        node.schema in {"reporting", "review"}
        for node in manifest.nodes.values()
        if node.resource_type == "model" and folder_of(node) == "reporting"
    )


def test_every_model_is_named_after_its_layer(models: dict[str, Any]):
    for model in models.values():
        assert re.fullmatch(NAMES[Path(model.path).parts[0]], model.name), model.path
        if folder_of(model) == "staging":
            assert Path(model.path).parts[1] == model.name.removeprefix("stg_").split("__")[0], model.path


def grain_in(text: str) -> list[str] | None:
    found = re.search(r"Grain:? \(([^)]*)\)", text)
    return None if found is None else [column.strip() for column in found[1].split(",")]


def heading_of(path: Path) -> str:
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return " ".join(lines)


@cache
def grains_held() -> dict[str, list[str]]:
    grains = {}
    for path in sorted((DBT / "models").rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models") or []:
            for one in model.get("data_tests") or []:
                if isinstance(one, dict) and "unique_grain" in one:
                    grains[model["name"]] = one["unique_grain"]["arguments"]["columns"]
    return grains


def test_every_model_opens_with_what_a_row_means_and_states_the_grain_that_its_test_holds(models: dict[str, Any]):
    for model in models.values():
        heading = heading_of(DBT / "models" / model.path)
        assert len(heading) > 20, f"{model.name} does not say what a row means"
        assert model.name in grains_held(), f"{model.name} has no test of its grain"
        if model.name in GRAIN_IN_WORDS:
            assert "Grain:" in heading
            continue
        stated = {"its SQL": grain_in(heading), "its description": grain_in(model.description)}
        for where, columns in stated.items():
            assert columns is not None and sorted(columns) == sorted(grains_held()[model.name]), f"{model.name}: the grain in {where}"
    assert set(GRAIN_IN_WORDS) <= {model.name for model in models.values()}


def test_marts_and_reporting_have_enforced_contracts_with_a_description_of_every_column(models: dict[str, Any]):
    for model in models.values():
        if not folder_of(model).startswith(("marts", "reporting")):
            continue
        assert model.config.contract.enforced, f"{model.name} has no enforced contract"
        for column in model.columns.values():
            assert column.data_type and column.description, f"{model.name}.{column.name}"


def test_floating_point_stands_nowhere_but_where_a_probability_is(models: dict[str, Any]):
    floating = {
        f"{model.name}.{column.name}"
        for model in models.values()
        for column in model.columns.values()
        if (column.data_type or "").lower().split("(")[0] in {"double", "float", "real", "float4", "float8"}
    }
    assert floating == {"bridge_person_source_ids.match_probability"}


def test_every_source_says_what_it_is(manifest: Any):
    assert [source.name for source in manifest.sources.values() if not source.source_description] == []


def test_tests_of_the_project_are_named_as_sentences(manifest: Any):
    named = [
        Path(node.original_file_path).stem
        for node in manifest.nodes.values()
        if node.resource_type == "test" and node.test_node_type == "singular"
    ]
    named += [test.name for test in manifest.unit_tests.values()]
    assert len(named) > 40
    assert [name for name in named if name.count("_") < 4] == []
    for path in (DBT / "tests").rglob("*.sql"):
        if path.parent.name != "generic":
            assert path.stem.startswith("assert_"), path.name
            assert heading_of(path), path.name


# Python


@cache
def modules() -> dict[str, ast.Module]:
    found = {}
    for package in PACKAGES:
        for path in sorted((PROJECT_ROOT / package).rglob("*.py")):
            found[path.relative_to(PROJECT_ROOT).as_posix()] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imported_by(tree: ast.Module) -> set[str]:
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            roots.add((node.module or "").split(".")[0])
    return roots


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("warehouse", {"dagster", "dagster_dbt", "dbt", "streamlit", "orchestration", "reports"}),
        ("reports", {"dagster", "dagster_dbt", "dbt", "orchestration"}),
        ("orchestration", {"streamlit"}),
    ],
)
def test_a_package_imports_nothing_that_stands_above_or_beside_it(package: str, forbidden: set[str]):
    crossed = {name: imported_by(tree) & forbidden for name, tree in modules().items() if name.startswith(f"{package}/")}
    assert {name: roots for name, roots in crossed.items() if roots} == {}


def test_the_warehouse_runs_without_dagster_dbt_and_streamlit_being_loaded():
    names = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in modules() if name.startswith("warehouse/")]
    script = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        "found = sorted({name.split('.')[0] for name in sys.modules} & {'dagster', 'dagster_dbt', 'dbt', 'streamlit'})\n"
        "sys.exit(f'loaded: {found}' if found else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT_ROOT, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr


def test_only_the_settings_read_the_environment():
    readers = set()
    for name, tree in modules().items():
        for node in ast.walk(tree):
            read = isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
            read |= (
                isinstance(node, ast.ImportFrom) and node.module == "os" and any(one.name in {"environ", "getenv"} for one in node.names)
            )
            if read:
                readers.add(name)
    assert readers == {"warehouse/settings.py", *PASSES_THE_ENVIRONMENT_ON}


def test_every_module_opens_by_saying_what_belongs_there():
    for name, tree in modules().items():
        opening = ast.get_docstring(tree)
        assert opening, f"{name} has no opening docstring"
        if Path(name).name != "__init__.py" and "/app_pages/" not in name:
            assert re.search(r"belong|only assembles", opening), f"{name} does not say what belongs there"


def test_nothing_swallows_every_error():
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{name}:{node.lineno} catches everything without a name"
                silent = all(isinstance(one, ast.Pass) for one in node.body)
                assert not silent, f"{name}:{node.lineno} hides an error"


# Files


def committed_files() -> list[Path]:
    """Text files of the project, without what `.gitignore` leaves out."""
    ignored = [line.strip() for line in (PROJECT_ROOT / ".gitignore").read_text(encoding="utf-8").splitlines() if line.strip()]
    folders = {pattern.rstrip("/") for pattern in ignored if pattern.endswith("/")} | {".git"}
    patterns = [pattern for pattern in ignored if not pattern.endswith("/")]
    found = []
    for root, names, files in os.walk(PROJECT_ROOT):
        here = Path(root)
        names[:] = [
            name
            for name in names
            if not any(
                (here / name).match(folder) and ("/" not in folder or (here / name).relative_to(PROJECT_ROOT).as_posix() == folder)
                for folder in folders
            )
        ]
        found += [here / name for name in files if not any(Path(name).match(pattern) for pattern in patterns)]
    return [path for path in found if b"\0" not in path.read_bytes()[:4096]]


# Folders of a machine, and addresses of an index of packages; written apart, so that this file does not name one.
MACHINES_OWN = re.compile(r"(?<![\w./{}<>*-])/(?:" + "|".join(("work", "root", "tmp", "home", "Users", "mnt", "workspace")) + r")/\w")
INDEX_ADDRESS = re.compile("|".join((r"--(?:extra-)?index" + r"-url", r"--find" + r"-links", r"https?://\S*/" + r"simple\b")))
BESIDE_THE_PROJECT = re.compile(r"\.\./" + r"shared\b")


def test_no_committed_file_names_a_path_of_one_machine_an_index_of_packages_or_a_folder_beside_the_project():
    paths = committed_files()
    assert len(paths) > 200
    named = []
    for path in paths:
        # Source deliveries of the samples are in whatever encoding their system writes.
        text = path.read_bytes().decode("utf-8", "replace")
        named += [
            f"{path.relative_to(PROJECT_ROOT)}: {found[0]}"
            for pattern in (MACHINES_OWN, INDEX_ADDRESS, BESIDE_THE_PROJECT)
            for found in pattern.finditer(text)
        ]
    assert named == []


def test_the_licence_is_the_apache_licence_in_full():
    text = (PROJECT_ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(text.splitlines()) > 190


def test_every_pinned_package_is_pinned_exactly():
    lines = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pinned = [line.split("#")[0].split(";")[0].strip() for line in lines]
    pinned = [line for line in pinned if line and not line.startswith("--hash")]
    assert len(pinned) > 50
    assert [line for line in pinned if re.fullmatch(r"[\w.\[\],-]+==[\w.+!]+\s*\\?", line) is None] == []
