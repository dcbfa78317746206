"""How well the guard tells made-up names from true ones, and how fast it knows a large repository."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from agents.grounding.draft import source_paths
from agents.grounding.index import SymbolIndex
from agents.grounding.kept import index_read, index_write
from agents.grounding.parsing import GRAMMAR_BY_SUFFIX, parse
from agents.grounding.suite.cases import all_cases
from agents.grounding.suite.judged import Judged, judged
from agents.grounding.suite.repositories import repository_files, repository_names, repository_write
from config.benches import Measured

FILES = 2_000
# The suite's files are short: so often over, a file is as long as one of a service, about 80 lines.
TIMES_OVER = 4


def measure() -> Measured:
    """Judge every case of the suite, then index a repository of 2,000 files and read the kept index.

    A fabrication counts as refused only where the refusal names what was made up. The floor of the index is to
    parse the same files and do nothing with the trees.
    """
    with tempfile.TemporaryDirectory() as folder:
        results = _judged(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        build, cached, floor, files = _index_times(Path(folder))
    made_up = [result for result in results if result.case.is_fabricated]
    clean = [result for result in results if not result.case.is_fabricated]
    refused, wrongly = sum(map(_is_right, made_up)), sum(result.is_refused for result in clean)
    return Measured(
        columns=["what", "found", "of"],
        rows=[
            *([f"NOT REFUSED {result.case}", "", ""] for result in made_up if not result.is_right),
            *([f"REFUSED {result.case}: {result.problems[0]}", "", ""] for result in clean if result.is_refused),
            ["fabrications refused for what was made up", str(refused), str(len(made_up))],
            ["true outputs refused", str(wrongly), str(len(clean))],
            ["index built, s", f"{build:.2f}", f"{files} files"],
            ["parsing them (the floor), s", f"{floor:.2f}", ""],
            ["index read from where it is kept, s", f"{cached:.3f}", ""],
        ],
        figures={
            "fabrications_refused": round(refused / len(made_up), 4),
            "clean_refused": round(wrongly / len(clean), 4),
            "fabrications": len(made_up),
            "clean": len(clean),
            "index_files": files,
            "index_seconds": round(build, 3),
            "cached_index_seconds": round(cached, 4),
            "parse_floor_seconds": round(floor, 3),
            "index_to_floor_ratio": round(build / floor, 2),
        },
    )


def _is_right(result: Judged) -> bool:
    return result.is_right


def _judged(folder: Path) -> list[Judged]:
    checkouts = {name: repository_write(name, folder / name) for name in repository_names()}
    indexes = {name: SymbolIndex.build(checkout) for name, checkout in checkouts.items()}
    return [
        judged(case, index=indexes[case.repository], checkout=checkouts[case.repository]) for case in all_cases()
    ]


def _index_times(folder: Path) -> tuple[float, float, float, int]:
    """Return seconds to build, to read the kept index and to parse only, and the number of files."""
    checkout, kept = folder / "sources", folder / "symbols"
    files = _large_repository(checkout)
    floor = _seconds(lambda: _parse_all(checkout))
    build = _seconds(lambda: index_write(SymbolIndex.build(checkout), kept))
    cached = min(_seconds(lambda: _read_and_ask(kept, checkout)) for _ in range(3))
    return build, cached, floor, files


def _read_and_ask(kept: Path, checkout: Path) -> None:
    index = index_read(kept, root=checkout)
    if index is None or not index.lookup("findInvoice") or index.knows("findNoInvoice"):
        raise RuntimeError(f"the index kept in {kept} does not hold what was written")


def _large_repository(root: Path) -> int:
    count = copy = 0
    while count < FILES:
        for name in repository_names():
            for path, content in repository_files(name).items():
                target = root / f"service{copy}" / name / path
                target.parent.mkdir(parents=True, exist_ok=True)
                is_source = PurePosixPath(path).suffix in GRAMMAR_BY_SUFFIX
                target.write_text(content * TIMES_OVER if is_source else content)
                count += 1
        copy += 1
    return count


def _parse_all(root: Path) -> None:
    for path in source_paths(root):
        if grammar := GRAMMAR_BY_SUFFIX.get(PurePosixPath(path).suffix):
            parse((root / path).read_bytes(), grammar=grammar)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
