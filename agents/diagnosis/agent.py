"""Diagnosis: the root cause, at one place in the code, with a chain of evidence that a program can check."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agents.described import alarm_described, commits_described, listed, logs_described, similar_described
from agents.diagnosis.context import DiagnosisContext
from agents.diagnosis.handoff import Diagnosis
from agents.grounding.guard import GroundingRefused, check_diagnosis
from agents.grounding.kept import index_for
from agents.grounding.names import words
from agents.prompts import system_prompt, task_prompt
from agents.runtime.brief import Brief
from agents.runtime.contract import Session, Tool, Transcript
from agents.runtime.fence import fenced
from agents.runtime.loop import run_agent
from agents.tools.find_references import FindReferences
from agents.tools.history import GitBlame, GitLog, GitShow, reachable_commits
from agents.tools.hosted_search import HostedSearch
from agents.tools.production import GetLogEvents, Production, production_tools
from agents.tools.read_file import ReadFile
from agents.tools.repository import tracked_files
from agents.tools.search_code import SearchCode, Suggest
from agents.tools.verify_symbol import VerifySymbol
from integrations.codehost import Checkout

MAX_STEPS = 20
MAX_TOKENS = 8_000
MAX_LISTED_FILES = 400
MAX_SEARCHED_EVENTS = 5
# How get_log_events begins the line of an event; its messages stand on one line each.
_EVENT_ID = re.compile(r"^\[([^\]\s]+)\] \d{4}-", re.MULTILINE)


@dataclass(frozen=True)
class CodeSources:
    """What may help to find places in the code: neither is needed, neither decides."""

    suggest: Suggest = lambda _words: []
    hosted: HostedSearch | None = None


def diagnose(
    context: DiagnosisContext,
    session: Session,
    *,
    checkout: Checkout,
    production: Production | None = None,
    code: CodeSources = CodeSources(),
) -> Diagnosis:
    """Return a diagnosis of which every name exists in `checkout`.

    `production` is what the agent may read besides the evidence, `code` what may help it to find places.
    Raises GroundingRefused when the model keeps naming what does not, and the loop's other NeedsHuman errors.
    """
    index = index_for(checkout)
    log_event_ids = frozenset(event.id for event in context.evidence.logs.events)
    commits = frozenset(commit.sha for commit in context.evidence.commits.commits) | reachable_commits(checkout)

    known_words = words_from_outside(context)

    def check(output: Diagnosis) -> Sequence[str]:
        read = logs_read(session.transcript)
        return check_diagnosis(
            output,
            index=index,
            log_event_ids=log_event_ids | frozenset(_EVENT_ID.findall(read)),
            commits=commits,
            known_words=known_words | words(read),
        )

    brief = Brief(
        agent="diagnosis",
        system=system_prompt("diagnosis"),
        task=diagnosis_task(context, checkout, code.suggest),
        output=Diagnosis,
        tools=diagnosis_tools(checkout, production=production, code=code),
        max_steps=MAX_STEPS,
        max_tokens=MAX_TOKENS,
        checks=(check,),
        refusal=GroundingRefused,
    )
    return run_agent(brief, session)


def words_from_outside(context: DiagnosisContext) -> frozenset[str]:
    """Return the identifiers that the alarm and the log events made known: prose may repeat them."""
    alarm = context.alarm
    texts = [alarm.alarm_name, alarm.alarm_description, alarm.state_reason, alarm.metric, alarm.threshold]
    return words("\n".join([*texts, *(event.message for event in context.evidence.logs.events)]))


def logs_read(transcript: Transcript) -> str:
    """Return what get_log_events has answered so far: after a restart too, its events are known."""
    steps = transcript.steps()
    calls = {
        block["id"]
        for step in steps
        for block in step.content
        if block["type"] == "tool_use" and block["name"] == GetLogEvents.name
    }
    return "\n".join(
        str(block["content"])
        for step in steps
        for block in step.content
        if block["type"] == "tool_result" and block["tool_use_id"] in calls and not block.get("is_error")
    )


def diagnosis_tools(
    checkout: Checkout, *, production: Production | None = None, code: CodeSources = CodeSources()
) -> Sequence[Tool[Any]]:
    """Return the tools that read `checkout` and, where it is given, production."""
    return (
        SearchCode(checkout, code.suggest),
        ReadFile(checkout),
        VerifySymbol(checkout, code.hosted),
        FindReferences(checkout),
        GitLog(checkout),
        GitBlame(checkout),
        GitShow(checkout),
        *(production_tools(production) if production is not None else ()),
    )


def diagnosis_task(context: DiagnosisContext, checkout: Checkout, suggest: Suggest = lambda _words: []) -> str:
    """Return the task's text."""
    evidence = context.evidence
    return task_prompt(
        "diagnosis",
        incident_id=context.alarm.incident_id,
        service=context.alarm.service,
        repository=checkout.repository,
        commit=checkout.commit,
        alarm=alarm_described(context.alarm),
        triage=fenced("triage", context.triage.model_dump_json(indent=2)),
        logs=logs_described(evidence.logs),
        commits=commits_described(evidence.commits),
        similar=similar_described(evidence.similar),
        owners=listed(evidence.owners.owners, label="owners", empty="Not known."),
        files=_files_described(checkout),
        candidates=listed(suggest(_symptoms(context)), label="candidates", empty="None."),
    )


def _symptoms(context: DiagnosisContext) -> str:
    alarm, events = context.alarm, context.evidence.logs.events
    newest = [event.message for event in events[-MAX_SEARCHED_EVENTS:]]
    return "\n".join([alarm.alarm_name, alarm.alarm_description, *dict.fromkeys(newest)])


def _files_described(checkout: Checkout) -> str:
    paths = tracked_files(checkout)
    more = f"\n(and {len(paths) - MAX_LISTED_FILES} more)" if len(paths) > MAX_LISTED_FILES else ""
    return fenced("files", "\n".join(paths[:MAX_LISTED_FILES]) + more)
