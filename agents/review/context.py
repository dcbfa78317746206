"""What review is given."""

from pydantic import BaseModel

from agents.diagnosis.handoff import Diagnosis


class ReviewContext(BaseModel):
    """`verdict`, `fail_to_pass` and `pass_to_pass` come from the sandbox, `warnings` from the patch guard."""

    diagnosis: Diagnosis
    diff: str
    rationale: str
    verdict: str
    fail_to_pass: list[str]
    pass_to_pass: int
    warnings: list[str] = []
