"""Tools over the symbol index and the history, and the code host's search beside it."""

import itertools

import pytest
from redis import Redis

from agents.runtime.contract import ToolRetry
from agents.tests.repositories import commits_of
from agents.tools.find_references import FindReferences, FindReferencesArguments
from agents.tools.history import GitBlame, GitBlameArguments
from agents.tools.hosted_search import REQUESTS_A_MINUTE, BudgetedSearch
from agents.tools.search_code import SearchCode, SearchCodeArguments
from agents.tools.verify_symbol import VerifySymbol, VerifySymbolArguments
from config import embedded, env
from core.errors import Unavailable
from integrations.codehost import Checkout

_numbers = itertools.count()


@pytest.fixture
def redis() -> Redis:
    settings = env.load()
    client = Redis.from_url(settings.redis_url or embedded.redis_url(settings.data_dir))
    for key in client.scan_iter("code-search:*"):
        client.delete(key)
    return client


def test_references_say_who_calls_and_how(checkout: Checkout) -> None:
    answer = FindReferences(checkout).run(FindReferencesArguments(name="total"))

    assert "src/total.js:1 total, 2 references" in answer
    assert "src/routes/orders.js:4 in showOrder (call)" in answer
    assert "tests/total.test.js:5" in answer


def test_a_name_without_a_definition_has_no_references(checkout: Checkout) -> None:
    with pytest.raises(ToolRetry, match=r"totals is not defined .*near: total"):
        FindReferences(checkout).run(FindReferencesArguments(name="totals"))


def test_blame_names_the_commit_of_each_line(checkout: Checkout) -> None:
    first, second = commits_of(checkout)

    answer = (
        GitBlame(checkout)
        .run(GitBlameArguments(path="src/routes/orders.js", line_start=3, line_end=4))
        .split("\n")
    )

    assert answer[0].lstrip("^").startswith(first[:30])
    assert answer[1].startswith(second)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"path": ".env", "line_start": 1, "line_end": 1}, "credentials"),
        ({"path": "src/total.js", "line_start": 90, "line_end": 99}, "has no lines"),
        ({"path": "src/total.js", "line_start": 5, "line_end": 2}, "or after it"),
        ({"path": "--output=x", "line_start": 1, "line_end": 1}, "must not start"),
    ],
)
def test_blame_refuses_what_it_cannot_show(checkout: Checkout, arguments: dict[str, object], why: str) -> None:
    with pytest.raises(ToolRetry, match=why):
        GitBlame(checkout).run(GitBlameArguments.model_validate(arguments))


def test_a_search_without_a_match_suggests_what_reads_like_it(checkout: Checkout) -> None:
    tool = SearchCode(checkout, lambda words: [f"src/total.js:1-3 for {words}"])

    assert "No line matches" in tool.run(SearchCodeArguments(pattern="sum of an order"))
    assert "src/total.js:1-3 for sum of an order" in tool.run(SearchCodeArguments(pattern="sum of an order"))
    assert "hints, no proof" in tool.run(SearchCodeArguments(pattern="reduce", by_meaning=True))


def test_the_index_decides_and_the_host_only_adds_what_it_knows(checkout: Checkout, redis: Redis) -> None:
    hosted = BudgetedSearch(lambda _repository, _name: ["src/next.js"], redis, source="GitHub Code Search")
    tool = VerifySymbol(checkout, hosted)

    known = tool.run(VerifySymbolArguments(name="showOrder"))
    unknown = tool.run(VerifySymbolArguments(name="showNothing"))

    assert known.startswith("Index at the deployed commit")
    assert "GitHub" not in known
    assert unknown.startswith("showNothing is not defined anywhere in this repository.")
    assert "GitHub Code Search finds the word in src/next.js of the default branch" in unknown
    assert "does not exist for this incident" in unknown


def test_the_host_is_asked_few_times_a_minute_and_never_twice_for_one_name(redis: Redis) -> None:
    asked: list[str] = []

    def search(_repository: str, name: str) -> list[str]:
        asked.append(name)
        return []

    hosted = BudgetedSearch(search, redis, source="host")
    names = [f"name{next(_numbers)}" for _ in range(REQUESTS_A_MINUTE + 6)]

    answers = [hosted.paths_with(name, repository="a/b") for name in [names[0], *names]]

    assert answers[1].source == "host (remembered)"
    # A minute may end in between, which allows as many again.
    assert len(asked) <= 2 * REQUESTS_A_MINUTE
    assert asked.count(names[0]) == 1
    assert any("used up" in answer.note for answer in answers) or len(asked) == len(names)


def test_a_host_that_does_not_answer_is_named_and_not_remembered(redis: Redis) -> None:
    def search(_repository: str, _name: str) -> list[str]:
        raise Unavailable("github", "GitHub answered 502")

    hosted = BudgetedSearch(search, redis, source="host")

    assert "did not answer: " in hosted.paths_with("anyName", repository="a/b").note
    assert hosted.paths_with("anyName", repository="a/b").source == "host"
