"""The running platform and a browser of its own for each person."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from config.processes import free_port
from tests.browser.stack import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
WAIT_MILLISECONDS = 30_000
expect.set_options(timeout=WAIT_MILLISECONDS)


class Stack(NamedTuple):
    address: str
    questions: dict[str, int]

    def page(self, question: str) -> str:
        return f"{self.address}/admin/approvals/approval/{self.questions[question]}/change/"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start the platform with its own database, Redis and repositories; end it with its last test."""
    data_dir = tmp_path_factory.mktemp("browser")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.stack"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATA_DIR": str(data_dir),
            "PORT": str(free_port()),
            "PYTHONPATH": f"{ROOT / 'platform'}{os.pathsep}{ROOT}",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready = process.stdout.readline()
        assert ready, f"the platform did not start; see {data_dir / 'logs'}"
        yield Stack(**json.loads(ready))
    finally:
        process.stdin.close()
        process.wait(timeout=90)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser; where there is none, skip, or fail with REQUIRE_BROWSER=1."""
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is not installed: apt-get install chromium"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(browser: Browser, stack: Stack) -> Iterator[SignIn]:
    """Return a function that signs a person in, in a window with cookies of its own."""
    contexts = []

    def as_person(name: str, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 1000}, **options)
        context.set_default_timeout(WAIT_MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{stack.address}/login/?next=/admin/")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{stack.address}/admin/")
        return page

    yield as_person
    for context in contexts:
        context.close()
