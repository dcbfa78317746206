"""Who is asked to review: CODEOWNERS of the changed paths, last rule first, and who wrote the changed lines."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.errors import Unavailable
from incidents.tests.factories import ServiceFactory
from integrations.localgit.host import LocalGitHost
from pipeline.code_owners import owners_of_paths
from pipeline.reviewers import blamed_commits, reviewers_of
from pipeline.tests.stories import REPOSITORY, a_tried_fix, an_incident

RULES = """
*             @all
*.md          @writers   # everywhere
/src/         @src
src/pay/**    @pay @ada
docs/*        @docs
/src/free.js
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("package.json", ["@all"]),
        ("deep/down/README.md", ["@writers"]),
        ("src/total.js", ["@src"]),
        ("lib/src/total.js", ["@all"]),
        ("src/pay/a/b.js", ["@pay", "@ada"]),
        ("docs/a.txt", ["@docs"]),
        ("docs/deep/a.txt", ["@all"]),
        ("src/free.js", []),
    ],
)
def test_the_last_rule_that_fits_a_path_names_its_owners(tmp_path: Path, path: str, owners: list[str]) -> None:
    (tmp_path / "CODEOWNERS").write_text(RULES)

    assert owners_of_paths(tmp_path, [path]) == owners


class KnowingHost(LocalGitHost):
    def logins(self, repository: str, commits: Sequence[str]) -> list[str]:
        return [f"wrote-{len(commits)}"]


class ForgetfulHost(LocalGitHost):
    def logins(self, repository: str, commits: Sequence[str]) -> list[str]:
        raise Unavailable("github", "gone")


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "authors"), [(KnowingHost, ["wrote-1"]), (ForgetfulHost, [])])
def test_owners_and_authors_are_asked_and_a_host_that_does_not_answer_holds_nothing_up(
    host: LocalGitHost, tmp_path: Path, kind: type[LocalGitHost], authors: list[str]
) -> None:
    service = ServiceFactory.create(repository=REPOSITORY, owners=["@oncall"])
    fix = a_tried_fix(an_incident(service=service))
    other = kind(host.git_dir(REPOSITORY).parent.parent, "http://127.0.0.1:1", checkouts=tmp_path / "c")

    assert reviewers_of(fix, other) == ["@oncall", "@ada", "@orders-team", *authors]


@pytest.mark.django_db
def test_the_changed_lines_lead_to_the_commit_that_wrote_them(host: LocalGitHost) -> None:
    fix = a_tried_fix(an_incident())
    checkout = host.checkout(REPOSITORY, fix.base_commit)

    [commit] = blamed_commits(fix.diff, checkout)

    assert [found.sha for found in host.commits(REPOSITORY, fix.base_commit, limit=5) if found.author == "Bo"] == [
        commit
    ]
