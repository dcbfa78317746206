"""The whole decision as a person makes it, in a browser, against the running platform."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, WAIT_MILLISECONDS, SignIn, Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def told(page: Page, text: str) -> None:
    expect(page.get_by_text(text).filter(visible=True).first).to_be_visible(timeout=WAIT_MILLISECONDS)


def test_a_person_finds_the_oldest_question_by_keyboard_and_opens_it(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("ada")
    page.goto(f"{stack.address}/admin/approvals/approval/")

    page.keyboard.press("j")
    page.keyboard.press("Enter")

    page.wait_for_url(f"{stack.page('approve')}**")
    told(page, "Why a person is asked")


def test_the_page_says_what_is_needed_to_decide_and_swaps_its_diff(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("ada")
    page.goto(stack.page("shown"))

    for text in ("risk CRITICAL", "the incident is P0", "failed before, passes now", "0 of 2 people approved"):
        told(page, text)
    expect(page.get_by_role("table", name="src/total.js, unified")).to_be_visible()
    page.keyboard.press("d")
    expect(page.get_by_role("table", name="src/total.js, side by side")).to_be_visible()
    expect(page.get_by_role("table", name="src/total.js, unified")).to_be_hidden()
    with page.context.expect_page() as opened:
        page.locator("#cause a").first.click()
    opened.value.wait_for_url("**/pulls/demo/orders/blob/**")


def test_a_rejection_with_an_edited_file_counts_and_its_patch_waits_for_the_sandbox(
    stack: Stack, sign_in: SignIn
) -> None:
    page = sign_in("ada")
    page.goto(stack.page("reject"))

    page.keyboard.press("r")
    page.keyboard.type("Fix Wrong")
    page.get_by_label("Comment: the next fix for this error is told").fill("null is not the only nothing")
    page.get_by_text("Show how it should have been").click()
    editor = page.get_by_label("src/total.js", exact=True)
    editor.fill(editor.input_value().replace("?? []", "|| []"))
    page.get_by_role("button", name="Reject").click()

    told(page, "Your patch goes to the sandbox; it counts once it has passed there.")
    told(page, "This request is already rejected by ada")
    told(page, "waits for the sandbox")


def test_a_patch_that_passed_is_taken_as_the_fix_and_goes_on_to_review(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("ada")
    page.goto(stack.page("passed"))
    told(page, "passed in the sandbox")
    page.get_by_text("Its diff").click()
    told(page, "+  return (order.lines || []).reduce")

    page.get_by_role("button", name="Take it as the fix").click()

    told(page, "then another person is asked about exactly its bytes")
    told(page, "ada took it as the fix at")
    page.locator("#timeline summary").click()
    told(page, "the patch of user:bo passed in the sandbox and is taken as the fix")


def test_an_approval_opens_the_pull_request(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("ada")
    page.goto(stack.page("approve"))

    page.keyboard.press("a")
    page.keyboard.type("Read and understood.")
    page.get_by_role("button", name="Approve and open the pull request").click()
    told(page, "Your approval is recorded; the pull request opens now.")

    for _ in range(30):
        if page.locator("#timeline").inner_text().count("pr_open"):
            break
        page.wait_for_timeout(1000)
        page.reload()
        page.locator("#timeline summary").click()
    assert "pr_open" in page.locator("#timeline").inner_text()


def test_a_critical_fix_takes_a_second_person(stack: Stack, sign_in: SignIn) -> None:
    ada, bo = sign_in("ada"), sign_in("bo")
    ada.goto(stack.page("critical"))
    ada.get_by_role("button", name="Approve; another person must too").click()
    told(ada, "It takes 1 more, by somebody else.")
    told(ada, "the next approval must be another person's")

    bo.goto(stack.page("critical"))
    told(bo, "Approved by ada at")
    bo.get_by_role("button", name="Approve and open the pull request").click()

    told(bo, "Your approval is recorded; the pull request opens now.")


def test_of_two_who_read_at_once_the_second_is_told_who_was_first(stack: Stack, sign_in: SignIn) -> None:
    ada, bo = sign_in("ada"), sign_in("bo")
    ada.goto(stack.page("race"))
    bo.goto(stack.page("race"))

    ada.get_by_role("button", name="Approve and open the pull request").click()
    told(ada, "Your approval is recorded")
    bo.get_by_role("button", name="Approve and open the pull request").click()

    told(bo, "This request is already approved by ada at")
    told(bo, "your decision was not counted")


def test_an_expired_question_has_no_form_and_says_so(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("ada")

    page.goto(stack.page("expired"))

    told(page, "This request expired at")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


def test_who_may_not_decide_reads_everything_and_has_no_form(stack: Stack, sign_in: SignIn) -> None:
    page = sign_in("vi")

    page.goto(stack.page("shown"))

    told(page, "the permission approvals.decide_approval is needed")
    told(page, "failed before, passes now")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_of_the_queue_and_of_a_question(
    stack: Stack, sign_in: SignIn, scheme: str, tmp_path: Path
) -> None:
    """WRITE_SCREENSHOTS=1 puts them into docs/images, for a person to look at before they are committed."""
    folder = ROOT / "docs" / "images" if os.environ.get("WRITE_SCREENSHOTS") else tmp_path
    page = sign_in("ada", color_scheme=scheme)

    page.goto(f"{stack.address}/admin/approvals/approval/")
    told(page, "orders-shown-errors")
    page.screenshot(path=folder / f"approval-queue-{scheme}.png")
    page.goto(stack.page("shown"))
    told(page, "Why a person is asked")
    page.screenshot(path=folder / f"approval-page-{scheme}.png")

    assert (folder / f"approval-page-{scheme}.png").stat().st_size > 20_000
