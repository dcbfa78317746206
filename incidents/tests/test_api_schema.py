"""Whatever is asked of the API, it answers as its schema says and never with a fault of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from rest_framework.authtoken.models import Token
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from incidents.tests.factories import EventFactory, FixFactory, IncidentFactory, PullRequestFactory
from incidents.tests.viewers import viewer

pytestmark = pytest.mark.django_db

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 20

schema = schemathesis.openapi.from_dict(
    SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]  # drf-spectacular types it in part
)
schema.app = get_wsgi_application()
OPERATIONS = {found.ok().label: found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)}
LISTS = ("incidents", "events", "services", "summary", "me", "overview", "work", "evals/runs", "evals/compare")
WRITES = ("POST /api/pause/", "DELETE /api/pause/", "PATCH /api/services/{id}/", "POST /api/route-test/")


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """Keep the requests in the test's own transaction: a server closes old connections around each of them."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_the_schema_has_every_list() -> None:
    assert {f"GET /api/{name}/" for name in LISTS} | set(WRITES) <= set(OPERATIONS)


@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_every_answer_is_one_that_the_schema_names(label: str) -> None:
    opened = PullRequestFactory.create()
    FixFactory.create(incident=IncidentFactory.create(service=opened.incident.service))
    EventFactory.create(incident=opened.incident, service=opened.incident.service)
    # Whoever may not write would be asked nothing further.
    user = User.objects.create_superuser("grace") if label in WRITES else viewer()
    headers = {"Authorization": f"Token {Token.objects.create(user=user).key}"}

    @given(case=OPERATIONS[label].as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: "schemathesis.Case[Any]") -> None:
        if label in WRITES and case.path_parameters:
            case.path_parameters["id"] = opened.incident.service_id
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()
