"""What the lists can be narrowed down to."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from incidents.choices import ENDED, Disposition, Severity, Status
from incidents.models import Event, Incident


class IncidentFilter(filters.FilterSet):
    """`status` and `severity` may be given several times; `service` is a name."""

    status = filters.MultipleChoiceFilter(choices=Status.choices)
    severity = filters.MultipleChoiceFilter(choices=Severity.choices)
    service = filters.CharFilter(field_name="service__name")
    is_open = filters.BooleanFilter(method="by_open", label="true: not ended; false: ended")
    open = filters.BooleanFilter(method="by_open", label="a short name of is_open")

    class Meta:
        model = Incident
        fields: list[str] = []

    def by_open(
        self, incidents: QuerySet[Incident, Incident], _name: str, value: bool
    ) -> QuerySet[Incident, Incident]:
        return incidents.exclude(status__in=ENDED) if value else incidents.filter(status__in=ENDED)


class EventFilter(filters.FilterSet):
    disposition = filters.MultipleChoiceFilter(choices=Disposition.choices)
    service = filters.CharFilter(field_name="service__name")
    incident = filters.NumberFilter(field_name="incident_id")

    class Meta:
        model = Event
        fields: list[str] = []
