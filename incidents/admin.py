"""Incidents, events and services in the console: services are edited, everything else only shown and acted on."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin, TabularInline

from core.errors import PlatformError
from incidents.acts import act, acts_offered
from incidents.admission import pause_end, pause_start
from incidents.alarm_proposals import alarm_decide
from incidents.choices import AlarmProposalState, Classification
from incidents.console import ShownOnly, acted
from incidents.models import (
    AlarmProposal,
    Event,
    GoldenCase,
    Incident,
    Pause,
    PullRequest,
    Service,
    StageRun,
    Transition,
)
from incidents.relabelling import incident_relabel
from incidents.services import event_route, incident_close, incident_resume


class TransitionInline(ShownOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = Transition
    extra = 0
    fields = ("at", "source", "target", "actor", "reason")


class StageRunInline(ShownOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = StageRun
    extra = 0
    fields = ("stage", "attempt", "status", "started_at", "finished_at", "exit_reason", "error", "cost_usd")


class AlarmProposalInline(ShownOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = AlarmProposal
    extra = 0
    # Definition and dry run are long: each proposal has a page of its own.
    fields = ("name", "state", "decided_by", "decided_at")
    show_change_link = True


@admin.register(Service)
class ServiceAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("name", "repository", "mode", "approval_threshold", "merge_policy", "alarm_policy")
    search_fields = ("name", "repository")


@admin.register(Incident)
class IncidentAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("id", "title", "service", "status", "severity", "occurrences", "last_seen_at")
    list_display_links = ("id", "title")
    list_filter = ("status", "severity", "service")
    list_select_related = ("service",)
    search_fields = ("title",)
    exclude = ("embedding",)
    inlines = (AlarmProposalInline, TransitionInline, StageRunInline)
    actions = ("label_real", "label_noise", "resume", "close")
    change_form_outer_before_template = "incidents/acts.html"

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may move incidents; Django asks this for each action's permission `act`."""
        return request.user.has_perm("incidents.change_incident")

    def get_urls(self) -> list[URLPattern]:
        one = path(
            "<int:pk>/act/",
            self.admin_site.admin_view(require_POST(self.act_on_one)),
            name="incidents_incident_act",
        )
        return [one, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = dict(extra_context or {})
        incident = self.get_object(request, object_id)
        if incident is not None and self.has_act_permission(request):
            context["acts"] = acts_offered(incident)
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def act_on_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Do what a person chose on the incident's page and return to it."""
        if not self.has_act_permission(request):
            raise PermissionDenied
        name = request.POST.get("act", "")
        try:
            said = act(
                incident=get_object_or_404(Incident, pk=pk),
                user=cast(User, request.user),  # admin_view lets nobody else in
                name=name,
                value=request.POST.get(f"value:{name}", ""),
                reason=request.POST.get("reason", ""),
            )
        except PlatformError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"Incident #{pk}: {said}")
        return HttpResponseRedirect(reverse("admin:incidents_incident_change", args=[pk]))

    @admin.action(description="It is real", permissions=["act"])
    def label_real(self, request: HttpRequest, incidents: QuerySet[Incident, Incident]) -> None:
        self._label(request, incidents, Classification.REAL)

    @admin.action(description="It is noise", permissions=["act"])
    def label_noise(self, request: HttpRequest, incidents: QuerySet[Incident, Incident]) -> None:
        self._label(request, incidents, Classification.NOISE)

    def _label(self, request: HttpRequest, incidents: QuerySet[Incident, Incident], said: Classification) -> None:
        user = cast(User, request.user)
        for incident in incidents:
            acted(
                request,
                incident,
                lambda row, _actor: incident_relabel(incident=row, user=user, classification=said),
            )

    @admin.action(description="Resume where a person was needed", permissions=["act"])
    def resume(self, request: HttpRequest, incidents: QuerySet[Incident, Incident]) -> None:
        for incident in incidents:
            acted(request, incident, lambda row, actor: incident_resume(incident=row, actor=actor))

    @admin.action(description="Close without a fix", permissions=["act"])
    def close(self, request: HttpRequest, incidents: QuerySet[Incident, Incident]) -> None:
        for incident in incidents:
            acted(request, incident, lambda row, actor: incident_close(incident=row, actor=actor))


@admin.register(Event)
class EventAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("id", "alarm_name", "alarm_state", "disposition", "service", "incident", "received_at")
    list_filter = ("disposition", "service")
    list_select_related = ("service", "incident")
    search_fields = ("alarm_name", "message_id")
    actions = ("route",)

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may route events; Django asks this for each action's permission `act`."""
        return request.user.has_perm("incidents.change_event")

    @admin.action(description="Route again (after a service's patterns were changed)", permissions=["act"])
    def route(self, request: HttpRequest, events: QuerySet[Event, Event]) -> None:
        for event in events:
            acted(request, event, lambda row, actor: event_route(event=row, actor=actor))


@admin.register(PullRequest)
class PullRequestAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("repository", "number", "incident", "state", "opened_at")
    list_filter = ("state", "repository")
    list_select_related = ("incident",)


@admin.register(AlarmProposal)
class AlarmProposalAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("name", "incident", "state", "asked_at", "decided_by", "decided_at")
    list_filter = ("state",)
    list_select_related = ("incident",)
    actions = ("create", "decline")

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may decide; Django asks this for each action's permission `act`."""
        return request.user.has_perm("incidents.change_incident")

    @admin.action(description="Create in CloudWatch", permissions=["act"])
    def create(self, request: HttpRequest, proposals: QuerySet[AlarmProposal, AlarmProposal]) -> None:
        self._decide(request, proposals, AlarmProposalState.APPROVED)

    @admin.action(description="Decline", permissions=["act"])
    def decline(self, request: HttpRequest, proposals: QuerySet[AlarmProposal, AlarmProposal]) -> None:
        self._decide(request, proposals, AlarmProposalState.DECLINED)

    def _decide(
        self, request: HttpRequest, proposals: QuerySet[AlarmProposal, AlarmProposal], state: AlarmProposalState
    ) -> None:
        for proposal in proposals:
            acted(
                request,
                proposal,
                lambda row, actor: alarm_decide(
                    incident=row.incident, proposal_id=row.pk, state=state, actor=actor
                ),
            )


@admin.register(Pause)
class PauseAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The switch for everything: adding a row pauses the pipeline, its action lets it go on."""

    list_display = ("reason", "started_by", "started_at", "ended_by", "ended_at")
    fields = ("reason", "started_by", "started_at", "ended_by", "ended_at")
    readonly_fields = ("started_by", "started_at", "ended_by", "ended_at")
    actions = ("end",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("incidents.add_pause")

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may end a pause; Django asks this for each action's permission `act`."""
        return self.has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: Pause, form: Any, change: bool) -> None:
        # The service writes the row; the admin goes on with the one that is in force.
        obj.pk = pause_start(reason=obj.reason, actor=f"user:{request.user.get_username()}").pk
        obj.refresh_from_db()

    @admin.action(description="End the pause: let everything go on", permissions=["act"])
    def end(self, request: HttpRequest, pauses: QuerySet[Pause, Pause]) -> None:
        ended = pause_end(actor=f"user:{request.user.get_username()}")
        messages.success(request, f"Ended: {ended}." if ended else "The pipeline was not paused.")


@admin.register(GoldenCase)
class GoldenCaseAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("incident", "was_classification", "classification", "severity", "labelled_by", "state")
    list_filter = ("state", "classification")
    list_select_related = ("incident", "labelled_by")
