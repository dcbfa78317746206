"""How often code search names the file to fix among its first five, over the fix cases that ship."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from django.core.management import call_command
from django.db import transaction

from agents.code_search.indexing import commit_index
from agents.code_search.models import CodeChunk
from agents.code_search.search import Way, candidates
from agents.grounding.suite.cases import all_symptoms
from agents.grounding.suite.repositories import repository_names, repository_write
from config.benches import Measured
from config.demo import scenario
from core.test_paths import is_test_path
from integrations.codehost import Checkout

FIRST = 5
# Where the bundled service's three bugs are mended, by the incident's key in evals/demo/incidents.yaml.
FILES_TO_FIX = {
    "checkout": "src/shipping/quote.js",
    "payment": "src/payments/receipt.js",
    "refund": "src/payments/amounts.js",
}


@dataclass(frozen=True)
class Case:
    """What an incident shows, and the file to fix in the one large repository that all services are put into."""

    text: str
    file: str


def measure() -> Measured:
    """Index all services as one repository, search with each incident's alarm and logs, and undo all of it.

    The floor is what drawing five of the files outside tests by lot would find.
    """
    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        checkout = _one_repository(Path(folder))
        began = time.perf_counter()
        blobs = commit_index(checkout)
        first_seconds = time.perf_counter() - began
        began = time.perf_counter()
        commit_index(checkout)
        again_seconds = time.perf_counter() - began
        cases = _cases()
        ranks = {
            way: [_rank(case, checkout=checkout, blobs=blobs, way=way) for case in cases] for way in get_args(Way)
        }
        chunks = CodeChunk.objects.filter(repository=checkout.repository).count()
        transaction.set_rollback(True)
    recalls = {way: _recall(found) for way, found in ranks.items()}
    sources = sum(not is_test_path(path) for path in blobs)
    return Measured(
        columns=["file to fix", *(f"rank by {way}" for way in ranks)],
        rows=[
            *([case.file, *(_shown(ranks[way][number]) for way in ranks)] for number, case in enumerate(cases)),
            [f"recall@{FIRST}", *(f"{recall:.2f}" for recall in recalls.values())],
        ],
        figures={
            **{f"recall_at_{FIRST}_{way}": round(recall, 4) for way, recall in recalls.items()},
            f"recall_at_{FIRST}_by_lot": round(FIRST / sources, 4),
            "cases": len(cases),
            "files": len(blobs),
            "chunks": chunks,
            "index_seconds": round(first_seconds, 3),
            "index_again_seconds": round(again_seconds, 4),
        },
    )


def _cases() -> list[Case]:
    played = scenario.load()
    own = [
        Case(
            "\n".join(
                [
                    incident.alarm.name,
                    incident.alarm.description,
                    *(event.message for event in incident.log_events),
                ]
            ),
            f"orders-service/{FILES_TO_FIX[incident.key]}",
        )
        for incident in played.incidents
        if incident.key in FILES_TO_FIX
    ]
    return own + [Case(symptom.text, f"{symptom.repository}/{symptom.file}") for symptom in all_symptoms()]


def _one_repository(folder: Path) -> Checkout:
    """Put every service below one folder: among five files of a small one, any search would be right."""
    sources = folder / "sources"
    for name in repository_names():
        repository_write(name, sources / name)
    shutil.copytree(
        scenario.SERVICE_SOURCES, sources / "orders-service", ignore=shutil.ignore_patterns("node_modules")
    )
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=all"]):
        _git(sources, *command)
    commit = _git(sources, "rev-parse", "HEAD")
    return Checkout("bench/all-services", commit, sources, sources / ".git")


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.test"]
    ended = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return ended.stdout.strip()


def _rank(case: Case, *, checkout: Checkout, blobs: Mapping[str, str], way: Way) -> int | None:
    found = candidates(case.text, repository=checkout.repository, blobs=blobs, way=way, limit=20)
    paths = [candidate.path for candidate in found]
    return paths.index(case.file) + 1 if case.file in paths else None


def _recall(ranks: Sequence[int | None]) -> float:
    return sum(rank is not None and rank <= FIRST for rank in ranks) / len(ranks)


def _shown(rank: int | None) -> str:
    return str(rank) if rank is not None else "-"
