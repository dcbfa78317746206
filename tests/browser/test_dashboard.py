"""The dashboard as its reader sees it: a real alarm, a real run, in a browser, and never a reload."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from config.processes import Processes, free_port
from tests.browser.conftest import ROOT, WAIT_MILLISECONDS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

RUN_MILLISECONDS = 240_000
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 1000}
# A path from outside the page's own origin: what the run left the reader with, if nothing was loaded again.
KEPT = "window.__opened_at"


class Platform:
    """The running platform and its production."""

    def __init__(self, process: "subprocess.Popen[str]", data_dir: Path, environment: dict[str, str]) -> None:
        self._process = process
        self._environment = environment
        self._processes = Processes(data_dir, data_dir / "logs")
        ready = self._read()
        self.address: str = ready["address"]
        self.user: str = ready["user"]
        self.password: str = ready["password"]

    def alarm(self, key: str) -> None:
        """Let an alarm of the scenario go off."""
        assert self._process.stdin is not None
        self._process.stdin.write(key + "\n")
        self._process.stdin.flush()
        assert self._read() == {"status": 200}

    def command(self, *words: str) -> None:
        """Run one of the platform's commands beside it."""
        command = [sys.executable, "manage.py", *words]
        subprocess.run(command, cwd=ROOT, env=self._environment, check=True, stdout=subprocess.DEVNULL)

    def kill(self, program: str) -> None:
        """Kill a program; its runner starts it again."""
        _, pid = self._processes.states()[program]
        os.kill(pid, signal.SIGKILL)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the platform has ended; see its logs"
        answer: dict[str, Any] = json.loads(line)
        return answer


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Start the platform beside its stand-ins on a data directory of its own; end it with its last test."""
    data_dir = tmp_path_factory.mktemp("dashboard")
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DOCKER_HOST"},
        "DATA_DIR": str(data_dir),
        "PORT": str(free_port()),
        "PYTHONPATH": f"{ROOT / 'platform'}{os.pathsep}{ROOT}",
        "SANDBOX_RUNNER": "local",
        "SANDBOX_CACHE_DIR": str(ROOT / ".data" / "sandbox" / "dependencies"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.alarms"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Platform(process, data_dir, environment)
    finally:
        process.communicate(timeout=90)


@pytest.fixture
def page(browser: Browser, platform: Platform) -> Iterator[Page]:
    """Return the dashboard in a window of its own, with somebody signed in who may decide."""
    context = browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]  # a dict with its two keys
    context.set_default_timeout(WAIT_MILLISECONDS)
    page = context.new_page()
    page.goto(f"{platform.address}/login/?next=/")
    page.get_by_label("User name").fill(platform.user)
    page.get_by_label("Password").fill(platform.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("status", name="Live feed: Live")).to_be_visible()
    yield page
    context.close()


def keep(page: Page) -> float:
    """Remember in the page when it was loaded; a reload would forget it."""
    moment: float = page.evaluate(f"{KEPT} = performance.timeOrigin")
    return moment


def test_an_alarm_goes_its_whole_way_before_its_readers_eyes(page: Page, platform: Platform) -> None:
    kept = keep(page)
    platform.alarm("checkout")
    row = page.get_by_role("row", name=re.compile("checkout", re.IGNORECASE))
    expect(row).to_be_visible()
    # Only now: two at once would be incidents 1 and 2 in any order, and later tests open the first.
    platform.alarm("slow")
    row.get_by_role("link").first.click()
    expect(page.get_by_role("button", name=re.compile("^Triage.*succeeded"))).to_be_visible()
    said = page.get_by_role("log")
    expect(said.first).to_be_visible(timeout=RUN_MILLISECONDS)

    platform.kill("live")
    expect(page.get_by_role("status", name="Live feed: Reconnecting")).to_be_visible()
    expect(page.get_by_role("status", name="Live feed: Live")).to_be_visible(timeout=RUN_MILLISECONDS)

    expect(page.get_by_role("link", name=re.compile("Pull request #"))).to_be_visible(timeout=RUN_MILLISECONDS)
    for stage in ("Diagnosis", "Fix", "Trial", "Review"):
        expect(page.get_by_role("button", name=re.compile(f"^{stage}")).first).to_be_visible()
    assert page.evaluate(KEPT) == kept


def test_a_person_approves_on_the_page_and_the_pull_request_opens(
    page: Page, platform: Platform, tmp_path: Path
) -> None:
    kept = keep(page)
    platform.alarm("refund")
    row = page.get_by_role("row", name=re.compile("refund", re.IGNORECASE))
    row.get_by_role("link").first.click()

    expect(page.get_by_role("button", name="Approve…")).to_be_visible(timeout=RUN_MILLISECONDS)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        picture(page, tmp_path / f"question-{scheme}.png")
    page.get_by_role("button", name="Approve…").click()
    page.get_by_label("Comment").fill("Read and understood.")
    page.get_by_role("button", name="Approve and open the pull request").click()

    expect(page.get_by_role("link", name=re.compile("Pull request #"))).to_be_visible(timeout=RUN_MILLISECONDS)
    expect(page.get_by_role("region", name="Approval").get_by_text("Read and understood.")).to_be_visible()
    assert page.evaluate(KEPT) == kept


@pytest.fixture(scope="module")
def measured(platform: Platform) -> None:
    """Have two runs of an evaluation, to be listed, read and compared."""
    platform.command("run_evals", "triage", "--model", "majority", "--model", "rules")


PAGES = {
    "incidents": ("/", "table", "Incidents"),
    "incident": ("/incidents/1", "region", "Diagnosis"),
    "overview": ("/overview", "heading", "Time to first pull request"),
    "evals": ("/evals", "heading", "Evaluations"),
    "evals-run": ("/evals/2", "heading", "Figures"),
    "evals-compare": ("/evals/compare?a=1&b=2", "heading", "Run 1 and run 2"),
    "services": ("/services", "heading", "Services"),
    "services-form": ("/services/1", "heading", "orders-service"),
}
ON_A_PHONE = ("incidents", "incident")


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "size", "viewport"),
    [
        *((name, "desktop", DESKTOP) for name in PAGES),
        *((name, "phone", PHONE) for name in ON_A_PHONE),
    ],
)
def test_each_page_is_accessible_and_has_its_picture(
    page: Page, platform: Platform, scheme: Any, name: str, size: str, viewport: Any, tmp_path: Path
) -> None:
    """WRITE_SCREENSHOTS=1 puts them into docs/images, for a person to look at before they are committed."""
    folder = ROOT / "docs" / "images" if os.environ.get("WRITE_SCREENSHOTS") else tmp_path
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(viewport)
    path, role, says = PAGES[name]

    page.goto(f"{platform.address}{path}")

    expect(page.get_by_role(role, name=says).first).to_be_visible()  # type: ignore[arg-type]  # one of its words
    expect(page.get_by_role("status", name="Live feed: Live")).to_be_visible()
    picture(page, folder / f"{name}-{size}-{scheme}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def picture(page: Page, path: Path) -> None:
    """Write a screenshot, and fail if axe finds a serious fault in what it shows."""
    page.wait_for_timeout(500)  # what fades in has its final colours
    page.screenshot(path=path)
    found = Axe().run(page).response["violations"]
    faults = [
        f"{fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
    assert not faults, "\n".join(faults)
