"""One repository of the GitHub stand-in: git objects are real, pull requests live in memory."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from integrations.git import GitFailed, git, git_text
from integrations.git_commits import DELETED, blob_write, commit_write, index_tree, parents_of, tree_of
from integrations.git_refs import commit_of
from integrations.github.standin_checks import BranchRules, StandinChecks
from integrations.github.standin_shapes import JSON, shaped

DOCUMENTATION = "https://docs.github.com/rest"
LOGIN = "standin-user"


class Refused(Exception):
    """An answer other than success, with GitHub's body."""

    def __init__(self, status: int, message: str, *, resource: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body: JSON = {"message": message, "status": str(status), "documentation_url": DOCUMENTATION}
        if detail:
            self.body["errors"] = [{"resource": resource, "code": "custom", "message": detail}]


@dataclass
class Pull:
    number: int
    title: str
    body: str
    head: str
    base: str
    head_sha: str
    base_sha: str
    created_at: str = "2026-01-01T00:00:00Z"
    state: Literal["open", "closed"] = "open"
    merge_commit: str = ""
    merged_at: str | None = None
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    comments: list[tuple[str, str]] = field(default_factory=list)


class StandinRepository:
    def __init__(self, name: str, git_dir: Path, address: str, *, prefix: str = "") -> None:
        self._name = name
        self._git_dir = git_dir
        self._address = address
        self._url = f"{address}{prefix}/repos/{name}"
        self._pulls: list[Pull] = []
        self.checks = StandinChecks(self._shaped, self._url)

    def url_of(self, path: str) -> str:
        """Return where a path of the API is, the repository's own or one below it."""
        return self._url + path.removeprefix(f"/repos/{self._name}")

    def described(self) -> JSON:
        owner, _, name = self._name.partition("/")
        real = {
            "id": 1,
            "name": name,
            "full_name": self._name,
            "owner": {"login": owner, "id": 2, "type": "User"},
            "private": True,
            "url": self._url,
            "html_url": f"{self._address}/{self._name}",
            "clone_url": self._git_dir.resolve().as_uri(),
            # What `git symbolic-ref HEAD` says; it is asked of every pull request.
            "default_branch": (self._git_dir / "HEAD").read_text().strip().removeprefix("ref: refs/heads/"),
        }
        return self._shaped("full-repository", real)

    def branch(self, name: str) -> JSON:
        if commit_of(self._git_dir, f"refs/heads/{name}") is None:
            raise Refused(404, "Branch not found")
        return self.checks.branch(name, self.commit_named(name))

    def branch_rules(self, name: str) -> list[JSON]:
        return self.checks.branch_rules(name)

    def report(self, commit: str, name: str, conclusion: str) -> None:
        kind, _, context = name.rpartition(":")
        said = self.checks.statuses if kind == "status" else self.checks.runs
        said.setdefault(commit, {})[context] = conclusion

    def opened_at(self, number: int, at: datetime) -> None:
        self._pull(number).created_at = at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def protect(self, branch: str, rules: BranchRules) -> None:
        self.checks.rules[branch] = rules

    def commit_named(self, ref: str) -> JSON:
        sha = commit_of(self._git_dir, ref)
        if sha is None:
            raise Refused(422, f"No commit found for SHA: {ref}")
        author = {"login": git_text("log", "-1", "--format=%an", sha, directory=self._git_dir)}
        real = {
            "sha": sha,
            "url": f"{self._url}/commits/{sha}",
            "commit": {"message": self.commit(sha)["message"], "tree": self.commit(sha)["tree"]},
            "author": self._shaped("simple-user", author),
            "committer": self._shaped("simple-user", author),
            "parents": [self._object("commits", parent) for parent in parents_of(self._git_dir, sha)],
        }
        return self._shaped("commit", real)

    def commit(self, sha: str) -> JSON:
        if commit_of(self._git_dir, sha) is None:
            raise Refused(404, "Not Found")
        parents = [
            {**self._object("commits", parent), "html_url": f"{self._address}/{self._name}/commit/{parent}"}
            for parent in parents_of(self._git_dir, sha)
        ]
        real = {
            "sha": sha,
            "url": f"{self._url}/git/commits/{sha}",
            "message": git_text("log", "-1", "--format=%B", sha, directory=self._git_dir),
            "tree": self._object("trees", tree_of(self._git_dir, sha)),
            "parents": parents,
        }
        return self._shaped("git-commit", real)

    def blob(self, sha: str) -> JSON:
        try:
            content = git("cat-file", "blob", sha, directory=self._git_dir)
        except GitFailed as error:
            raise Refused(404, "Not Found") from error
        real = {
            "sha": sha,
            "size": len(content),
            "content": base64.b64encode(content).decode(),
            "encoding": "base64",
            "url": f"{self._url}/git/blobs/{sha}",
        }
        return self._shaped("blob", real)

    def ref(self, name: str) -> JSON:
        sha = commit_of(self._git_dir, f"refs/{name}")
        if sha is None:
            raise Refused(404, "Not Found")
        real = {
            "ref": f"refs/{name}",
            "url": f"{self._url}/git/refs/{name}",
            "object": {"type": "commit", **self._object("commits", sha)},
        }
        return self._shaped("git-ref", real)

    def tree_create(self, body: JSON) -> JSON:
        entries = b""
        for element in body["tree"]:
            if "content" in element:
                sha = blob_write(self._git_dir, element["content"].encode())
            else:
                sha = element["sha"] or DELETED
            mode = "0" if sha == DELETED else element["mode"]
            entries += f"{mode} {sha}\t{element['path']}\0".encode()
        sha = index_tree(self._git_dir, entries, base=body.get("base_tree", ""))
        return self._shaped("git-tree", {**self._object("trees", sha), "tree": [], "truncated": False})

    def commit_create(self, body: JSON) -> JSON:
        sha = commit_write(
            self._git_dir,
            tree=body["tree"],
            parents=body["parents"],
            message=body["message"],
            name=LOGIN,
            email="standin@github.invalid",
            at=datetime.now(UTC),
        )
        return self.commit(sha)

    def ref_create(self, body: JSON) -> JSON:
        if commit_of(self._git_dir, body["ref"]):
            raise Refused(422, "Reference already exists")
        try:
            git("update-ref", body["ref"], body["sha"], DELETED, directory=self._git_dir)
        except GitFailed as error:
            raise Refused(422, "Reference update failed") from error
        return self.ref(body["ref"].removeprefix("refs/"))

    def pulls(self, query: Mapping[str, str]) -> list[Pull]:
        """Return what a list's filters leave, newest first."""
        owner, colon, branch = query.get("head", "").partition(":")
        state = query.get("state", "open")
        is_filtered = bool(colon)  # GitHub ignores a head without an owner
        return [
            pull
            for pull in reversed(self._pulls)
            if state in ("all", pull.state)
            and (not is_filtered or (owner == self._name.partition("/")[0] and branch == pull.head))
        ]

    def pulls_described(self, pulls: Sequence[Pull]) -> list[JSON]:
        return [self._pull_described(pull, shape="pull-request-simple") for pull in pulls]

    def pull_create(self, body: JSON) -> JSON:
        head, base = (commit_of(self._git_dir, f"refs/heads/{body[side]}") for side in ("head", "base"))
        if head is None or base is None:
            raise Refused(422, "Validation Failed", resource="PullRequest", detail="head or base is invalid")
        owner = self._name.partition("/")[0]
        if any(
            pull.head == body["head"] and pull.base == body["base"] and pull.state == "open"
            for pull in self._pulls
        ):
            detail = f"A pull request already exists for {owner}:{body['head']}."
            raise Refused(422, "Validation Failed", resource="PullRequest", detail=detail)
        if git_text("merge-base", head, base, directory=self._git_dir) == head:
            detail = f"No commits between {body['base']} and {body['head']}"
            raise Refused(422, "Validation Failed", resource="PullRequest", detail=detail)
        pull = Pull(
            number=len(self._pulls) + 1,
            title=body["title"],
            body=body.get("body", ""),
            head=body["head"],
            base=body["base"],
            head_sha=head,
            base_sha=base,
        )
        self._pulls.append(pull)
        return self._pull_described(pull)

    def pull(self, number: int) -> JSON:
        return self._pull_described(self._pull(number))

    def pull_edit(self, number: int, body: JSON) -> JSON:
        pull = self._pull(number)
        pull.state = body.get("state", pull.state)
        return self._pull_described(pull)

    def pull_merge(self, number: int, body: JSON) -> JSON:
        pull = self._pull(number)
        head = commit_of(self._git_dir, f"refs/heads/{pull.head}") or pull.head_sha
        base = commit_of(self._git_dir, f"refs/heads/{pull.base}") or pull.base_sha
        if pull.state == "closed":
            raise Refused(405, "Pull Request is not mergeable")
        if body.get("sha", head) != head:
            raise Refused(409, "Head branch was modified. Review and try the merge again.")
        if why := self.checks.why_not_merged(pull.base, head):
            raise Refused(405, why)
        try:
            tree = git_text("merge-tree", "--write-tree", "--no-messages", base, head, directory=self._git_dir)
        except GitFailed as error:
            raise Refused(405, "Pull Request is not mergeable") from error
        title = f"Merge pull request #{number} from {self._name.partition('/')[0]}/{pull.head}"
        merged = self.commit_create({"tree": tree, "parents": [base, head], "message": f"{title}\n\n{pull.title}"})
        git("update-ref", f"refs/heads/{pull.base}", merged["sha"], base, directory=self._git_dir)
        pull.state, pull.merge_commit = "closed", merged["sha"]
        pull.merged_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"sha": merged["sha"], "merged": True, "message": "Pull Request successfully merged"}

    def label(self, number: int, body: Any) -> list[JSON]:
        pull = self._pull(number)
        names = body if isinstance(body, list) else body["labels"]
        pull.labels.extend(name for name in names if name not in pull.labels)
        return [self._shaped("label", {"name": name, "description": ""}) for name in pull.labels]

    def comment(self, number: int, login: str, body: str) -> None:
        self._pull(number).comments.append((login, body))

    def comments(self, number: int) -> list[JSON]:
        return [
            self._shaped(
                "issue-comment",
                {"id": index, "body": body, "user": self._shaped("simple-user", {"login": login})},
            )
            for index, (login, body) in enumerate(self._pull(number).comments, start=1)
        ]

    def request_review(self, number: int, body: JSON) -> JSON:
        pull = self._pull(number)
        users, teams = body.get("reviewers", []), body.get("team_reviewers", [])
        if not all(name.startswith("collaborator") for name in users) or not all(
            re.fullmatch("[a-z0-9-]+-team", slug) for slug in teams
        ):
            detail = "Reviews may only be requested from collaborators. One or more of the users or teams are not."
            raise Refused(422, detail)
        pull.reviewers.extend(name for name in users if name not in pull.reviewers)
        pull.teams.extend(slug for slug in teams if slug not in pull.teams)
        return self._pull_described(pull, shape="pull-request-simple")

    def _pull(self, number: int) -> Pull:
        for pull in self._pulls:
            if pull.number == number:
                return pull
        raise Refused(404, "Not Found")

    def _pull_described(self, pull: Pull, *, shape: str = "pull-request") -> JSON:
        url = f"{self._url}/pulls/{pull.number}"
        if pull.state == "open":
            pull.head_sha = commit_of(self._git_dir, f"refs/heads/{pull.head}") or pull.head_sha
        owner = self._name.partition("/")[0]
        repository = self.described()
        real = {
            "id": pull.number,
            "number": pull.number,
            "state": pull.state,
            "title": pull.title,
            "body": pull.body,
            "user": self._shaped("simple-user", {"login": LOGIN}),
            "url": url,
            "issue_url": f"{self._url}/issues/{pull.number}",
            "html_url": f"{self._address}/{self._name}/pull/{pull.number}",
            "head": {
                "label": f"{owner}:{pull.head}",
                "ref": pull.head,
                "sha": pull.head_sha,
                "repo": repository,
            },
            "base": {
                "label": f"{owner}:{pull.base}",
                "ref": pull.base,
                "sha": pull.base_sha,
                "repo": repository,
            },
            "merged": pull.merged_at is not None,
            "merged_at": pull.merged_at,
            "created_at": pull.created_at,
            "merge_commit_sha": pull.merge_commit or None,
            "labels": [self._shaped("label", {"name": name, "description": ""}) for name in pull.labels],
            "requested_reviewers": [self._shaped("simple-user", {"login": name}) for name in pull.reviewers],
            "requested_teams": [self._shaped("team", {"name": slug, "slug": slug}) for slug in pull.teams],
        }
        if shape == "pull-request-simple":
            del real["merged"]  # a list says merged_at only
        return self._shaped(shape, real)

    def _shaped(self, name: str, real: Mapping[str, Any]) -> JSON:
        return shaped(name, real, address=self._address)

    def _object(self, kind: str, sha: str) -> JSON:
        return {"sha": sha, "url": f"{self._url}/git/{kind}/{sha}"}
