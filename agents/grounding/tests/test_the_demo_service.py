"""No false refusal on the service that the demo runs on."""

from pathlib import Path

import pytest

from agents.diagnosis.handoff import CausalStep, Citation, Diagnosis, Hypothesis, Location
from agents.grounding import runtime
from agents.grounding.guard import check_diagnosis, check_fix
from agents.grounding.index import SymbolIndex
from agents.grounding.written import problems_of
from core.patch import Patch

SERVICE = Path(__file__).parents[3] / "evals" / "demo" / "orders-service"


@pytest.fixture(scope="module")
def index() -> SymbolIndex:
    return SymbolIndex.build(SERVICE)


def test_a_diagnosis_of_each_real_function_is_accepted(index: SymbolIndex) -> None:
    definitions = [found for path in index.files for found in index.definitions_in(path)]
    assert len(definitions) > 50

    for found in definitions:
        diagnosis = Diagnosis(
            title=f"`{found.name}` is at fault",
            root_cause=f"The code of `{found.qualified_name}` in {found.path}:{found.line_start} is wrong.",
            location=Location(
                path=found.path,
                function=found.qualified_name,
                line_start=found.line_start,
                line_end=found.line_end,
            ),
            causal_chain=[
                CausalStep(
                    claim=f"{found.qualified_name} fails.",
                    citation=Citation(kind="code", reference=f"{found.path}:{found.line_start}-{found.line_end}"),
                )
            ],
            hypotheses=[
                Hypothesis(statement=f"{found.name} is called", verdict="confirmed", because="it is logged")
            ],
            confidence=1,
        )
        problems = check_diagnosis(diagnosis, index=index, log_event_ids=frozenset(), commits=frozenset())
        assert problems == [], found


def test_no_file_of_it_has_a_fault(index: SymbolIndex) -> None:
    found = [
        problem for path in index.files for problem in problems_of(path, index=index, base=index, checkout=SERVICE)
    ]

    assert found == []


def test_each_global_that_it_calls_is_known_without_precedent(index: SymbolIndex) -> None:
    known = runtime.runtime_of("javascript").globals | runtime.test_globals()

    assert {call.name for symbols in index.files.values() for call in symbols.free_calls} <= known


def test_the_whole_service_written_into_an_empty_repository_is_accepted(
    tmp_path: Path, index: SymbolIndex
) -> None:
    paths = [*index.files, "package.json"]
    patch = Patch({path: (SERVICE / path).read_text() for path in paths})
    (tmp_path / "package.json").write_text((SERVICE / "package.json").read_text())

    problems = check_fix(patch, index=SymbolIndex.build(tmp_path), checkout=tmp_path)

    assert problems == []
