"""What a person fills in to decide."""

from typing import Any

from django import forms

from approvals.choices import Decision, RejectionReason

# Before the path of a file that can be edited in the page.
EDIT_PREFIX = "edit:"


class DecisionForm(forms.Form):
    """Approve with an optional comment, or reject with a reason, a comment and perhaps a better patch."""

    decision = forms.ChoiceField(choices=Decision.choices)
    may_merge = forms.BooleanField(required=False)
    reason = forms.ChoiceField(choices=[("", "---"), *RejectionReason.choices], required=False)
    comment = forms.CharField(widget=forms.Textarea, required=False, max_length=5000)
    better_diff = forms.CharField(widget=forms.Textarea, required=False, max_length=500_000, strip=False)

    @property
    def is_approval(self) -> bool:
        return bool(self.cleaned_data["decision"] == Decision.APPROVE)

    @property
    def edits(self) -> dict[str, str]:
        """The files of the page as they were sent back, by path."""
        sent = [name for name in self.data if name.startswith(EDIT_PREFIX)]
        return {name.removeprefix(EDIT_PREFIX): str(self.data[name]) for name in sent}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("decision") == Decision.REJECT and not (given.get("reason") and given.get("comment")):
            raise forms.ValidationError("A rejection needs a reason and a comment: they teach the next fix.")
        return given
