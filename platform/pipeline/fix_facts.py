"""What the risk policy is told of a fix, read from rows and the code host as they are now."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from agents.review.handoff import Review
from approvals.branch import files_at
from approvals.file_history import earlier_fixes
from approvals.risk import Assessment, ChangedPart, FixFacts, Reach, assess
from core.test_paths import is_test_path
from incidents.choices import Stage
from incidents.models import Fix
from incidents.risk_patterns import BadPattern, ServicePattern, service_patterns
from integrations.codehost import CodeHostError
from pipeline.change_coverage import changed_parts
from pipeline.fixes import ProposalMade
from pipeline.stages import NotNow, stage_output


def fix_assessment(fix: Fix, branch_files: Mapping[str, str | None]) -> Assessment:
    """Return the risk of a fix; what cannot be found out makes it CRITICAL. Raises Unavailable.

    `branch_files` are its files on the default branch (`approvals.branch.files_on_branch`).
    """
    return assess(fix_facts(fix, branch_files))


def fix_facts(fix: Fix, branch_files: Mapping[str, str | None]) -> FixFacts:
    """Gather the facts. Raises Unavailable while the code host cannot be asked."""
    unknown: list[str] = []
    report = fix.report or {}
    review = Review.model_validate(fix.review) if fix.review else None
    sources = [path for path in sorted(fix.files) if not is_test_path(path)]
    return FixFacts(
        severity=fix.incident.severity,
        paths=sources,
        changed_lines=_changed_lines(fix, unknown),
        warnings=fix.warnings,
        verdict=fix.verdict,
        is_isolated=bool(report.get("is_isolated")),
        review_risk=review.risk if review else "",
        review_findings=[(finding.severity, finding.message) for finding in review.findings] if review else [],
        service_patterns=_service_patterns(fix, unknown),
        deleted_paths=[path for path in sources if fix.files[path] is None],
        changed_expectations=sorted({*_changed_expectations(fix), *report.get("changed_tests", [])}),
        is_by_exit_code=bool(report.get("by_exit_code")),
        moved_paths=_moved_paths(fix, branch_files, unknown),
        earlier=earlier_fixes(fix, paths=sources),
        reach=_reach(fix, unknown),
        changed_parts=_changed_parts(fix),
        author=fix.author,
        unknown=unknown,
    )


def _reach(fix: Fix, unknown: list[str]) -> Reach | None:
    """Return what was found out when the fix was written: the row's bytes never change afterwards."""
    try:
        made = stage_output(fix.incident, Stage.FIX, ProposalMade, attempt=fix.attempt, candidate=fix.candidate)
    except NotNow as error:
        unknown.append(f"what the change can reach ({error})")
        return None
    radius = made.blast_radius
    if not radius.changed:
        return None
    return Reach(radius.size, radius.contracts, settings.ENV.pipeline_max_blast_radius, str(radius))


def _changed_lines(fix: Fix, unknown: list[str]) -> int:
    try:
        files = PatchSet(fix.diff)
    except UnidiffParseError as error:
        unknown.append(f"the size of the change ({error})")
        return 0
    if not files:
        unknown.append("the size of the change (its diff is empty)")
    return sum(file.added + file.removed for file in files if not is_test_path(file.path))


def _changed_expectations(fix: Fix) -> list[str]:
    """Return the test files that lose or change lines they had before; adding tests changes no expectation."""
    try:
        files = PatchSet(fix.diff)
    except UnidiffParseError:
        return []  # already counted as unknown
    return [file.path for file in files if is_test_path(file.path) and file.removed]


def _service_patterns(fix: Fix, unknown: list[str]) -> Sequence[ServicePattern]:
    try:
        return service_patterns(fix.incident.service.risk_patterns)
    except BadPattern as error:
        unknown.append(f"what is sensitive in {fix.incident.service} ({error})")
        return ()


def _changed_parts(fix: Fix) -> Sequence[ChangedPart]:
    try:
        return changed_parts(fix)
    except (CodeHostError, UnidiffParseError):
        return ()  # of every file that is changed the policy then says that nothing is known


def _moved_paths(fix: Fix, branch_files: Mapping[str, str | None], unknown: list[str]) -> list[str]:
    paths = sorted(fix.files)
    try:
        then = files_at(repository=fix.incident.service.repository, commit=fix.base_commit, paths=paths)
    except CodeHostError as error:
        unknown.append(f"whether the default branch has moved ({error})")
        return []
    return [path for path in paths if then[path] != branch_files[path]]
