"""The report that our own tools write, for frameworks whose report says too little: one JSON object.

`{"tests": [{"file": ..., "name": ..., "outcome": "passed", "message": ...}]}`; a null name is a file that
could not be run at all. It is written when the run is over, so a report is there whole or not at all.
"""

from pydantic import BaseModel, ValidationError

from sandbox.contract import WHOLE_FILE, Outcome
from sandbox.ecosystems.collector import Collector
from sandbox.ecosystems.contract import ParsedReport


class _Test(BaseModel):
    file: str
    name: str | None
    outcome: Outcome
    message: str = ""


class _Report(BaseModel):
    tests: list[_Test]


def plain_report_parse(report: bytes, *, root: str) -> ParsedReport | None:
    """Return what the report says, or None if it is none. Never raises."""
    try:
        parsed = _Report.model_validate_json(report)
    except ValidationError:
        return None
    collector = Collector(root)
    for test in parsed.tests:
        collector.add(test.file, WHOLE_FILE if test.name is None else test.name, test.outcome, test.message)
    return collector.parsed()
