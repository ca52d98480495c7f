"""The dashboard of a closed home behind a real server, and a real browser that reaches no other machine."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.error import URLError

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from warehouse.settings import Settings

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Server:
    """A running dashboard."""

    settings: Settings
    url: str
    seconds_to_start: float


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("localhost", 0))
        return bound.getsockname()[1]


def start(settings: Settings, *options: str) -> Iterator[Server]:
    """`tongchou app` of a home with further options, as a person starts it; stopped when the test is done with it."""
    port = free_port()
    url = f"http://localhost:{port}"
    began = time.monotonic()
    command = [sys.executable, "-c", "from orchestration.cli import main; main()", "--home", str(settings.home), "app", "--port", str(port)]
    command += options
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).read()
                break
            except (URLError, OSError):
                assert process.poll() is None, process.stdout.read()
                assert time.monotonic() - began < 60, "the server did not start"
                time.sleep(0.05)
        yield Server(settings, url, time.monotonic() - began)
    finally:
        # To the command alone: ending its server is its own work.
        process.terminate()
        process.wait(timeout=20)
        assert not is_listening(port), "the command ended and left its server behind"


def is_listening(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("localhost", port)) == 0


@pytest.fixture(scope="session")
def server(closed_mini_home) -> Iterator[Server]:
    yield from start(closed_mini_home)


@pytest.fixture(scope="session")
def edge_server(closed_edge_home) -> Iterator[Server]:
    yield from start(closed_edge_home)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "no Chromium on this machine: `make test-browser` installs one"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield running
        running.close()


@dataclass
class Visit:
    """A page of the browser, and what went wrong or went elsewhere while it was open."""

    page: Page
    home: str
    faults: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def open(self, address: str = "") -> None:
        self.page.goto(f"{self.home}/{address}")
        self.settle()

    def settle(self) -> None:
        """Wait until the page says all it has to say."""
        self.page.wait_for_selector(".tc-footer")
        self.page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        self.page.wait_for_function("!document.querySelector('[data-stale=true]')")

    def choose(self, label: str, option: str) -> None:
        """Choose an option of a filter by what the reader sees."""
        self.page.get_by_role("combobox", name=label).click()
        self.page.get_by_role("option", name=option, exact=True).click()
        self.settle()

    def follow(self, label: str) -> None:
        """Follow a link to another page."""
        self.page.get_by_role("link", name=label).click()
        self.page.wait_for_function("name => document.querySelector('.tc-title h1')?.textContent === name", arg=label)
        self.settle()

    def watch(self) -> None:
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" and not _is_probe(said) else None)
        self.page.on("request", lambda asked: self.elsewhere.append(asked.url) if not self._is_ours(asked.url) else None)
        self.page.on("websocket", lambda opened: self.elsewhere.append(opened.url) if "localhost" not in opened.url else None)

    def _is_ours(self, url: str) -> bool:
        return url.startswith((self.home, "data:", "blob:", "about:"))


def _is_probe(said) -> bool:
    """Streamlit finds out under which path it is served by asking; the paths that it is not answer 404."""
    return "404" in said.text and "/_stcore/" in said.location.get("url", "")


@pytest.fixture
def visit(server, browser):
    yield from visiting(server, browser)


@pytest.fixture
def edge_visit(edge_server, browser):
    yield from visiting(edge_server, browser)


def visiting(server: Server, browser: Browser, width: int = 1366, height: int = 768) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", accept_downloads=True)
    context.set_default_timeout(30_000)
    one = Visit(context.new_page(), server.url)
    one.watch()
    yield one
    context.close()
