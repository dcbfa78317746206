"""The same decisions over the API, for a page of one's own or a chat bot that acts for a person."""

from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.authentication import ScopedTokenAuthentication, has_scope
from approvals.choices import ApprovalState, RejectionReason, Scope
from approvals.edited_patch import better_answer
from approvals.models import Approval
from approvals.services import approval_approve, approval_reject
from core.errors import PlatformError
from incidents.api.detail import ApprovalSerializer
from incidents.api.redacted import RedactedText


class QuestionSerializer(ApprovalSerializer):
    """What waits, with what a chat message needs to show."""

    incident = serializers.IntegerField(source="incident_id")
    service = serializers.CharField(source="incident.service.name")
    title = RedactedText(source="incident.title")
    people_needed = serializers.IntegerField()
    diff_sha256 = serializers.CharField()
    diff = RedactedText(source="fix.diff")


class ApproveSerializer(serializers.Serializer[Any]):
    diff_sha256 = serializers.CharField(help_text="of what was shown to the person: nothing else is approved")
    comment = serializers.CharField(required=False, allow_blank=True, max_length=5000, default="")
    may_merge = serializers.BooleanField(required=False, default=False)


class RejectSerializer(serializers.Serializer[Any]):
    diff_sha256 = serializers.CharField(help_text="of what was shown to the person")
    reason = serializers.ChoiceField(choices=RejectionReason.choices)
    comment = serializers.CharField(max_length=5000)
    better_diff = serializers.CharField(
        required=False, allow_blank=True, max_length=500_000, trim_whitespace=False, default=""
    )


class RefusalSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField(help_text="why the decision did not count, and who was first")


class MayDecideHere(BasePermission):
    """Reading needs the view permission and, of a program, the scope `read`; deciding the scope `decide`.

    Whether the person may decide this question is said by the service, with its reason.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        scope = Scope.READ if request.method in ("GET", "HEAD", "OPTIONS") else Scope.DECIDE
        if not (request.user.is_authenticated and request.user.has_perm("approvals.view_approval")):
            return False
        return has_scope(request, scope)


class ApprovalViewSet(viewsets.ReadOnlyModelViewSet[Approval]):
    """What waits for a person, oldest first, and the two answers."""

    authentication_classes = [ScopedTokenAuthentication, SessionAuthentication]
    permission_classes = [MayDecideHere]
    serializer_class = QuestionSerializer
    filter_backends: list[Any] = []
    pagination_class = None
    queryset = Approval.objects.all()

    def get_queryset(self) -> QuerySet[Approval, Approval]:
        approvals = Approval.objects.select_related(
            "incident__service", "fix__incident__service"
        ).prefetch_related("decisions__user")
        return approvals.filter(state=ApprovalState.PENDING) if self.action == "list" else approvals

    @extend_schema(request=ApproveSerializer, responses={200: QuestionSerializer, 409: RefusalSerializer})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve exactly the bytes that were shown."""
        approval, given = self.get_object(), ApproveSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        sent = given.validated_data

        def decide() -> None:
            approval_approve(
                approval=approval,
                user=cast(User, request.user),
                comment=sent["comment"],
                may_merge=sent["may_merge"],
            )

        return self._answer(approval, sent["diff_sha256"], decide)

    @extend_schema(request=RejectSerializer, responses={200: QuestionSerializer, 409: RefusalSerializer})
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Reject with a reason; a better diff goes to the sandbox and counts once it has passed there."""
        approval, given = self.get_object(), RejectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        sent = given.validated_data

        def decide() -> None:
            approval_reject(
                approval=approval,
                user=cast(User, request.user),
                reason=RejectionReason(sent["reason"]),
                comment=sent["comment"],
                better=better_answer(approval.fix, diff=sent["better_diff"], edits={}),
            )

        return self._answer(approval, sent["diff_sha256"], decide)

    def _answer(self, approval: Approval, shown_sha256: str, decide: Any) -> Response:
        if shown_sha256 != approval.diff_sha256:
            refusal = f"What was shown ({shown_sha256[:12]}) is not what is asked about. Show it again."
            return Response({"detail": refusal}, status=status.HTTP_409_CONFLICT)
        try:
            decide()
        except PlatformError as error:
            return Response({"detail": str(error)}, status=status.HTTP_409_CONFLICT)
        return Response(self.get_serializer(self.get_queryset().get(pk=approval.pk)).data)
