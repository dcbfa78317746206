"""What review is given."""

from pydantic import BaseModel

from agents.diagnosis.handoff import Diagnosis
from agents.grounding.blast_radius import BlastRadius


class ReviewContext(BaseModel):
    """`verdict`, `fail_to_pass` and `pass_to_pass` come from the sandbox, `warnings` from the patch guard,
    `blast_radius` from the call graph of the deployed commit.
    """

    diagnosis: Diagnosis
    diff: str
    rationale: str
    verdict: str
    fail_to_pass: list[str]
    pass_to_pass: int
    warnings: list[str] = []
    blast_radius: BlastRadius = BlastRadius()
