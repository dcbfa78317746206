"""The same decisions over the API, for a page of one's own or a chat bot that acts for a person."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status, viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.accepting import patch_accept
from approvals.authentication import ScopedTokenAuthentication, has_scope
from approvals.choices import ApprovalState, RejectionReason, Scope
from approvals.edited_patch import better_answer
from approvals.models import Approval
from approvals.serializers import (
    AcceptPatchSerializer,
    ApproveSerializer,
    QuestionSerializer,
    RefusalSerializer,
    RejectSerializer,
    edited_patch_of,
)
from approvals.services import approval_approve, approval_reject
from core.errors import PlatformError

ANSWERS = {200: QuestionSerializer, 409: RefusalSerializer}


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
    """What waits for a person, oldest first, and what the asking person may answer.

    A signed-in browser sends the CSRF cookie's value as `X-CSRFToken`; a program sends a scoped token.
    """

    authentication_classes = [ScopedTokenAuthentication, SessionAuthentication]
    permission_classes = [MayDecideHere]
    serializer_class = QuestionSerializer
    filter_backends: list[Any] = []
    pagination_class = None
    queryset = Approval.objects.all()

    def get_queryset(self) -> QuerySet[Approval, Approval]:
        approvals = Approval.objects.select_related(
            "incident__service", "fix__incident__service"
        ).prefetch_related("decisions__user", "decisions__better_patch__fix__incident")
        if self.action != "list":
            return approvals
        incident = self.request.query_params.get("incident", "")
        if not incident:
            return approvals.filter(state=ApprovalState.PENDING)
        return approvals.filter(incident=int(incident)) if incident.isdecimal() else approvals.none()

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "incident", int, description="all of this incident's, ended ones too; else what waits"
            )
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=ApproveSerializer, responses=ANSWERS)
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

        return self._answer(approval, shown=sent["diff_sha256"], asked=approval.diff_sha256, decide=decide)

    @extend_schema(request=RejectSerializer, responses=ANSWERS)
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

        return self._answer(approval, shown=sent["diff_sha256"], asked=approval.diff_sha256, decide=decide)

    @extend_schema(request=AcceptPatchSerializer, responses=ANSWERS)
    @action(detail=True, methods=["post"])
    def accept_patch(self, request: Request, pk: str) -> Response:
        """Take the edited patch, once it has passed in the sandbox, as the fix; somebody else must approve it."""
        approval, given = self.get_object(), AcceptPatchSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        patch = edited_patch_of(approval)
        if patch is None:
            return _refusal("No edited patch came with this decision.")
        user = cast(User, request.user)
        return self._answer(
            approval,
            shown=given.validated_data["sha256"],
            asked=patch.sha256,
            decide=lambda: patch_accept(patch=patch, user=user),
        )

    def _answer(self, approval: Approval, *, shown: str, asked: str, decide: Callable[[], None]) -> Response:
        if shown != asked:
            return _refusal(f"What was shown ({shown[:12]}) is not what is asked about. Show it again.")
        try:
            decide()
        except PlatformError as error:
            return _refusal(str(error))
        return Response(self.get_serializer(self.get_queryset().get(pk=approval.pk)).data)


def _refusal(why: str) -> Response:
    return Response({"detail": why}, status=status.HTTP_409_CONFLICT)
