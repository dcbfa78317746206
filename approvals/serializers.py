"""What waits for a person as the API tells it, with what the asking person may do about it now."""

from typing import Any, cast

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from approvals.accepting import why_not_accept
from approvals.choices import RejectionReason, TrialState
from approvals.models import Approval, BetterPatch
from approvals.services import why_not_decide
from incidents.api.detail import ApprovalSerializer
from incidents.api.redacted import RedactedJson, RedactedText
from incidents.choices import MergePolicy

ACTS = ("approve", "reject", "accept_patch")


class EditedPatchSerializer(serializers.Serializer[BetterPatch]):
    """What a person wrote instead of the fix, and what the sandbox says of it."""

    origin = serializers.CharField(help_text="user:<name> of the person who wrote it")
    sha256 = serializers.CharField()
    diff = RedactedText()
    state = serializers.ChoiceField(choices=TrialState.choices)
    explanation = RedactedText(help_text="what the sandbox says")
    problems = RedactedJson(help_text="sentences: why the platform opens no pull request of it")
    accepted_by = serializers.CharField(source="accepted_by.username", allow_null=True, default=None)
    accepted_at = serializers.DateTimeField(allow_null=True)
    fix = serializers.IntegerField(
        source="accepted_as_id", allow_null=True, help_text="the fix that it became, which waits for approval"
    )


class QuestionSerializer(ApprovalSerializer):
    """What waits, with what a decision panel or a chat message needs to show."""

    incident = serializers.IntegerField(source="incident_id")
    service = serializers.CharField(source="incident.service.name")
    title = RedactedText(source="incident.title")
    people_needed = serializers.IntegerField()
    diff_sha256 = serializers.CharField()
    diff = RedactedText(source="fix.diff")
    author = serializers.CharField(source="fix.author", help_text="user:<name> who wrote it; empty: an agent")
    ended_because = RedactedText(help_text="why it is no longer asked, where no person decided")
    edited_patch = serializers.SerializerMethodField(help_text="of a rejection; null: none was given")
    allowed = serializers.SerializerMethodField(help_text="what the asking person may do now, by action")
    why_not = serializers.SerializerMethodField(
        help_text="why the asking person can neither approve nor reject now; empty: they can"
    )
    is_merge_offered = serializers.SerializerMethodField(
        help_text="whether `may_merge` has an effect: the service lets the platform merge"
    )

    @extend_schema_field(EditedPatchSerializer(allow_null=True))
    def get_edited_patch(self, approval: Approval) -> Any:
        patch = edited_patch_of(approval)
        return EditedPatchSerializer(patch).data if patch else None

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=ACTS)))
    def get_allowed(self, approval: Approval) -> list[str]:
        allowed = [] if self.get_why_not(approval) else ["approve", "reject"]
        patch = edited_patch_of(approval)
        if patch is not None and not why_not_accept(patch=patch, user=self._user):
            allowed.append("accept_patch")
        return allowed

    def get_why_not(self, approval: Approval) -> str:
        return why_not_decide(approval=approval, user=self._user)

    def get_is_merge_offered(self, approval: Approval) -> bool:
        return approval.incident.service.merge_policy == MergePolicy.WHEN_GREEN

    @property
    def _user(self) -> User:
        request: Request = self.context["request"]
        return cast(User, request.user)  # the permission lets nobody else in


class ApproveSerializer(serializers.Serializer[Any]):
    diff_sha256 = serializers.CharField(help_text="of what was shown to the person: nothing else is approved")
    comment = serializers.CharField(required=False, allow_blank=True, max_length=5000, default="")
    may_merge = serializers.BooleanField(required=False, default=False)


class RejectSerializer(serializers.Serializer[Any]):
    diff_sha256 = serializers.CharField(help_text="of what was shown to the person")
    reason = serializers.ChoiceField(choices=RejectionReason.choices)
    comment = serializers.CharField(max_length=5000)
    better_diff = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=500_000,
        trim_whitespace=False,
        default="",
        help_text="how it should have been, as `git diff` writes it against the fix's base commit",
    )


class AcceptPatchSerializer(serializers.Serializer[Any]):
    sha256 = serializers.CharField(help_text="of the patch that was shown to the person")


class RefusalSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField(help_text="why it did not count, and who was first")


def edited_patch_of(approval: Approval) -> BetterPatch | None:
    """Return the patch that came with the rejection of this question, or None."""
    return next(
        (patch for given in approval.decisions.all() if (patch := getattr(given, "better_patch", None))), None
    )
