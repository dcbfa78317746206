from pathlib import Path

import pytest

from agents.runtime.contract import ToolFailed, ToolRetry
from agents.tests.repositories import ORDERS, checkout_of, commits_of
from agents.tools.history import GitLog, GitLogArguments, GitShow, GitShowArguments, reachable_commits
from agents.tools.read_file import MAX_LINES, ReadFile, ReadFileArguments
from agents.tools.repository import git_read, tracked_files
from agents.tools.search_code import MAX_RESULTS_PER_FILE, SearchCode, SearchCodeArguments
from integrations.codehost import Checkout


def search(checkout: Checkout, pattern: str, *, is_regex: bool = False, path: str = "") -> str:
    return SearchCode(checkout).run(SearchCodeArguments(pattern=pattern, is_regex=is_regex, path=path))


def read(checkout: Checkout, path: str, *, line_start: int = 1, line_end: int | None = None) -> str:
    return ReadFile(checkout).run(ReadFileArguments(path=path, line_start=line_start, line_end=line_end))


def test_a_search_returns_path_line_and_text(checkout: Checkout) -> None:
    assert search(checkout, "order.lines.reduce").startswith("src/total.js:2: return order.lines.reduce")


def test_a_search_takes_its_text_literally_unless_told(checkout: Checkout) -> None:
    assert search(checkout, "order.lines?") == "No line matches 'order.lines?' in the repository."
    assert "src/total.js:2" in search(checkout, "order.lines?", is_regex=True)


def test_a_search_can_be_limited_to_a_folder(checkout: Checkout) -> None:
    found = search(checkout, "require(", path="tests")

    assert "tests/total.test.js:1" in found
    assert "src/routes/orders.js" not in found


def test_a_search_for_a_text_that_looks_like_an_option_is_a_search(checkout: Checkout) -> None:
    assert search(checkout, "--no-index").startswith("No line matches")


def test_a_path_that_looks_like_an_option_is_refused(checkout: Checkout) -> None:
    with pytest.raises(ToolRetry, match="must not start with '-'"):
        search(checkout, "total", path="--no-index")
    with pytest.raises(ToolRetry, match="must not start with '-'"):
        GitLog(checkout).run(GitLogArguments(path="--output=/tmp/x"))


def test_a_path_is_never_read_as_pathspec_magic(checkout: Checkout) -> None:
    assert search(checkout, "total", path=":(exclude)src").startswith("No line matches")


def test_a_broken_regular_expression_goes_back_to_the_model(checkout: Checkout) -> None:
    with pytest.raises(ToolRetry, match="refused the pattern"):
        search(checkout, "a(", is_regex=True)


def test_files_with_credentials_are_neither_searched_nor_read(checkout: Checkout) -> None:
    assert "not-for-agents" not in search(checkout, "TOKEN")
    with pytest.raises(ToolRetry, match="may hold credentials"):
        read(checkout, ".env")


def test_a_search_with_many_matches_says_that_more_exist(tmp_path: Path) -> None:
    checkout = checkout_of(tmp_path, {f"src/f{number}.js": "needle\n" * 50 for number in range(10)})

    lines = search(checkout, "needle").splitlines()

    assert "only the first 60" in lines[-1]
    assert sum("src/f0.js" in line for line in lines) == MAX_RESULTS_PER_FILE


def test_a_file_is_read_with_line_numbers(checkout: Checkout) -> None:
    assert read(checkout, "src/total.js", line_start=2, line_end=3).splitlines() == [
        "src/total.js, lines 2-3 of 5",
        "    2    return order.lines.reduce((sum, line) => sum + line.price * line.quantity, 0);",
        "    3  }",
    ]


def test_a_long_file_is_cut_and_says_how_long_it_is(tmp_path: Path) -> None:
    checkout = checkout_of(tmp_path, {"long.txt": "x\n" * 1000})

    text = read(checkout, "long.txt")

    assert text.splitlines()[0] == f"long.txt, lines 1-{MAX_LINES} of 1000"
    assert len(text.splitlines()) == MAX_LINES + 1


