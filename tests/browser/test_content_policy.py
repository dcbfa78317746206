"""Every page works under its Content-Security-Policy: a real browser refuses nothing of it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import WAIT_MILLISECONDS, SignIn, Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LISTEN = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""

Refused = Callable[[], list[str]]


def listening(page: Page) -> Refused:
    """Return a function that says what the browser has refused, and which expressions failed, since now."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if _is_refusal(message.text) else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.add_init_script(LISTEN)

    def refused() -> list[str]:
        page.wait_for_timeout(300)
        return [*said, *page.evaluate("window.refused ?? []")]

    return refused


def _is_refusal(text: str) -> bool:
    return "Content Security Policy" in text or "Alpine Expression Error" in text


def test_the_dashboard_runs_and_is_styled_under_its_policy(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("ada")
    refused = listening(page)

    answer = page.goto(f"{stack.address}/")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    expect(page.get_by_role("link", name="orders-shown-errors").first).to_be_visible(timeout=WAIT_MILLISECONDS)
    # Mantine's own style elements hold the theme: without their nonce this would be empty.
    theme = "getComputedStyle(document.documentElement).getPropertyValue('--mantine-color-blue-6')"
    assert page.evaluate(theme)
    page.get_by_role("link", name="orders-shown-errors").first.click()
    expect(page.get_by_role("heading", name="orders-shown-errors")).to_be_visible(timeout=WAIT_MILLISECONDS)
    for button in page.get_by_role("button", expanded=False).all():
        button.click()
        page.keyboard.press("Escape")

    assert refused() == []
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path",
    [
        *("/admin/", "/admin/approvals/approval/", "/admin/incidents/incident/", "/admin/breakers/"),
        *("/admin/incidents/incident/1/change/", "/admin/incidents/service/1/change/"),
    ],
)
def test_the_console_works_under_its_policy(stack: Stack, sign_in: SignIn, path: str) -> None:
    page = sign_in("ada")
    refused = listening(page)

    answer = page.goto(f"{stack.address}{path}")
    assert answer is not None

    assert refused() == []
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    # The colours of the console come from its one style element.
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--color-primary-600')")


def test_a_question_can_be_read_and_its_diff_swapped_under_the_policy(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("ada")
    refused = listening(page)

    page.goto(stack.page("shown"))
    page.keyboard.press("d")
    expect(page.get_by_role("table", name="src/total.js, side by side")).to_be_visible()

    assert refused() == []


def test_a_script_that_got_into_a_page_does_not_run(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("ada")
    refused = listening(page)
    page.goto(f"{stack.address}/")

    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.stolen = true\">"
        '<p style="position: fixed">over it all</p>\')'
    )

    assert any("script-src" in each for each in refused())
    assert any("style-src" in each for each in refused())
    assert page.evaluate("window.stolen") is None
