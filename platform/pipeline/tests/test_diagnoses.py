import pytest
from django.conf import settings

from agents.diagnosis.handoff import Diagnosis
from agents.evidence import Commits, Logs, Owners, Similar
from agents.tests.stories import a_diagnosis, a_triage
from incidents.choices import Stage, Status
from incidents.models import Incident
from integrations.localgit.host import LocalGitHost
from pipeline.diagnoses import NotForAFix, diagnosis_run
from pipeline.tests.stories import an_incident, move, stage_done, status_of

pytestmark = pytest.mark.django_db


def diagnosed(diagnosis: Diagnosis) -> Incident:
    """Return an incident whose stages up to the diagnosis are done."""
    incident = an_incident()
    stage_done(incident, Stage.TRIAGE, a_triage())
    for stage, output in (
        (Stage.LOGS, Logs()),
        (Stage.COMMITS, Commits()),
        (Stage.SIMILAR, Similar()),
        (Stage.OWNERS, Owners()),
    ):
        stage_done(incident, stage, output)
    stage_done(incident, Stage.DIAGNOSIS, diagnosis)
    move(incident, Status.DIAGNOSING)
    return incident


def test_a_sure_diagnosis_goes_to_a_fix_with_what_a_change_there_reaches(host: LocalGitHost) -> None:
    incident = diagnosed(a_diagnosis())

    diagnosis_run(incident)

    assert status_of(incident) == Status.FIXING
    reason = incident.transitions.get(target=Status.FIXING).reason
    assert "Blast radius: src/total.js:1 total reached from 1 functions in 1 files" in reason


def test_an_unsure_diagnosis_goes_to_a_person_with_its_hypotheses_and_gaps(host: LocalGitHost) -> None:
    unsure = a_diagnosis().model_copy(update={"confidence": 0.6, "gaps": ["not seen: the order"]})

    with pytest.raises(NotForAFix, match=r"0\.60, below 0\.70.*The lines are missing \(confirmed\).*not seen: the"):
        diagnosis_run(diagnosed(unsure))


def test_a_fault_that_too_much_relies_on_goes_to_a_person(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = settings.ENV.model_copy(update={"pipeline_max_blast_radius": 1})
    (host.checkout("demo/orders", host.resolve("demo/orders", "main")))
    monkeypatch.setattr(settings, "ENV", limited)

    diagnosis_run(diagnosed(a_diagnosis()))  # one caller is within the limit of one

    none = settings.ENV.model_copy(update={"pipeline_max_blast_radius": 0})
    monkeypatch.setattr(settings, "ENV", none)
    diagnosis_run(diagnosed(a_diagnosis()))
