"""Incidents, events and services in the console: services are edited, everything else only shown and acted on."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from incidents.admission import pause_end, pause_start
from incidents.choices import Status
from incidents.console import ShownOnly, acted
from incidents.lifecycle import incident_move
from incidents.models import AlarmProposal, Event, Incident, Pause, PullRequest, Service, StageRun, Transition
from incidents.services import event_route, incident_resume


class TransitionInline(ShownOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = Transition
    extra = 0
    fields = ("at", "source", "target", "actor", "reason")


class StageRunInline(ShownOnly, TabularInline):  # type: ignore[misc]  # unfold has no types
    model = StageRun
    extra = 0
    fields = ("stage", "attempt", "status", "started_at", "finished_at", "exit_reason", "error", "cost_usd")


@admin.register(Service)
class ServiceAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("name", "repository", "mode", "approval_threshold", "merge_policy")
    search_fields = ("name", "repository")


@admin.register(Incident)
class IncidentAdmin(ShownOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    list_display = ("id", "title", "service", "status", "severity", "occurrences", "last_seen_at")
    list_display_links = ("id", "title")
    list_filter = ("status", "severity", "service")
    list_select_related = ("service",)
    search_fields = ("title",)
    exclude = ("embedding",)
    inlines = (TransitionInline, StageRunInline)
    actions = ("resume", "close")

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may move incidents; Django asks this for each action's permission `act`."""
        return request.user.has_perm("incidents.change_incident")

    @admin.action(description="Resume where a person was needed", permissions=["act"])
    def resume(self, request: HttpRequest, incidents: QuerySet[Incident, Incident]) -> None:
        for incident in incidents:
            acted(request, incident, lambda row, actor: incident_resume(incident=row, actor=actor))

    @admin.action(description="Close without a fix", permissions=["act"])
    def close(self, request: HttpRequest, incidents: QuerySet[Incident, Incident]) -> None:
        for incident in incidents:
            acted(
                request,
                incident,
                lambda row, actor: incident_move(
                    incident=row, target=Status.CLOSED, actor=actor, reason="closed in the console"
                ),
            )


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
    list_display = ("name", "incident", "state", "created_at")
    list_filter = ("state",)
    list_select_related = ("incident",)


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
