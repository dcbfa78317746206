"""What preparing the sandbox beside the agents saves: one alarm played twice, with it beside and after them."""

import io
import secrets
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import yaml
from django.conf import settings
from django.db import connection
from django.utils import timezone
from rich.console import Console

from config import celery_app
from config.demo.scenario import MODEL_SCRIPT
from config.demo.stage import story_stage
from config.demo.story import Story
from incidents.choices import Stage, StageStatus
from incidents.models import Incident, StageRun
from incidents.timing import time_to_pull_request
from integrations.git import git
from integrations.git_commits import commit_write, tree_with
from integrations.localgit.configured import local_git_host

# How long a real model takes for its diagnosis; the scripted one answers at once.
DIAGNOSIS_SECONDS = 40.0
DIAGNOSIS = "diagnosis of the failing checkout"
QUEUE = "sandbox"


@dataclass(frozen=True)
class Played:
    """One run of the first alarm; `waited_seconds` is how long fixing stood still for its preparation."""

    total_seconds: float
    prepare_seconds: float
    waited_seconds: float


def measure() -> dict[str, float]:
    """Play the demo's first alarm beside and after its preparation, both from nothing, on the real pipeline.

    `hidden_share` is by how much of the preparation the first pull request comes sooner.
    """
    with _slow_script() as script:
        beside = _played(script, is_serial=False)
        after = _played(script, is_serial=True)
    return {
        "pull_request_beside_seconds": round(beside.total_seconds, 3),
        "pull_request_after_seconds": round(after.total_seconds, 3),
        "prepare_in_pipeline_seconds": round(after.prepare_seconds, 3),
        "waited_for_prepare_seconds": round(beside.waited_seconds, 3),
        "hidden_share": round((after.total_seconds - beside.total_seconds) / after.prepare_seconds, 3),
    }


@contextmanager
def _slow_script() -> Iterator[Path]:
    """Yield the demo's script with a diagnosis that takes as long as a real one."""
    document = yaml.safe_load(MODEL_SCRIPT.read_text(encoding="utf-8"))
    [diagnosis] = [scenario for scenario in document["scenarios"] if scenario["name"] == DIAGNOSIS]
    diagnosis["turns"][0]["delay_seconds"] = DIAGNOSIS_SECONDS
    with tempfile.TemporaryDirectory() as place:
        script = Path(place, "script.yaml")
        script.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        yield script


def _played(script: Path, *, is_serial: bool) -> Played:
    with story_stage(settings.ENV, Console(file=io.StringIO()), script=script) as story:
        _forget_dependencies(story)
        with _preparation_after_diagnosis() if is_serial else nullcontext():
            incident = Incident.objects.get(pk=story.first_pull_request())
    spent = time_to_pull_request(incident)
    if spent is None:
        raise RuntimeError(f"{incident} has no pull request to measure")
    prepare = StageRun.objects.get(incident=incident, stage=Stage.PREPARE)
    diagnosis = StageRun.objects.get(incident=incident, stage=Stage.DIAGNOSIS)
    if prepare.finished_at is None or diagnosis.finished_at is None:
        raise RuntimeError(f"{incident} has stages that did not end")
    return Played(
        total_seconds=spent.total.total_seconds(),
        prepare_seconds=(prepare.finished_at - prepare.started_at).total_seconds(),
        waited_seconds=max(0.0, (prepare.finished_at - diagnosis.finished_at).total_seconds()),
    )


def _forget_dependencies(story: Story) -> None:
    """Commit a comment that an installation depends on: whatever is kept on the engine is not for this commit."""
    repository = story.scenario.repository
    git_dir, base = local_git_host().git_dir(repository.name), repository.default_branch
    parent = local_git_host().resolve(repository.name, base)
    commit = commit_write(
        git_dir,
        tree=tree_with(git_dir, parent, {".npmrc": f"; {secrets.token_hex(8)}\n"}),
        parents=[parent],
        message="Note how packages are fetched\n",
        name="Bench",
        email="bench@example.test",
        at=timezone.now(),
    )
    git("update-ref", f"refs/heads/{base}", commit, parent, directory=git_dir)


@contextmanager
def _preparation_after_diagnosis() -> Iterator[None]:
    """Let the sandbox's worker take nothing until a diagnosis stands."""
    answers = celery_app.control.ping(timeout=5) or []
    [name] = [name for answer in answers for name in answer if name.startswith(QUEUE)]
    celery_app.control.cancel_consumer(QUEUE, destination=[name], reply=True, timeout=5)

    def go_on() -> None:
        try:
            while not StageRun.objects.filter(stage=Stage.DIAGNOSIS, status=StageStatus.SUCCEEDED).exists():
                time.sleep(0.1)
            celery_app.control.add_consumer(QUEUE, destination=[name], reply=True, timeout=5)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as watching:
        went_on = watching.submit(go_on)
        yield
        went_on.result()
