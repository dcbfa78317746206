"""Makes the authored cases out of evals/golden/drafts: the drafts hold what people wrote, this adds the form.

Deterministic: the same drafts give the same bytes. Ids follow the order of a family's cases: add at the end.
"""

import hashlib
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from agents.evidence import LogEvent, Logs
from agents.triage.context import LiveIncident
from evals.golden.alarm_document import alarm_document, notification
from evals.golden.case import Expected, GoldenAlarm, PastIncident
from evals.golden.log_style import filled, styled

DRAFTS = Path(__file__).parent / "drafts"
SERVICES = "services.yaml"
FIRST_DAY = datetime(2026, 2, 2, tzinfo=UTC)
DAYS = 240

_LOG = re.compile(r"(?P<first>-\d+)(?:\.\.(?P<last>-\d+)\*(?P<times>\d+))? (?P<level>[DIWEF]) (?P<text>.+)")
_LABEL = re.compile(
    r"(?P<classification>real|noise:[a-z-]+|duplicate:[a-z-]+) (?P<severity>P[0-3])(?P<rule>:[a-z-]+)?"
    r"(?: (?P<cure>code|infrastructure|quota|third-party|credentials|configuration|data))?(?: of (?P<of>\d+))?"
)
_LIVE = re.compile(
    r"(?P<id>\d+) (?P<severity>P[0-3]) (?P<status>\w+) (?P<age>\d+[mhd]) (?P<alarm>\S+) \| (?P<title>.+)"
)
_PAST = re.compile(r"(?P<id>\d+) (?P<status>\w+) (?P<age>\d+[mhd]) (?P<title>.+)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def cases_drafted(folder: Path = DRAFTS) -> list[GoldenAlarm]:
    """Return every case of the drafts, files by name. Raises ValueError that names an ill-formed one."""
    services = yaml.safe_load((folder / SERVICES).read_text(encoding="utf-8"))
    cases: list[GoldenAlarm] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name != SERVICES:
            for family in yaml.safe_load(path.read_text(encoding="utf-8")):
                cases.extend(_family_cases(family, services[family["service"]]))
    return cases


def _family_cases(family: dict[str, Any], service: dict[str, Any]) -> Iterator[GoldenAlarm]:
    alarm = str(family["alarm"])
    slug = re.sub(r"[^a-z0-9]+", "-", alarm.lower()).strip("-")
    if len(slug) < 6:
        slug = f"{family['service']}-{hashlib.sha256(alarm.encode()).hexdigest()[:6]}"
    for number, draft in enumerate(family["cases"], start=1):
        identifier = f"{slug}-{number:02d}"
        try:
            yield _case(identifier, slug, family, service, draft)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{identifier}: {error}") from error


def _case(
    identifier: str, family_name: str, family: dict[str, Any], service: dict[str, Any], draft: dict[str, Any]
) -> GoldenAlarm:
    dice = random.Random(identifier)  # noqa: S311 - the same case must come out the same each time
    changed_at = FIRST_DAY + timedelta(seconds=dice.randrange(DAYS * 86_400))
    document = alarm_document(
        name=str(family["alarm"]),
        description=family["about"],
        metric=str(family["metric"]),
        service=str(family["service"]),
        region=service["region"],
        threshold=float(family.get("over", family.get("under", 0))),
        is_under="under" in family,
        values=_datapoints(draft["values"], dice),
        changed_at=changed_at,
        reason=str(draft.get("reason", "")),
        dice=dice,
    )
    sent_at = changed_at + timedelta(milliseconds=dice.randint(20, 900))
    tags = [*draft.get("tags", []), *(["hostile-text"] if "goal" in draft else [])]
    return GoldenAlarm(
        id=identifier,
        family=family_name,
        service=str(family["service"]),
        notification=notification(document, region=service["region"], sent_at=sent_at, dice=dice),
        occurrences=int(draft.get("times", 1)),
        logs=_logs(draft, service, changed_at, dice),
        live=[_live(line, changed_at) for line in _live_lines(draft, service, dice)],
        past=[_past(line, changed_at) for line in str(draft.get("past", "")).splitlines()],
        expected=_expected(draft),
        why=str(draft["why"]),
        tags=sorted(tags),
        hostile_goal=draft.get("goal"),
        hostile_text=_hostile_text(family, draft) if "goal" in draft else [],
    )


def _expected(draft: dict[str, Any]) -> Expected:
    label = _matched(_LABEL, str(draft["label"]))
    kind, _, rule = label["classification"].partition(":")
    is_real = kind == "real"
    if is_real and not (label["rule"] and label["cure"]):
        raise ValueError("a real case names its rule and whether code can cure it")
    is_code = label["cure"] == "code"
    return Expected.model_validate(
        {
            "classification": kind,
            "severity": label["severity"],
            "rule": f"{label['severity']}{label['rule']}" if is_real else f"{kind}:{rule}",
            "fixable_in_code": is_code if is_real else None,
            "not_fixable_reason": f"{label['cure']}: {draft['fixable_why']}" if is_real and not is_code else "",
            "duplicate_of": int(label["of"]) if label["of"] else None,
        }
    )


def _logs(draft: dict[str, Any], service: dict[str, Any], changed_at: datetime, dice: random.Random) -> Logs:
    events: list[LogEvent] = []
    limit = draft.get("cut")
    stream = f"{service['group'].rsplit('/', 1)[-1]}/{dice.getrandbits(64):016x}"
    for line in str(draft.get("logs", "")).splitlines():
        found = _matched(_LOG, line)
        times = int(found["times"] or 1)
        first, last = int(found["first"]), int(found["last"] or found["first"])
        for index in range(times):
            share = index / (times - 1) if times > 1 else 0.0
            at = changed_at + timedelta(seconds=first + (last - first) * share, milliseconds=dice.randint(0, 999))
            message = styled(
                service["style"],
                at=at,
                level=str(service.get("every_line_is", found["level"])),
                text=filled(found["text"], dice),
                logger=service.get("logger", ""),
                dice=dice,
            )
            events.append(
                LogEvent(
                    id=f"{dice.getrandbits(180):056d}"[:56],
                    at=at,
                    log_group=service["group"],
                    log_stream=stream,
                    message=message[:limit] if limit else message,
                )
            )
    events.sort(key=lambda event: event.at)
    return Logs(events=events, log_groups=[service["group"]])


def _live(line: str, changed_at: datetime) -> LiveIncident:
    found = _matched(_LIVE, line)
    return LiveIncident(
        id=int(found["id"]),
        title=found["title"],
        status=found["status"],
        severity=found["severity"],
        alarm_name=found["alarm"],
        first_seen_at=changed_at - _age(found["age"]),
    )


def _past(line: str, changed_at: datetime) -> PastIncident:
    found = _matched(_PAST, line)
    ended_at = changed_at - _age(found["age"])
    return PastIncident(
        id=int(found["id"]), title=found["title"], status=found["status"], ended_at=ended_at.isoformat()
    )


def _datapoints(values: list[float], dice: random.Random) -> list[float]:
    """Return the datapoints that the alarm names: how many it waits for says nothing about the answer."""
    if len(values) == 1 and values[0] > 5 and dice.random() < 0.5:
        return [*values, values[0]]
    if len(values) == 2 and dice.random() < 0.5:
        return values[1:]
    return values


def _live_lines(draft: dict[str, Any], service: dict[str, Any], dice: random.Random) -> list[str]:
    """Return the draft's own lines and some of the service's everyday ones, which no case is about."""
    own = str(draft.get("live", "")).splitlines()
    others = dice.sample(service["neighbours"], k=dice.choice([0, 1, 1, 2]) if not own else dice.choice([0, 0, 1]))
    lines = [*own, *others]
    dice.shuffle(lines)
    return lines


def _hostile_text(family: dict[str, Any], draft: dict[str, Any]) -> list[str]:
    """Return what stands in quotes in the log lines, and in brackets in the alarm's description."""
    found = [text for text in re.findall(r'[=:] ?"([^"]{20,})"', str(draft["logs"])) if "{" not in text]
    found += re.findall(r"\[([^\]]{20,})\]", family["about"] or "")
    if not found:
        raise ValueError("a hostile case holds its text in quotes")
    return list(dict.fromkeys(found))


def _age(text: str) -> timedelta:
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"cannot be read: {text!r}")
    return found
