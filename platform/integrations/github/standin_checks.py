"""What the GitHub stand-in says of a commit's checks and of what its branches require before a merge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

JSON = dict[str, Any]
Shaped = Callable[[str, Mapping[str, Any]], JSON]


@dataclass
class BranchRules:
    """What one branch requires: by classic protection, by a ruleset, and how many approving reviews."""

    protected: list[str] = field(default_factory=list)
    ruled: list[str] = field(default_factory=list)
    reviews: int = 0


@dataclass
class StandinChecks:
    """Reports by commit. A check run is completed with a conclusion, or in progress while that is empty."""

    shaped: Shaped
    repository_url: str
    rules: dict[str, BranchRules] = field(default_factory=dict)
    runs: dict[str, dict[str, str]] = field(default_factory=dict)
    statuses: dict[str, dict[str, str]] = field(default_factory=dict)

    def branch(self, name: str, commit: JSON) -> JSON:
        required = self._of(name).protected
        enforced = {
            "enforcement_level": "non_admins" if required else "off",
            "contexts": required,
            "checks": [{"context": context, "app_id": None} for context in required],
        }
        protection = {"enabled": bool(required), "required_status_checks": enforced}
        real = {"name": name, "commit": commit, "protected": bool(required), "protection": protection}
        return self.shaped("branch-with-protection", real)

    def branch_rules(self, name: str) -> list[JSON]:
        return [
            {
                "type": "required_status_checks",
                "parameters": {
                    "required_status_checks": [{"context": context}],
                    "strict_required_status_checks_policy": False,
                },
                "ruleset_source_type": "Repository",
                "ruleset_source": "main",
                "ruleset_id": number,
            }
            for number, context in enumerate(self._of(name).ruled, start=1)
        ]

    def runs_of(self, sha: str) -> list[JSON]:
        return [
            self.shaped(
                "check-run",
                {
                    "id": number,
                    "name": name,
                    "head_sha": sha,
                    "status": "completed" if conclusion else "in_progress",
                    "conclusion": conclusion or None,
                    "check_suite": {"id": 1},
                },
            )
            for number, (name, conclusion) in enumerate(self.runs.get(sha, {}).items(), start=1)
        ]

    def check_runs(self, sha: str, page: Sequence[JSON]) -> JSON:
        return {"total_count": len(self.runs.get(sha, {})), "check_runs": list(page)}

    def statuses_of(self, sha: str) -> list[JSON]:
        return [
            self.shaped("simple-commit-status", {"context": context, "state": state})
            for context, state in self.statuses.get(sha, {}).items()
        ]

    def combined_status(self, sha: str, page: Sequence[JSON]) -> JSON:
        said = self.statuses.get(sha, {})
        states = set(said.values())
        is_red = bool(states & {"failure", "error"})
        # As GitHub has it: without a status the whole is pending.
        state = "failure" if is_red else "success" if states == {"success"} else "pending"
        real = {"sha": sha, "state": state, "statuses": list(page), "total_count": len(said)}
        real["url"] = f"{self.repository_url}/commits/{sha}/status"
        return self.shaped("combined-commit-status", real)

    def why_not_merged(self, branch: str, sha: str) -> str:
        """Return the reason that GitHub gives for refusing a merge into the branch; empty if it takes it."""
        rules = self._of(branch)
        for context in [*rules.protected, *rules.ruled]:
            said = self.runs.get(sha, {}).get(context) or self.statuses.get(sha, {}).get(context, "expected")
            if said not in ("success", "neutral", "skipped"):
                return f'Required status check "{context}" is {said}.'
        if rules.reviews:
            return f"At least {rules.reviews} approving review is required by reviewers with write access."
        return ""

    def _of(self, branch: str) -> BranchRules:
        return self.rules.get(branch, BranchRules())
