"""Parsers of what comes from outside, given what nobody would send: each answers or refuses in its own words.

`make fuzz` tries a hundred times as many inputs and prints their number.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.fix.edits import EditError, patch_from
from agents.fix.handoff import Edit, FixProposal, NewFile
from approvals.diff_page import diff_page
from approvals.edited_patch import BetterPatchRefused, patch_from_diff
from core.patch import Patch, UnsafePath
from incidents.error_fingerprint import error_of
from incidents.webhooks import github
from integrations.cloudwatch.alarm import parse_alarm
from integrations.sns.errors import Malformed
from integrations.sns.message import parse_message

ROOT = Path(__file__).resolve().parent.parent / "platform" / "integrations"
ENVELOPES = [path.read_bytes() for path in sorted((ROOT / "sns/tests/samples").glob("*.json"))]
ALARMS = [path.read_text() for path in sorted((ROOT / "cloudwatch/tests/samples").glob("*.alarm.json"))]
DIFF = """diff --git a/src/a.js b/src/a.js
--- a/src/a.js
+++ b/src/a.js
@@ -1,3 +1,3 @@
 one
-two
+zwei
 three
"""
PROBLEM_LINES = st.sampled_from(
    [
        *(
            "--- a/src/a.js",
            "+++ b/src/a.js",
            "--- /dev/null",
            "+++ /dev/null",
            "+++ b/../../etc/passwd",
            "@@ -1 +1 @@",
        ),
        *(
            "@@ -1 +1 @@",
            "@@ -0,0 +1,9999999 @@",
            "@@ -1,3 +1,3 @@",
            "-two",
            "+zwei",
            " one",
            "\\ No newline at end of file",
            "",
        ),
        *("rename from src/a.js", "rename to /etc/passwd", "new file mode 120000", "deleted file mode 100644"),
        *(
            "GIT binary patch",
            "Binary files a/x and b/x differ",
            "diff --git a/src/a.js b/.git/config",
            "\0",
            "é\u2028",
        ),
    ]
)


@st.composite
def mutated(draw: st.DrawFn, samples: list[bytes]) -> bytes:
    """A real message with a few pieces replaced, repeated or cut out: most stay nearly right."""
    body = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 40)))
        piece = draw(st.one_of(st.binary(max_size=20), st.just(b""), st.just(body[start:end] * 3)))
        body = body[:start] + piece + body[end:]
    return body


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=12), children, max_size=4),
    max_leaves=12,
)


@given(mutated(ENVELOPES) | st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_an_sns_envelope_is_read_or_called_malformed(body: bytes) -> None:
    try:
        message = parse_message(body)
    except Malformed as error:
        assert str(error)
    else:
        assert message.canonical_string.startswith("Message\n")


@given(mutated([alarm.encode() for alarm in ALARMS]) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_a_cloudwatch_message_is_an_alarm_or_is_none(body: bytes) -> None:
    alarm = parse_alarm(body.decode(errors="replace"))
    if alarm is not None:
        # What is an alarm can be stored: PostgreSQL refuses NUL in text and what is no JSON.
        assert "\0" not in json.dumps(dict(alarm.document), allow_nan=False)
        assert alarm.name


@given(st.sampled_from(ALARMS), st.sampled_from(["Trigger", "Metrics", "TriggeringChildren", "AlarmArn"]), _JSON)
def test_an_alarm_with_a_part_of_another_shape_is_still_read(alarm: str, key: str, value: object) -> None:
    document = json.loads(alarm)
    (document["Trigger"] if key == "Metrics" and "Trigger" in document else document)[key] = value
    parsed = parse_alarm(document)
    assert parsed is None or parsed.name == document["AlarmName"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    (folder / "src").mkdir()
    (folder / "src" / "a.js").write_text("one\ntwo\nthree\n")
    return folder


_DIFFS = st.lists(PROBLEM_LINES, max_size=12).map("\n".join) | mutated([DIFF.encode()]).map(
    lambda body: body.decode(errors="replace")
)


@given(diff=_DIFFS)
def test_a_pasted_diff_applies_whole_or_is_refused(base: Path, diff: str) -> None:
    try:
        patch = patch_from_diff(diff, base=base)
    except (BetterPatchRefused, UnsafePath) as error:
        assert str(error)
    else:
        assert patch.files
        assert not any(path.startswith(("/", "..")) for path in patch.files)
    assert (base / "src" / "a.js").read_text() == "one\ntwo\nthree\n"


@given(diff=_DIFFS)
def test_any_diff_can_be_shown(diff: str) -> None:
    assert diff_page(diff) is not None


_PATHS = st.sampled_from(["src/a.js", "src/b.js", "../a", "/etc/passwd", ".git/config", "src", "", "a\0b"])
_PIECES = st.sampled_from(["one", "two\n", "e", "\n", "one\ntwo", "missing", "ONE", "\r\n"]) | st.text(max_size=10)


@given(
    edits=st.lists(st.tuples(_PATHS, _PIECES, _PIECES), max_size=4),
    new=st.lists(st.tuples(_PATHS, st.text(max_size=40)), max_size=3),
)
def test_search_and_replace_blocks_give_a_patch_or_every_problem(
    base: Path, edits: list[tuple[str, str, str]], new: list[tuple[str, str]]
) -> None:
    proposal = FixProposal.model_construct(
        rationale="",
        edits=[Edit.model_construct(path=path, search=search, replace=put) for path, search, put in edits],
        new_files=[NewFile.model_construct(path=path, content=content) for path, content in new],
    )
    try:
        patch = patch_from(proposal, checkout=base)
    except EditError as error:
        assert error.problems
    else:
        assert isinstance(patch, Patch)
        assert set(patch.files) <= {"src/a.js", "src/b.js"} | {path for path, _ in new}


@given(st.text(max_size=400) | _JSON.map(json.dumps))
def test_any_log_line_has_a_fingerprint_or_none(line: str) -> None:
    parts = error_of(line)
    assert parts is None or parts.value


@given(_JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=80))
def test_a_webhook_of_the_code_host_is_read_or_refused(body: bytes) -> None:
    try:
        event = github.PullRequestEvent.model_validate_json(body)
    except ValueError as error:
        assert str(error)
    else:
        assert event.pull_request
