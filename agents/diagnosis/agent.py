"""Diagnosis: the root cause, at one place in the code, with a chain of evidence that a program can check."""

from collections.abc import Sequence
from typing import Any

from agents.described import alarm_described, commits_described, listed, logs_described, similar_described
from agents.diagnosis.context import DiagnosisContext
from agents.diagnosis.handoff import Diagnosis
from agents.grounding.guard import GroundingRefused, check_diagnosis
from agents.grounding.kept import index_for
from agents.grounding.names import words
from agents.prompts import system_prompt, task_prompt
from agents.runtime.brief import Brief
from agents.runtime.contract import Session, Tool
from agents.runtime.fence import fenced
from agents.runtime.loop import run_agent
from agents.tools.history import GitLog, GitShow, reachable_commits
from agents.tools.read_file import ReadFile
from agents.tools.repository import tracked_files
from agents.tools.search_code import SearchCode
from agents.tools.verify_symbol import VerifySymbol
from integrations.codehost import Checkout

MAX_STEPS = 20
MAX_TOKENS = 8_000
MAX_LISTED_FILES = 400


def diagnose(context: DiagnosisContext, session: Session, *, checkout: Checkout) -> Diagnosis:
    """Return a diagnosis of which every name exists in `checkout`.

    Raises GroundingRefused when the model keeps naming what does not, and the loop's other NeedsHuman errors.
    """
    index = index_for(checkout)
    log_event_ids = frozenset(event.id for event in context.evidence.logs.events)
    commits = frozenset(commit.sha for commit in context.evidence.commits.commits) | reachable_commits(checkout)

    known_words = words_from_outside(context)

    def check(output: Diagnosis) -> Sequence[str]:
        return check_diagnosis(
            output, index=index, log_event_ids=log_event_ids, commits=commits, known_words=known_words
        )

    brief = Brief(
        agent="diagnosis",
        system=system_prompt("diagnosis"),
        task=diagnosis_task(context, checkout),
        output=Diagnosis,
        tools=diagnosis_tools(checkout),
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


def diagnosis_tools(checkout: Checkout) -> Sequence[Tool[Any]]:
    """Return the tools that read `checkout`."""
    return (
        SearchCode(checkout),
        ReadFile(checkout),
        VerifySymbol(checkout),
        GitLog(checkout),
        GitShow(checkout),
    )


def diagnosis_task(context: DiagnosisContext, checkout: Checkout) -> str:
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
    )


def _files_described(checkout: Checkout) -> str:
    paths = tracked_files(checkout)
    more = f"\n(and {len(paths) - MAX_LISTED_FILES} more)" if len(paths) > MAX_LISTED_FILES else ""
    return fenced("files", "\n".join(paths[:MAX_LISTED_FILES]) + more)
