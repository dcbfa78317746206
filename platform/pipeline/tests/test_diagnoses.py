import pytest
from django.conf import settings

from agents.diagnosis.handoff import Diagnosis
from agents.evidence import Commits, Logs, Owners, Similar
from agents.grounding.blast_radius import BlastRadius, Reached
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

    with pytest.raises(NotForAFix, match=r"0\.60, below 0\.70.*The lines are missing \(confirmed\).*not seen"):
        diagnosis_run(diagnosed(unsure))


@pytest.mark.parametrize(("most", "stops"), [(2, True), (3, False), (0, False)])
def test_a_fault_that_too_much_relies_on_goes_to_a_person(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch, most: int, stops: bool
) -> None:
    callers = [
        Reached(path="src/a.js", line=1, name=f"caller{number}", depth=1, is_certain=True) for number in range(3)
    ]
    wide = BlastRadius(changed=["src/total.js:1 total"], callers=callers, contracts=["POST /orders"])
    monkeypatch.setattr("pipeline.diagnoses.radius_of_lines", lambda *_place, index: wide)
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update={"pipeline_max_blast_radius": most}))
    incident = diagnosed(a_diagnosis())

    if stops:
        with pytest.raises(NotForAFix, match=r"PIPELINE_MAX_BLAST_RADIUS=2 .*3 functions.*POST /orders"):
            diagnosis_run(incident)
    else:
        diagnosis_run(incident)
    assert status_of(incident) == (Status.DIAGNOSING if stops else Status.FIXING)
