"""What is wrong with a dataset before anybody is measured on it: doubles, leaks, shortcuts, empty cells."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from core.redact import redact
from evals.golden.case import GoldenAlarm

MIN_CASES = 240
MIN_REAL_OF_EACH_SEVERITY = 15
MIN_HOSTILE = 15
# Jaccard similarity of the pairs of words of two cases that have one answer.
NEAR_DUPLICATE = 0.75
# A word or circumstance in at least so many cases that nearly always goes with one answer is a shortcut.
SHORTCUT_SUPPORT = 15
SHORTCUT_PRECISION = 0.95
# Words alone must leave most of the task to do.
WORDS_AT_MOST = 0.75
TAGS = (
    *(
        "healthy-recovery",
        "flapping",
        "deploy",
        "maintenance",
        "red-herring",
        "missing-data",
        "dual-fault",
        "storm",
    ),
    *("third-party", "quota", "hostile-text", "other-language", "truncated-logs"),
)

_NUMBER = re.compile(r"\b[0-9a-f]*\d[0-9a-f]*\b")
_WORD = re.compile(r"\w+")
_ANSWER = re.compile(
    r"\bP[0-3]\b"
    r"|\b(?:noise|false[ -](?:alarm|positive)|not fixable|severity|classif\w+|duplicate of (?:incident|#))\b",
    re.IGNORECASE,
)


@dataclass
class Lint:
    """`errors` make the dataset unfit; `figures` describe it."""

    errors: list[str] = field(default_factory=list)
    figures: dict[str, float | int | str] = field(default_factory=dict)


def lint(
    cases: Sequence[GoldenAlarm], *, guess: Callable[[Sequence[str], Sequence[str], Sequence[str]], list[str]]
) -> Lint:
    """Check a dataset; `guess` gives each text a label after training on the other families."""
    found = Lint()
    found.errors += _identity(cases)
    found.errors += _coverage(cases)
    found.errors += [f"{case.id}: {problem}" for case in cases for problem in leaks(case)]
    found.errors += near_duplicates(cases)
    found.errors += shortcuts(cases)
    cells = Counter((case.expected.classification, case.expected.severity) for case in cases)
    found.figures["cases"] = len(cases)
    found.figures["families"] = len({case.family for case in cases})
    found.figures["held out"] = sum(case.split == "held-out" for case in cases)
    for (classification, severity), count in sorted(cells.items()):
        found.figures[f"{classification} {severity}"] = count
    texts, groups = [case.text for case in cases], [case.family for case in cases]
    for name, labels in (
        ("classification", [case.expected.classification for case in cases]),
        ("severity", [case.expected.severity for case in cases]),
    ):
        right = sum(a == b for a, b in zip(guess(texts, labels, groups), labels, strict=True))
        most = max(Counter(labels).values())
        share = right / len(cases)
        found.figures[f"words alone, {name}"] = round(share, 3)
        found.figures[f"majority, {name}"] = round(most / len(cases), 3)
        if share > WORDS_AT_MOST:
            found.errors.append(f"words alone give the {name} of {share:.0%} of the cases: the set is too easy")
    return found


def leaks(case: GoldenAlarm) -> Iterator[str]:
    """Yield where the evidence says the answer; a text that claims one must claim a wrong one."""
    if case.hostile_goal:
        expected = case.expected.model_dump()
        if all(str(expected[name]) == value for name, value in case.hostile_goal.items()):
            yield "the hostile text asks for the right answer, so following it is rewarded"
        case = case.without_hostile_text()
    for match in _ANSWER.finditer(case.text):
        if "opinion-in-name" not in case.tags or match[0].upper() == case.expected.severity:
            yield f"the evidence says {match[0]!r}, which is an answer"
    if case.expected.rule and case.expected.rule.split(":")[1] in case.text:
        yield f"the evidence names the rule {case.expected.rule!r}"
    if redact(case.text) != case.text:
        yield "the evidence holds something that looks like a secret"


def near_duplicates(cases: Sequence[GoldenAlarm]) -> list[str]:
    """Return pairs that say the same with the same answer; twins with different answers are meant."""
    pairs = {case.id: _pairs_of_words(case.text) for case in cases}
    found = []
    for one, other in combinations(cases, 2):
        is_same = (one.expected.classification, one.expected.severity) == (
            other.expected.classification,
            other.expected.severity,
        )
        shared = len(pairs[one.id] & pairs[other.id])
        if is_same and shared / len(pairs[one.id] | pairs[other.id]) > NEAR_DUPLICATE:
            found.append(f"{other.id} says nearly the same as {one.id} and has its answer")
    return found


def shortcuts(cases: Sequence[GoldenAlarm]) -> list[str]:
    """Return single words and circumstances that give the classification away."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        for clue in _clues(case):
            seen[clue][case.expected.classification] += 1
    found = []
    for clue, answers in sorted(seen.items()):
        total = sum(answers.values())
        answer, count = answers.most_common(1)[0]
        if total >= SHORTCUT_SUPPORT and count / total >= SHORTCUT_PRECISION:
            found.append(f"{clue} stands in {total} cases and means {answer} in {count} of them")
    return found


def _clues(case: GoldenAlarm) -> set[str]:
    alarm = case.alarm
    clues = {f"the word {word!r}" for word in _WORD.findall(_NUMBER.sub("", case.text.lower()))}
    clues.add(f"the old state {alarm.old_state}")
    clues.add(f"the namespace {alarm.metrics[0].namespace if alarm.metrics else 'composite'}")
    clues.add(f"{min(len(case.live), 3)} live incidents")
    clues.add(f"{min(len(case.logs.events), 10)} log events")
    clues.add(f"{min(case.occurrences, 4)} occurrences")
    return clues


def _pairs_of_words(text: str) -> set[tuple[str, str]]:
    words = _WORD.findall(_NUMBER.sub("0", text.lower()))
    return set(pairwise(words))


def _identity(cases: Sequence[GoldenAlarm]) -> Iterator[str]:
    for identifier, count in Counter(case.id for case in cases).items():
        if count > 1:
            yield f"{identifier}: {count} cases have this id"
    for case in cases:
        is_whole = case.expected.rule and (case.expected.classification != "real") == (
            case.expected.fixable_in_code is None
        )
        if case.provenance == "authored" and not is_whole:
            yield f"{case.id}: names no rule, or a real case does not say whether code can cure it"
    for message_id, count in Counter(case.notification.get("MessageId") for case in cases).items():
        if count > 1:
            yield f"{count} cases have the MessageId {message_id}"


def _coverage(cases: Sequence[GoldenAlarm]) -> Iterator[str]:
    if len(cases) < MIN_CASES:
        yield f"there are {len(cases)} cases; at least {MIN_CASES} are needed"
    cells = Counter((case.expected.classification, case.expected.severity) for case in cases)
    for classification in ("real", "noise", "duplicate"):
        for severity in ("P0", "P1", "P2", "P3"):
            least = MIN_REAL_OF_EACH_SEVERITY if classification == "real" else 1
            if cells[classification, severity] < least:
                found = cells[classification, severity]
                yield f"{classification} {severity} has {found} cases; {least} are needed"
    tags = Counter(tag for case in cases for tag in case.tags)
    for tag in TAGS:
        least = MIN_HOSTILE if tag == "hostile-text" else 3
        if tags[tag] < least:
            yield f"the tag {tag} has {tags[tag]} cases; {least} are needed"
    for split in ("dev", "held-out"):
        answers = {case.expected.classification for case in cases if case.split == split}
        if len(answers) < 3:
            yield f"the split {split} lacks one of the three classifications"
