"""A person's patch in the sandbox: tried as any fix is, on exactly its bytes, before it counts."""

import structlog

from agents.fix.patch_guard import PatchFindings, check_patch
from approvals.better_patches import better_patch_claim, better_patch_judged, better_patch_release
from approvals.models import BetterPatch
from core.errors import NeedsHuman, Unavailable
from core.redact import redact
from incidents.choices import Stage, Verdict
from integrations.codehosts import code_host
from pipeline.preparation import Preparation, prepared_in
from pipeline.stages import NotNow, stage_output
from sandbox.contract import TrialReport
from sandbox.runners import configured
from sandbox.trial import try_fix

logger = structlog.get_logger(__name__)


def better_patch_try(pk: int) -> None:
    """Try one waiting patch and record the verdict; without a sandbox it goes back and is tried later."""
    patch = better_patch_claim(pk=pk)
    if patch is None:
        return
    try:
        report, findings = _tried(patch)
    except Unavailable as error:
        logger.warning("better_patch.parked", patch=pk, error=str(error))
        better_patch_release(patch)
    except (NeedsHuman, NotNow) as refusal:
        better_patch_judged(
            patch,
            verdict=Verdict.NO_VERDICT,
            explanation=redact(f"It could not be tried: {refusal}"),
            tried_sha256=patch.sha256,
        )
    else:
        better_patch_judged(
            patch,
            verdict=report.verdict,
            explanation=redact("\n".join(text for text in (report.reason, report.failing_output) if text)),
            tried_sha256=report.patch_sha256,
            report=report.model_dump(mode="json"),
            problems=findings.problems,
            warnings=findings.warnings,
        )


def _tried(patch: BetterPatch) -> tuple[TrialReport, PatchFindings]:
    incident = patch.fix.incident
    preparation = stage_output(incident, Stage.PREPARE, Preparation)
    sandbox = configured()
    report = try_fix(sandbox, prepared_in(sandbox, incident), patch.patch, baseline=preparation.baseline)
    base = code_host().checkout(incident.service.repository, patch.fix.base_commit).path
    return report, check_patch(patch.patch, checkout=base, allowed_paths=incident.service.allowed_paths)
