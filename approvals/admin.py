"""The console of decisions: a queue of what waits, and one page from which a person can decide."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin, TabularInline

from approvals.choices import ApprovalState
from approvals.forms import DecisionForm
from approvals.models import Approval, ApprovalDecision, PreferencePair
from approvals.page import decision_page
from approvals.services import PERMISSION, approval_approve, approval_reject
from core.errors import PlatformError
from incidents.console import ShownOnly


class DecisionInline(ShownOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = ApprovalDecision
    extra = 0
    fields = ("decision", "user", "reason", "comment", "at")


@admin.register(Approval)
class ApprovalAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The queue, oldest first, and the page of one approval."""

    list_display = ("risk", "incident", "service", "state", "requested_at", "expires_at")
    list_display_links = ("risk", "incident")
    list_filter = ("state", "risk")
    list_select_related = ("incident__service",)
    ordering = ("requested_at",)
    fields = ("incident", "risk", "state", "requested_at", "expires_at", "diff_sha256")
    inlines = (DecisionInline,)
    change_form_outer_before_template = "approvals/evidence.html"
    change_form_outer_after_template = "approvals/decision.html"

    @admin.display(ordering="incident__service__name")
    def service(self, approval: Approval) -> str:
        return approval.incident.service.name

    def get_urls(self) -> list[URLPattern]:
        decide = path(
            "<int:pk>/decide/", self.admin_site.admin_view(self.decide), name="approvals_approval_decide"
        )
        return [decide, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval, Approval]:
        approvals: QuerySet[Approval, Approval] = super().get_queryset(request)
        return approvals.select_related("incident__service", "fix")

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
            context["page"] = decision_page(approval)
            context["may_decide"] = approval.state == ApprovalState.PENDING and request.user.has_perm(PERMISSION)
            context["decision_form"] = DecisionForm()
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a decision (POST) and return to the page, which says what became of it."""
        back = HttpResponseRedirect(reverse("admin:approvals_approval_change", args=[pk]))
        form = DecisionForm(request.POST or None)
        if not form.is_valid():
            messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
            return back
        approval = self.get_queryset(request).get(pk=pk)
        try:
            self._decide(approval, request, form)
        except PlatformError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Your decision is recorded.")
        return back

    def _decide(self, approval: Approval, request: HttpRequest, form: DecisionForm) -> None:
        given = form.cleaned_data
        user = cast(User, request.user)  # admin_view lets nobody else in
        if form.is_approval:
            approval_approve(approval=approval, user=user, comment=given["comment"])
        else:
            approval_reject(
                approval=approval,
                user=user,
                reason=given["reason"],
                comment=given["comment"],
                better_diff=given["better_diff"],
            )


@admin.register(PreferencePair)
class PreferencePairAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("incident", "source", "reason", "decided_by", "created_at")
    list_filter = ("source", "reason")
    list_select_related = ("incident", "decided_by")
