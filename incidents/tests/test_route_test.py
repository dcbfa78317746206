"""Where a pasted payload would go: the same as where intake then puts it, and nothing is stored by asking."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from incidents.admission import incident_admit, pause_start
from incidents.choices import Disposition, Status
from incidents.intake import drain, event_store
from incidents.models import Event, Incident, Service
from incidents.tests.factories import EventFactory, IncidentFactory, ServiceFactory
from incidents.tests.viewers import viewer
from integrations.sns.message import parse_message

pytestmark = pytest.mark.django_db

TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
AT = datetime(2026, 11, 24, 4, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "platform/integrations/cloudwatch/tests/samples"


@pytest.fixture(autouse=True)
def _topic(settings: Settings) -> None:
    settings.SNS_TOPIC_ARNS = frozenset({TOPIC})


@pytest.fixture
def orders() -> Service:
    service: Service = ServiceFactory.create(name="orders", alarm_patterns=["orders-*"])
    return service


@pytest.fixture
def client() -> APIClient:
    client = APIClient()
    client.force_login(viewer())
    return client


def alarm(state: str = "ALARM", *, at: datetime = AT, **change: Any) -> str:
    document = {
        "AlarmName": "orders-errors",
        "AWSAccountId": "123456789012",
        "NewStateValue": state,
        "StateChangeTime": at.isoformat(),
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:orders-errors",
    }
    return json.dumps({**document, **change})


def envelope(message: str, **change: Any) -> str:
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "11111111-1111-4111-8111-111111111111",
            "TopicArn": TOPIC,
            "Message": message,
            "Timestamp": "2026-11-24T04:00:01.000Z",
            "SignatureVersion": "1",
            "Signature": "c2lnbmF0dXJl",
            "SigningCertURL": "https://sns.us-east-1.amazonaws.com/a.pem",
            **change,
        }
    )


def ask(client: APIClient, payload: str) -> dict[str, Any]:
    answer = client.post("/api/route-test/", {"payload": payload}, format="json")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def deliver(payload: str) -> Event:
    """Store and drain the payload as a verified delivery is."""
    assert event_store(message=parse_message(payload.encode()), raw=payload) is not None
    drain()
    return Event.objects.latest("pk")


def live_incident(client: APIClient, *, last_seen_at: datetime = AT, status: Status = Status.OPEN) -> Incident:
    """Return an open incident of the alarm, as intake would have made it."""
    incident = deliver(envelope(alarm(at=last_seen_at))).incident
    assert incident is not None
    Incident.objects.filter(pk=incident.pk).update(status=status)
    return incident


LATER = AT + timedelta(minutes=5)
STORIES = {
    "a first alarm": ([], alarm()),
    "a second alarm": ([alarm()], alarm(at=LATER)),
    "an alarm that is back to OK": ([alarm()], alarm("OK", at=LATER)),
    "an OK that is older than the alarm": ([alarm()], alarm("OK", at=AT - timedelta(minutes=5))),
    "an OK of nothing": ([], alarm("OK")),
    "an alarm that has ended already": ([alarm("OK", at=LATER)], alarm()),
    "too little data": ([alarm()], alarm("INSUFFICIENT_DATA", at=LATER)),
    "an alarm of nobody": ([], alarm(AlarmName="stock-low", AlarmArn="")),
    "a message that is no alarm": ([], "the disk is full"),
}


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("story", STORIES)
def test_the_answer_is_what_intake_then_writes(client: APIClient, story: str) -> None:
    before, payload = STORIES[story]
    for number, earlier in enumerate(before):
        deliver(envelope(earlier, MessageId=f"earlier-{number}"))
    told = ask(client, envelope(payload))

    event = deliver(envelope(payload))

    is_new = event.disposition == Disposition.OPENED
    assert told["disposition"] == event.disposition
    assert told["reason"] == event.disposition_reason
    assert (told["service"] or {}).get("name") == (event.service.name if event.service else None)
    assert (told["incident"] or {}).get("id") == (None if is_new else event.incident_id)
    assert told["resolves"] == (event.incident is not None and event.incident.status == Status.RESOLVED)


@pytest.mark.usefixtures("orders")
def test_asking_writes_nothing(client: APIClient) -> None:
    with CaptureQueriesContext(connection) as captured:
        ask(client, envelope(alarm()))

    assert not Event.objects.exists()
    assert not Incident.objects.exists()
    assert [query["sql"] for query in captured if not query["sql"].startswith("SELECT")] == []


@pytest.mark.usefixtures("orders")
def test_a_bare_alarm_goes_where_its_message_would(client: APIClient) -> None:
    incident = live_incident(client)

    told = ask(client, alarm(at=LATER))

    assert told["incident"] == {"id": incident.pk, "title": "orders-errors", "status": "open"}
    assert told["disposition"] == "attached"
    assert told["remarks"] == []


@pytest.mark.usefixtures("orders")
def test_an_alarm_from_before_alarms_had_arns_says_which_topic_was_taken(client: APIClient) -> None:
    [remark] = ask(client, alarm(AlarmArn=None))["remarks"]

    assert TOPIC in remark


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.alarm.json")), ids=lambda path: path.name)
def test_every_alarm_that_aws_has_sent_can_be_asked_about(client: APIClient, sample: Path) -> None:
    ServiceFactory.create(name="everything", alarm_patterns=["*"])

    told = ask(client, sample.read_text())

    assert told["service"]["name"] == "everything"
    assert told["alarm"]["state"] in sample.read_text()


@pytest.mark.usefixtures("orders")
def test_an_ok_ends_nothing_for_which_a_fix_is_on_its_way(client: APIClient) -> None:
    live_incident(client, status=Status.FIXING)

    told = ask(client, alarm("OK", at=LATER))

    assert told["resolves"] is False
    assert told["reason"].endswith("which stays fixing")


@pytest.mark.usefixtures("orders")
def test_what_was_delivered_before_is_said_to_change_nothing(client: APIClient) -> None:
    event = deliver(envelope(alarm()))

    assert ask(client, envelope(alarm()))["known_event"] == event.pk
    # Under another MessageId it is the same state change still.
    assert ask(client, envelope(alarm(), MessageId="another"))["known_event"] == event.pk
    assert ask(client, envelope(alarm(at=LATER), MessageId="another"))["known_event"] is None


def test_a_pause_and_a_full_hour_are_named(client: APIClient, orders: Service) -> None:
    orders.incidents_per_hour = 1
    orders.save()
    incident_admit(incident=IncidentFactory.create(service=orders), actor="system:test")
    pause_start(reason="deploy freeze", actor="user:ada")

    told = ask(client, alarm(at=timezone.now()))

    assert told["disposition"] == "opened"
    assert told["pause"]["reason"] == "deploy freeze"
    assert "1 incidents of orders entered the pipeline within the last hour" in told["hold"]


@pytest.mark.usefixtures("orders")
def test_a_topic_that_may_not_deliver_is_named(client: APIClient) -> None:
    told = ask(client, envelope(alarm(), TopicArn="arn:aws:sns:us-east-1:999999999999:theirs"))

    assert "may not deliver here" in told["remarks"][0]
    assert told["service"]["name"] == "orders"


@pytest.mark.parametrize(
    ("kind", "disposition"),
    [("SubscriptionConfirmation", "confirmed"), ("UnsubscribeConfirmation", "unsubscribed")],
)
def test_the_beginning_and_end_of_a_subscription_are_told_and_not_done(
    client: APIClient, kind: str, disposition: str
) -> None:
    payload = envelope("hello", Type=kind, Token="2336412f37", SubscribeURL="https://sns.us-east-1.amazonaws.com/")

    assert ask(client, payload)["disposition"] == disposition
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ("", "blank"),
        ("ALARM: orders-errors", "This is not JSON"),
        ('{"AlarmName": ', "This is not JSON"),
        ("[]", "not an object"),
        ("{}", "neither the Type of an SNS message nor the AlarmName"),
        ('{"AlarmName": "a"}', "StateChangeTime"),
        (alarm("BROKEN"), "NewStateValue"),
        (
            alarm(StateChangeTime="9999-12-31T23:00:00.000+0000"),
            "StateChangeTime with its offset, from 2000 to 2200",
        ),
        (alarm(AlarmName="a" * 256), "no alarm as CloudWatch publishes it"),
        (envelope(alarm(), Signature=None), "Signature is not a string"),
        (envelope(alarm(), TopicArn="alarms"), "no ARN of a topic"),
        (envelope(alarm(), Type="Gossip"), "Type is 'Gossip'"),
        ("[" * 100_000, "This is not JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_is_wrong(client: APIClient, payload: str, why: str) -> None:
    answer = client.post("/api/route-test/", {"payload": payload}, format="json")

    assert answer.status_code == 400
    assert why in answer.json()["payload"][0]


@pytest.mark.parametrize("size", [513 * 1024, 3 * 1024 * 1024])
def test_what_no_topic_could_deliver_is_too_large(client: APIClient, size: int) -> None:
    answer = client.post("/api/route-test/", {"payload": "x" * size}, format="json")

    assert answer.status_code == 413
    assert "512 KiB" in answer.json()["detail"]


def test_secrets_in_a_payload_do_not_come_back(client: APIClient) -> None:
    ServiceFactory.create(alarm_patterns=["*"])

    told = ask(client, alarm(AlarmName="orders AKIAIOSFODNN7EXAMPLE"))

    assert "AKIAIOSFODNN7EXAMPLE" not in json.dumps(told)


def test_who_may_not_read_services_and_incidents_may_not_ask(client: APIClient) -> None:
    stranger = APIClient()
    stranger.force_login(User.objects.create_user("eve"))

    assert stranger.post("/api/route-test/", {"payload": alarm()}, format="json").status_code == 403
    assert APIClient().post("/api/route-test/", {"payload": alarm()}, format="json").status_code == 401
    assert client.get("/api/route-test/").status_code == 405


def test_fifty_events_cost_as_many_queries_as_one(client: APIClient, orders: Service) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            ask(client, alarm(at=LATER))
        return len(captured)

    before = queries()
    for _ in range(50):
        EventFactory.create(service=orders, disposition=Disposition.UNROUTED)

    assert queries() == before
