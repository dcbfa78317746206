from pathlib import Path
from typing import get_args

import pytest

from agents.code_search.chunks import MAX_LINES, Chunk, chunks_of, terms
from agents.code_search.indexing import commit_index
from agents.code_search.models import CodeChunk
from agents.code_search.search import Way, candidates
from agents.grounding.suite.repositories import repository_files
from agents.tests.repositories import checkout_of
from integrations.codehost import Checkout

BILLING = repository_files("billing-api")


def test_chunks_end_where_functions_end_and_cover_every_line_with_text() -> None:
    source = BILLING["src/billing/invoices.js"]

    chunks = chunks_of("src/billing/invoices.js", source)

    assert {"Invoice.total", "Invoice.toJSON", "findInvoice", "markPaid"} <= {chunk.symbol for chunk in chunks}
    covered = {line for chunk in chunks for line in range(chunk.line_start, chunk.line_end + 1)}
    assert {number for number, line in enumerate(source.split("\n"), start=1) if line.strip()} <= covered
    assert sum(chunk.line_end - chunk.line_start + 1 for chunk in chunks) == len(covered)


def test_a_long_function_and_a_language_without_a_reader_are_cut_by_lines() -> None:
    long = "function long() {\n" + "  work();\n" * (2 * MAX_LINES) + "}\n"

    assert [chunk.symbol for chunk in chunks_of("a.js", long)] == ["long"] * 3
    assert all(chunk.line_end - chunk.line_start < MAX_LINES for chunk in chunks_of("a.js", long))
    assert [chunk.symbol for chunk in chunks_of("a.sql", "select 1;\n")] == [""]


def test_names_are_split_as_people_write_them() -> None:
    assert terms("const cartTotal = HTTPServer.unit_price;") == "const cart total http server unit price"


@pytest.fixture
def billing(tmp_path: Path) -> Checkout:
    return checkout_of(tmp_path, {**BILLING, ".env": "TOKEN=1\n", "node_modules/x/index.js": "refund();\n"})


@pytest.mark.django_db
def test_the_file_that_an_error_speaks_of_comes_first_whichever_way(billing: Checkout) -> None:
    blobs = commit_index(billing)
    query = "reminder job stopped: reading 'email' of undefined while sending a reminder"

    for way in get_args(Way):
        found = candidates(query, repository=billing.repository, blobs=blobs, way=way)
        assert found[0].path == "src/jobs/dunning.js", way


@pytest.mark.django_db
def test_files_with_secrets_and_of_dependencies_are_not_searched(billing: Checkout) -> None:
    blobs = commit_index(billing)

    assert "src/server.js" in blobs
    assert not {".env", "node_modules/x/index.js"} & set(blobs)
    assert not CodeChunk.objects.filter(path__startswith="node_modules").exists()


@pytest.mark.django_db
def test_a_commit_costs_only_what_it_changed_and_shows_only_what_it_holds(
    tmp_path: Path, billing: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_index(billing)
    changed = {"src/jobs/dunning.js": "exports.quiet = function quiet() {\n  return 1;\n};\n"}
    (tmp_path / "next").mkdir()
    after = checkout_of(tmp_path / "next", BILLING, changed)
    read: list[str] = []

    def noted(path: str, source: str) -> list[Chunk]:
        read.append(path)
        return chunks_of(path, source)

    monkeypatch.setattr("agents.code_search.indexing.chunks_of", noted)

    blobs = commit_index(after)

    assert read == ["src/jobs/dunning.js"]
    found = candidates("remind send reminder", repository=after.repository, blobs=blobs, limit=50)
    assert all(candidate.symbol != "remind" for candidate in found)


@pytest.mark.django_db
def test_another_repositorys_code_is_never_found(billing: Checkout) -> None:
    blobs = commit_index(billing)

    assert candidates("remind", repository="demo/other", blobs=blobs) == []


@pytest.mark.django_db
def test_words_that_are_query_syntax_are_only_words(billing: Checkout) -> None:
    blobs = commit_index(billing)

    assert candidates("refund'); drop table x; & | ! <-> %s", repository=billing.repository, blobs=blobs)
    assert candidates("!!! 12345", repository=billing.repository, blobs=blobs) is not None
