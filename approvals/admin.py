"""The console of decisions: a queue of what waits, and one page from which a person can decide."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from approvals.accepting import patch_accept, why_not_accept
from approvals.choices import ApprovalState, Decision, TrialState
from approvals.diff_page import syntax_css
from approvals.edited_patch import better_answer
from approvals.forms import DecisionForm
from approvals.models import (
    AccessToken,
    AlarmAnnouncement,
    Announcement,
    Approval,
    ApprovalDecision,
    BetterPatch,
    PreferencePair,
)
from approvals.page import decision_page
from approvals.services import approval_approve, approval_reject, why_not_decide
from core.errors import PlatformError
from core.redact import redact
from incidents.choices import Risk
from incidents.console import ShownOnly, acted

RISK_COLOURS = {Risk.LOW: "success", Risk.MEDIUM: "info", Risk.HIGH: "warning", Risk.CRITICAL: "danger"}


class DecisionInline(ShownOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = ApprovalDecision
    extra = 0
    fields = ("decision", "user", "reason", "comment", "may_merge", "at")
    readonly_fields = ("at",)  # the database sets it, so it is no field of a form


@admin.register(Approval)
class ApprovalAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The queue, oldest first, and the page of one approval."""

    list_display = ("risk_label", "incident", "service", "age", "approved_by", "state", "expires_at")
    list_display_links = ("risk_label", "incident")
    list_filter = ("state", "risk", "incident__service")
    list_select_related = ("incident__service",)
    list_per_page = 50
    ordering = ("requested_at",)
    fields = ("incident", "state", "ended_because", "requested_at", "expires_at", "diff_sha256")
    inlines = (DecisionInline,)
    change_form_outer_before_template = "approvals/page.html"

    class Media:
        css = {"all": ("approvals/page.css",)}
        js = ("approvals/keys.js",)

    @display(description="risk", ordering="risk", label=RISK_COLOURS)  # type: ignore[untyped-decorator]
    def risk_label(self, approval: Approval) -> str:
        return approval.risk

    @admin.display(ordering="incident__service__name")
    def service(self, approval: Approval) -> str:
        return approval.incident.service.name

    @admin.display(ordering="-requested_at")
    def age(self, approval: Approval) -> str:
        return timesince(approval.requested_at)

    @admin.display(description="approved by")
    def approved_by(self, approval: Approval) -> str:
        decided = approval.decisions.all()
        names = [given.user.get_username() for given in decided if given.decision == Decision.APPROVE]
        return f"{', '.join(names) or 'nobody'} ({len(names)} of {approval.people_needed})"

    def get_urls(self) -> list[URLPattern]:
        decide = path(
            "<int:pk>/decide/",
            self.admin_site.admin_view(require_POST(self.decide)),
            name="approvals_approval_decide",
        )
        accept = path(
            "<int:pk>/accept/<int:patch_pk>/",
            self.admin_site.admin_view(require_POST(self.accept)),
            name="approvals_approval_accept",
        )
        return [decide, accept, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval, Approval]:
        approvals: QuerySet[Approval, Approval] = super().get_queryset(request)
        return approvals.select_related("incident__service", "fix__incident__service").prefetch_related(
            "decisions__user"
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not request.GET:
            # What waits comes first; the filter shows the rest.
            return HttpResponseRedirect(f"{request.path}?state__exact={ApprovalState.PENDING}")
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        approval = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if approval is not None:
            user = cast(User, request.user)
            page = decision_page(approval)
            context["page"] = page
            context["why_not"] = why_not_decide(approval=approval, user=user)
            context["patches"] = [
                (patch, redact(patch.diff), why_not_accept(patch=patch, user=user))
                for patch in page.better_patches
            ]
            context["decision_form"] = DecisionForm()
            context["syntax_css"] = syntax_css()
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a decision and return to the page, which says what became of it."""
        back = HttpResponseRedirect(reverse("admin:approvals_approval_change", args=[pk]))
        form = DecisionForm(request.POST)
        if not form.is_valid():
            messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
            return back
        approval = get_object_or_404(self.get_queryset(request), pk=pk)
        try:
            said = self._decide(approval, cast(User, request.user), form)  # admin_view lets nobody else in
        except PlatformError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, said)
        return back

    def accept(self, request: HttpRequest, pk: int, patch_pk: int) -> HttpResponse:
        """Take the edited patch as the fix and return to the page."""
        patch = get_object_or_404(BetterPatch.objects.select_related("fix"), pk=patch_pk, decision__approval=pk)
        try:
            patch_accept(patch=patch, user=cast(User, request.user))  # admin_view lets nobody else in
        except PlatformError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "It is reviewed now; then another person is asked about exactly its bytes.")
        return HttpResponseRedirect(reverse("admin:approvals_approval_change", args=[pk]))

    def _decide(self, approval: Approval, user: User, form: DecisionForm) -> str:
        given = form.cleaned_data
        if form.is_approval:
            approval_approve(approval=approval, user=user, comment=given["comment"], may_merge=given["may_merge"])
            missing = approval.people_needed - approval.decisions.filter(decision=Decision.APPROVE).count()
            if missing > 0:
                return f"Your approval is recorded. It takes {missing} more, by somebody else."
            return "Your approval is recorded; the pull request opens now."
        better = better_answer(approval.fix, diff=given["better_diff"], edits=form.edits)
        approval_reject(
            approval=approval, user=user, reason=given["reason"], comment=given["comment"], better=better
        )
        tried = " Your patch goes to the sandbox; it counts once it has passed there." if better else ""
        return f"Your rejection is recorded.{tried}"


@admin.register(BetterPatch)
class BetterPatchAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("fix", "origin", "source", "trial", "verdict", "created_at")
    list_filter = ("state", "source")
    list_select_related = ("fix",)
    fields = (
        *("fix", "origin", "author", "source", "state", "verdict", "explanation", "problems", "warnings", "diff"),
        *("created_at", "tried_at", "accepted_by", "accepted_at", "accepted_as"),
    )

    @display(  # type: ignore[untyped-decorator]
        description="state", label={TrialState.PASSED: "success", TrialState.FAILED: "danger"}
    )
    def trial(self, patch: BetterPatch) -> tuple[str, str]:
        return patch.state, patch.get_state_display()


@admin.register(PreferencePair)
class PreferencePairAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("incident", "source", "reason", "decided_by", "author", "created_at")
    list_filter = ("source", "reason")
    list_select_related = ("incident", "decided_by")


@admin.register(Announcement)
class AnnouncementAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("approval", "kind", "number", "attempts", "sent_at", "error")
    list_filter = ("kind",)
    list_select_related = ("approval__incident",)


@admin.register(AlarmAnnouncement)
class AlarmAnnouncementAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("incident", "attempts", "sent_at", "error")
    list_select_related = ("incident",)


@admin.register(AccessToken)
class AccessTokenAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("name", "user", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    fields = ("name", "user", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may end tokens; Django asks this for the permission `revoke`."""
        return request.user.has_perm("approvals.change_accesstoken")

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[AccessToken, AccessToken]) -> None:
        for token in tokens.filter(revoked_at=None):
            acted(request, token, lambda row, _actor: _revoke(row))


def _revoke(token: AccessToken) -> None:
    AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
