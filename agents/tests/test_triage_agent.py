import pytest

from agents.runtime.contract import InvalidOutput
from agents.tests.scripted import session_of, submission
from agents.tests.stories import ALARM, AT, LOGS, a_triage
from agents.triage.agent import triage
from agents.triage.context import LiveIncident, TriageContext

LIVE = LiveIncident(
    id=3, title="Totals crash", status="fixing", severity="P2", alarm_name="orders-service-5xx", first_seen_at=AT
)
ITSELF = LIVE.model_copy(update={"id": ALARM.incident_id})
CONTEXT = TriageContext(alarm=ALARM, live_incidents=[LIVE, ITSELF], recent_logs=LOGS)

DUPLICATE = a_triage(classification="duplicate", duplicate_of=3, rule="duplicate:same-fault")


def test_a_classification_is_handed_on_as_it_was_submitted() -> None:
    session, model = session_of(submission("triage", a_triage()))

    output = triage(CONTEXT, session, is_live=lambda incident_id: True)

    assert output == a_triage()
    assert "orders-service-errors" in model.heard(0)
    assert "event-1" in model.heard(0)
    assert "id 3: Totals crash" in model.heard(0)


def test_a_duplicate_of_a_live_incident_is_accepted() -> None:
    session, _ = session_of(submission("triage", DUPLICATE))

    assert triage(CONTEXT, session, is_live=lambda incident_id: incident_id == 3).duplicate_of == 3


def test_a_duplicate_of_an_ended_incident_goes_back_to_the_model() -> None:
    session, model = session_of(submission("triage", DUPLICATE), submission("triage", a_triage()))

    output = triage(CONTEXT, session, is_live=lambda incident_id: False)

    assert output.classification == "real"
    assert "incident 3 has ended" in model.heard(1)


@pytest.mark.parametrize("incident_id", [99, ALARM.incident_id])
def test_a_duplicate_of_an_incident_that_was_not_offered_goes_back_to_the_model(incident_id: int) -> None:
    made_up = DUPLICATE.model_copy(update={"duplicate_of": incident_id})
    session, model = session_of(submission("triage", made_up), submission("triage", a_triage()))

    triage(CONTEXT, session, is_live=lambda incident_id: True)

    assert f"duplicate_of {incident_id} is not in the list" in model.heard(1)


def test_a_model_that_insists_ends_the_run_by_name() -> None:
    session, _ = session_of(*[submission("triage", DUPLICATE)] * 3)

    with pytest.raises(InvalidOutput):
        triage(CONTEXT, session, is_live=lambda incident_id: False)
