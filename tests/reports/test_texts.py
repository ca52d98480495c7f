import ast
import re
from pathlib import Path

import pytest

import reports
from reports.texts import TEXTS, text, text_or

FOLDER = Path(reports.__file__).parent
PAGES = sorted((FOLDER / "app_pages").glob("*.py"))
# What the pages are made of; forms and workbooks say on paper what their seeds say.
MODULES = [FOLDER / f"{name}.py" for name in (
    "about", "app", "charts", "components", "data", "deliveries", "duplicates", "exports", "formats", "forms_shown", "headlines",
    "launch", "match_quality", "overview", "palette", "review", "screen", "tables",
)] + PAGES  # fmt: skip
EVERYWHERE = sorted(path for path in FOLDER.rglob("*.py") if path.name != "texts.py")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def keys_asked_for(path: Path) -> tuple[set[str], set[str]]:
    """Keys that a module asks for by name, and the beginnings of those that data decide."""
    named, begun = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
            begun.add(node.values[0].value)
        if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
            begun.add(node.left.value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            named.add(node.value)
    return named, begun


def calls_of_text(path: Path) -> set[str]:
    """Keys written out in calls of `text`."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "text"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: path.stem)
def test_every_text_that_is_asked_for_exists(path):
    assert calls_of_text(path) <= set(TEXTS["zh"])


def test_no_text_is_left_over():
    named, begun = set(), set()
    for path in EVERYWHERE:
        ours, beginnings = keys_asked_for(path)
        named |= ours
        begun |= {beginning for beginning in beginnings if "." in beginning}
    unused = {key for key in TEXTS["zh"] if key not in named and not any(key.startswith(beginning) for beginning in begun)}
    assert unused == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_page_has_words_of_its_own(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    words = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told and CHINESE.search(node.value)
    ]
    assert words == []


def test_all_languages_have_the_same_texts_with_the_same_values():
    names = {language: {key: set(re.findall(r"\{(\w+)", said)) for key, said in table.items()} for language, table in TEXTS.items()}
    assert all(found == names["zh"] for found in names.values())


def test_values_are_put_into_a_text():
    assert text("month.name", year=2025, month=6) == "2025年6月"


def test_a_key_that_is_not_there_is_an_error_unless_data_decide():
    with pytest.raises(KeyError):
        text("no.such.text")
    assert text_or("no.such.text", "as delivered") == "as delivered"
