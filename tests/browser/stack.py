"""The platform for a browser: real processes on a data directory of their own, with questions that wait.

`python -m tests.browser.stack` prints one line of JSON when it is ready and runs until its input ends.
"""

import json
import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from approvals.models import Approval, BetterPatch

PASSWORD = "a long enough pass phrase"


def main() -> None:
    sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    from config import embedded, env

    settings = env.load()
    embedded.use(settings)
    django.setup()
    from django.core.management import call_command

    from config.processes import running, web, worker
    from config.readiness import wait_until_ready

    call_command("migrate", verbosity=0)
    questions = seed()
    programs = [web(settings), worker("worker", ["intake", "default", "agents"], threads=2)]
    with running(programs, settings, {}) as processes:
        wait_until_ready([f"{settings.address}/healthz"], processes)
        sys.stdout.write(json.dumps({"address": settings.address, "questions": questions}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


def seed() -> dict[str, int]:
    """Make the people and one question for each story; return the questions' ids by name."""
    from django.utils import timezone

    from approvals.models import Approval
    from approvals.tests.stories import a_question, person
    from incidents.choices import MergePolicy, Severity
    from incidents.models import Incident, Service
    from integrations.localgit.configured import local_git_host
    from pipeline.tests.stories import orders_import

    for name, group in (("ada", "approver"), ("bo", "approver"), ("vi", "viewer")):
        user = person(name, group)
        user.set_password(PASSWORD)
        user.save()
    orders_import(local_git_host(), Path(tempfile.mkdtemp()) / "source")
    stories = {
        "approve": Severity.P1,
        "reject": Severity.P1,
        "critical": Severity.P0,
        "race": Severity.P1,
        "expired": Severity.P1,
        "shown": Severity.P0,
        "passed": Severity.P1,
    }
    questions = {}
    for age, (name, severity) in enumerate(stories.items()):
        approval = a_question(severity=severity)
        Incident.objects.filter(pk=approval.incident_id).update(title=f"orders-{name}-errors")
        asked_at = timezone.now() - timedelta(minutes=17 * (len(stories) - age))
        Approval.objects.filter(pk=approval.pk).update(requested_at=asked_at)
        questions[name] = approval.pk
    passed = reject_with_a_patch_that_passes(Approval.objects.get(pk=questions["passed"]))
    assert passed.state == "passed"
    Approval.objects.filter(pk=questions["expired"]).update(expires_at=timezone.now())
    for number, service in enumerate(Service.objects.order_by("pk")):
        service.name = f"orders-{number}" if number else "orders"
        service.merge_policy = MergePolicy.WHEN_GREEN
        service.save()
    return questions


def reject_with_a_patch_that_passes(approval: "Approval") -> "BetterPatch":
    """Let Bo have rejected a fix with a patch that the sandbox then passed."""
    from django.contrib.auth.models import User

    from approvals.choices import RejectionReason
    from approvals.edited_patch import Better
    from approvals.models import BetterPatch
    from approvals.services import approval_reject
    from approvals.tests.stories import judged
    from core.patch import Patch
    from incidents.choices import Stage
    from pipeline.facts import deployed_checkout
    from pipeline.tests.stories import FIXED_TOTAL, a_preparation, stage_done

    incident = approval.incident
    stage_done(incident, Stage.PREPARE, a_preparation(incident))
    patch = Patch({"src/total.js": FIXED_TOTAL.replace("?? []", "|| []")})
    approval_reject(
        approval=approval,
        user=User.objects.get(username="bo"),
        reason=RejectionReason.FIX_INCOMPLETE,
        comment="an empty text is no list either",
        better=Better(patch, patch.diff(deployed_checkout(incident).path)),
    )
    return judged(BetterPatch.objects.get(fix=approval.fix))


if __name__ == "__main__":
    main()
