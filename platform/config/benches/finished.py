"""A long past: copies of an incident that really ran, with all of its rows, spread over the months before it."""

from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Model

from incidents.choices import Status
from incidents.models import AgentStep, Event, Fix, Incident, PullRequest, StageRun, Transition

# 10,000 of them reach three months back.
_EARLIER = "interval '2 days' + made.n * interval '13 minutes'"
# What must differ between copies, by column. No two vectors are alike, because no two incidents tell the same.
_INCIDENT = {
    "id": "made.id",
    "fingerprint": "md5(made.n::text || clock_timestamp()::text)",
    "embedding": "(SELECT array_agg(random() - 0.5)::vector"
    " FROM generate_series(1, vector_dims(source.embedding)) AS g WHERE g < made.n + g)",
}
_EVENT = {
    "message_id": "md5(made.id::text || source.id::text)",
    "alarm_arn": "source.alarm_arn || made.id",
    "alarm_name": "source.alarm_name || made.id",
}
_PULL_REQUEST = {
    "number": "made.id + 1000000",
    "fix_id": "(SELECT f.id FROM incidents_fix f WHERE f.incident_id = made.id LIMIT 1)",
}
_STEP = {
    "stage_run_id": "(SELECT r.id FROM incidents_stagerun r"
    " JOIN incidents_stagerun o USING (stage, attempt, candidate)"
    " WHERE r.incident_id = made.id AND o.id = source.stage_run_id)"
}
_OF_INCIDENT = "source.incident_id = %s"
_OF_STAGE_RUNS = "source.stage_run_id IN (SELECT id FROM incidents_stagerun WHERE incident_id = %s)"


def incidents_copy(*, count: int) -> None:
    """Add `count` copies of the newest resolved incident, and do what the database would do about that later."""
    original = Incident.objects.filter(status=Status.RESOLVED).exclude(pull_request=None).latest("pk").pk
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE made (n int, id bigint) ON COMMIT DROP")
        cursor.execute(
            "INSERT INTO made SELECT n, nextval(pg_get_serial_sequence('incidents_incident', 'id'))"
            " FROM generate_series(1, %s) AS n",
            [count],
        )
        _copy(Incident, _INCIDENT, where="source.id = %s", original=original)
        of_incident = {"incident_id": "made.id"}
        for model, different in ((Event, _EVENT), (Transition, {}), (StageRun, {}), (Fix, {})):
            _copy(model, {**of_incident, **different}, where=_OF_INCIDENT, original=original)
        _copy(PullRequest, {**of_incident, **_PULL_REQUEST}, where=_OF_INCIDENT, original=original)
        _copy(AgentStep, _STEP, where=_OF_STAGE_RUNS, original=original)
    with connection.cursor() as cursor:
        # Months of incidents did not come within seconds: to clean up after them is no part of what one costs.
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _copy(model: type[Model], different: Mapping[str, str], *, where: str, original: int) -> None:
    """Insert a copy of each row of the original for each row of `made`; every time lies earlier."""
    values: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if field.get_internal_type() == "DateTimeField":
            values[column] = f"source.{column} - ({_EARLIER})"
        elif not field.primary_key:
            values[column] = f"source.{column}"
    values.update(different)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())}"  # noqa: S608  # our words
            f" FROM {table} AS source CROSS JOIN made WHERE {where}",
            [original],
        )
