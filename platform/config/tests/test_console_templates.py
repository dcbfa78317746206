"""The console's templates that are replaced here are the installed ones, apart from what the policy needs."""

from pathlib import Path

import pytest
import unfold

OURS = Path(__file__).parents[1] / "templates"
THEIRS = Path(unfold.__file__).parent / "templates"


# Ours, and theirs: a nonce for the colours, no style element by htmx, a width that is set without an attribute.
CHANGES = {
    "unfold/layouts/skeleton.html": [
        ('<style id="unfold-theme-colors" nonce="{{ request.csp_nonce }}">', '<style id="unfold-theme-colors">'),
        ('        <meta name="htmx-config" content=\'{"includeIndicatorStyles": false}\'>\n', ""),
    ],
    "admin/actions.html": [
        (
            "x-bind:style=\"{ width: changeListWidth + 'px' }\"",
            "x-bind:style=\"'width: ' + changeListWidth + 'px'\"",
        ),
    ],
}


@pytest.mark.parametrize("template", CHANGES)
def test_a_replaced_template_differs_in_what_the_policy_needs_only(template: str) -> None:
    replaced = (OURS / template).read_text()

    for ours, theirs in CHANGES[template]:
        assert ours in replaced
        replaced = replaced.replace(ours, theirs)

    assert replaced == (THEIRS / template).read_text(), f"django-unfold changed {template}: copy it again"
