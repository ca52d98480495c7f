"""The workbook as LibreOffice prints it: read from the page, not from the file."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from reports.forms import forms_of, lay_out
from tests.reports.made_release import DIVISIONS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def printed(package, tmp_path_factory) -> Path:
    """bureau.xlsx as a PDF."""
    office = shutil.which("soffice")
    assert office is not None, "LibreOffice is missing: `make test-browser` installs it"
    folder = tmp_path_factory.mktemp("printed")
    profile = tmp_path_factory.mktemp("profile")
    subprocess.run(
        [
            office,
            f"-env:UserInstallation=file://{profile}",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            folder,
            package / "bureau.xlsx",
        ],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return folder / "bureau.pdf"


def read(printed: Path, *options: str) -> str:
    return subprocess.run(["pdftotext", "-layout", *options, printed, "-"], check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.fixture(scope="module")
def pages(printed):
    return read(printed).split("\f")[:-1]


def squeezed(text: str) -> str:
    """Without blanks and line breaks: a head that stands on two lines is one word."""
    return re.sub(r"\s+", "", text)


def test_every_form_is_printed_one_page_wide_on_a4_across(printed, pages):
    sizes = subprocess.run(["pdfinfo", "-f", "1", "-l", str(len(pages)), printed], check=True, capture_output=True, text=True).stdout
    found = re.findall(r"Page +\d+ size: +([\d.]+) x ([\d.]+)", sizes)
    upright = [number for number, (width, height) in enumerate(found, start=1) if float(width) < float(height)]
    # The contents alone stand upright.
    assert upright == [1]
    # A form too wide for a page would put its last columns on a page without its first.
    forms = [page for page in pages if re.search(r"^M0[123]", page.strip().splitlines()[-1])]
    assert len(forms) >= len(DIVISIONS) * 4
    for page in forms:
        assert "甲" in page or "填报单位" in page
        assert "行次" in page


def test_nothing_is_cut_off_and_nothing_is_a_box(pages, printed):
    text = "".join(pages)
    assert "###" not in text
    assert "\ufffd" not in text
    assert not re.search(r"\bnan\b|\bNone\b", text)
    fonts = subprocess.run(["pdffonts", printed], check=True, capture_output=True, text=True).stdout
    assert re.search(r"CJK|Song|Sim|Hei|Sans ?SC|WenQuan", fonts), f"no Chinese font in the page: {fonts}"


def test_every_label_figure_and_note_of_a_form_can_be_read_on_its_pages(pages, reader):
    for code, panel in ((code, panel) for code, form in forms_of(reader).items() for panel in form.panels):
        grid = lay_out(reader, code, "990100", panel=panel)
        title = grid.form.panel_title(panel) if panel != grid.form.panels[0] else ""
        sheet = f"{code.removeprefix('RPT-')}全市{title}"
        own = [page for page in pages if page.strip().splitlines()[-1].split()[0] == sheet]
        text = squeezed("".join(own))
        for cell in grid.cells:
            if cell.style in ("stub", "heading", "figure", "note") and cell.shown:
                # A spreadsheet writes a short minus; a long note is broken into lines, which leaves its words whole.
                shown = squeezed(cell.shown).replace("−", "-")
                assert shown[:24] in text.replace("−", "-"), (sheet, cell.shown)


def test_heads_are_repeated_on_every_page_of_a_long_form(pages):
    benefits = [page for page in pages if page.strip().splitlines()[-1].split()[0] == "M03全市"]
    assert len(benefits) > 1
    for page in benefits:
        assert "统筹支付" in page
        assert "住院床日" in page
    # The title is printed once.
    assert sum("医疗保险待遇享受情况月报表" in page for page in benefits) == 1