def test_an_unknown_path_is_refused_with_near_ones(checkout: Checkout) -> None:
    with pytest.raises(ToolRetry, match=r"did you mean src/total\.js"):
        read(checkout, "lib/total.js")


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", ".git/config"])
def test_a_path_outside_the_repository_is_refused(checkout: Checkout, path: str) -> None:
    with pytest.raises(ToolRetry, match="not a plain relative path"):
        read(checkout, path)


def test_a_symbolic_link_is_not_read(tmp_path: Path) -> None:
    checkout = checkout_of(tmp_path, ORDERS)
    (checkout.path / "passwd").symlink_to("/etc/passwd")

    with pytest.raises(ToolRetry, match="symbolic link"):
        read(checkout, "passwd")


def test_lines_after_the_end_are_refused(checkout: Checkout) -> None:
    with pytest.raises(ToolRetry, match="has 5 lines"):
        read(checkout, "src/total.js", line_start=6)


def test_the_log_of_a_path_lists_only_commits_that_touched_it(checkout: Checkout) -> None:
    first, second = commits_of(checkout)

    everything = GitLog(checkout).run(GitLogArguments())
    of_total = GitLog(checkout).run(GitLogArguments(path="src/total.js"))

    assert [line.split()[0] for line in everything.splitlines()] == [second, first]
    assert of_total.startswith(f"{first} 2026-01-02T03:04:05")
    assert of_total.endswith(" Ada: commit 1")


def test_a_commit_is_shown_with_its_diff(checkout: Checkout) -> None:
    second = commits_of(checkout)[1]

    text = GitShow(checkout).run(GitShowArguments(commit=second[:10]))

    assert f"commit {second}" in text
    assert "+  return { id: String(order.id), total: total(order) };" in text


def test_a_shown_commit_leaves_out_files_with_credentials(checkout: Checkout) -> None:
    text = GitShow(checkout).run(GitShowArguments(commit=commits_of(checkout)[0]))

    assert "src/total.js" in text
    assert "not-for-agents" not in text


def test_a_commit_outside_the_deployed_history_is_refused(tmp_path: Path) -> None:
    newer = checkout_of(tmp_path, ORDERS, {"later.js": "x\n"})
    first, second = commits_of(newer)
    deployed = Checkout(newer.repository, first, newer.path, newer.git_dir)

    with pytest.raises(ToolRetry, match="not in the history of the deployed commit"):
        GitShow(deployed).run(GitShowArguments(commit=second))
    with pytest.raises(ToolRetry, match="not a commit hash"):
        GitShow(deployed).run(GitShowArguments(commit="--all"))
    assert reachable_commits(deployed) == {first}


def test_the_listing_holds_what_the_commit_holds(checkout: Checkout) -> None:
    (checkout.path / "untracked.js").write_text("x\n")

    assert set(tracked_files(checkout)) == set(ORDERS)


def test_git_that_takes_too_long_is_ended(checkout: Checkout) -> None:
    with pytest.raises(ToolFailed, match=r"did not finish within 0\.2 seconds"):
        git_read(checkout, ["-c", "alias.wait=!sleep 30", "wait"], timeout_seconds=0.2)


def test_output_over_the_limit_is_cut(checkout: Checkout) -> None:
    answer = git_read(checkout, ["log", "--format=%H"], max_bytes=10)

    assert answer.is_cut
    assert len(answer.text) == 10


def test_a_missing_repository_is_a_failure_of_the_tool(checkout: Checkout, tmp_path: Path) -> None:
    gone = Checkout(checkout.repository, checkout.commit, tmp_path / "gone", tmp_path / "gone.git")

    with pytest.raises(ToolFailed):
        tracked_files(gone)
