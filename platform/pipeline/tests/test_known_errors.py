"""Before a model is asked: an error in work is merged, and one that people rejected needs new evidence."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from agents.evidence import LogEvent, Logs
from incidents.choices import PullRequestState, Status
from incidents.models import Incident, PullRequest, Service
from incidents.services import incident_resume, pull_request_closed
from incidents.tests.factories import PullRequestFactory
from integrations.localgit.host import LocalGitHost
from pipeline.known_errors import RejectedBefore, known_error_settle
from pipeline.tests.stories import a_tried_fix, an_incident, move, status_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("host")]

STACK = "TypeError: lines is undefined\n    at total (/app/src/total.js:{line}:3)"


def logs(line: int = 3) -> Logs:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    message = STACK.format(line=line)
    return Logs(events=[LogEvent(id="1", at=at, log_group="/ecs/orders", log_stream="web/1", message=message)])


def diagnosing(service: Service | None = None) -> Incident:
    return an_incident(service=service, status=Status.DIAGNOSING)


@pytest.fixture
def rejected() -> PullRequest:
    """Return a pull request for the error of `logs` that a person closed unmerged."""
    incident = diagnosing()
    known_error_settle(incident, logs())
    opened: PullRequest = PullRequestFactory.create(incident=incident, fix=a_tried_fix(incident))
    move(incident, Status.PR_OPEN)
    pull_request_closed(pull_request=opened, actor="system:merge_webhook", reason="ada closed it: wrong cause.")
    opened.refresh_from_db()
    return opened


def test_an_error_that_is_new_goes_on_to_its_diagnosis() -> None:
    incident = diagnosing()

    assert not known_error_settle(incident, logs())
    assert Incident.objects.get(pk=incident.pk).error_fingerprint_parts["type"] == "TypeError"


def test_logs_without_an_error_say_nothing() -> None:
    first, second = diagnosing(), diagnosing()

    assert not known_error_settle(first, Logs(missing="no log group"))
    assert not known_error_settle(second, Logs())
    assert Incident.objects.get(pk=first.pk).error_fingerprint == ""


def test_an_error_with_an_open_pull_request_is_attached_to_it() -> None:
    first = diagnosing()
    known_error_settle(first, logs())
    PullRequestFactory.create(incident=first, fix=a_tried_fix(first))
    move(first, Status.PR_OPEN)
    second = diagnosing(first.service)

    assert known_error_settle(second, logs(line=99))
    assert status_of(second) == Status.DUPLICATE
    assert Incident.objects.get(pk=second.pk).duplicate_of == first


def test_an_error_whose_pull_request_people_closed_waits_for_a_person(rejected: PullRequest) -> None:
    again = diagnosing(rejected.incident.service)

    with pytest.raises(RejectedBefore, match="was closed unmerged: ada closed it: wrong cause") as stop:
        known_error_settle(again, logs())

    assert "resume to have another fix tried" in str(stop.value)


def test_it_is_tried_again_when_a_person_resumes(rejected: PullRequest) -> None:
    again = diagnosing(rejected.incident.service)
    move(again, Status.NEEDS_HUMAN)
    incident_resume(incident=again, actor="user:ada")
    move(again, Status.DIAGNOSING)

    assert not known_error_settle(again, logs())


def test_it_is_tried_again_when_one_of_its_files_has_changed(rejected: PullRequest, host: LocalGitHost) -> None:
    again = diagnosing(rejected.incident.service)
    opened = host.open_pull_request(
        repository=again.service.repository,
        base_branch="main",
        base_commit=rejected.fix.base_commit,
        branch="by-hand",
        title="Another total",
        body="",
        files={"src/total.js": "module.exports = { total: () => 0 };\n"},
    )
    host.merge_pull_request(again.service.repository, opened.number, head_commit=opened.head_commit)

    assert not known_error_settle(again, logs())


def test_only_the_newest_pull_request_for_the_error_counts(rejected: PullRequest) -> None:
    later = diagnosing(rejected.incident.service)
    later.error_fingerprint = rejected.incident.error_fingerprint
    later.save()
    PullRequestFactory.create(
        incident=later, fix=a_tried_fix(later), state=PullRequestState.MERGED, opened_at=timezone.now()
    )
    move(later, Status.RESOLVED)
    again = diagnosing(rejected.incident.service)

    assert not known_error_settle(again, logs())
