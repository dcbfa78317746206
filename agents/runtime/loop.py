"""The one loop of every agent. All state is in the transcript: what is stored there is never paid for twice."""

import time
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from agents.runtime.answers import answer, returned_outputs
from agents.runtime.brief import Brief, Output
from agents.runtime.compaction import compaction_due, sendable
from agents.runtime.contract import (
    ContextTruncated,
    ModelRefused,
    Session,
    Step,
    StepLimitReached,
    UnknownStopReason,
)
from agents.runtime.fence import cleaned, storable
from agents.runtime.rereading import RereadResult
from agents.runtime.schema import tool_definition
from core.budget import BudgetExceeded, BudgetReserved, ReplyLost
from core.resilience.retry import retried

# Reasons after which the reply is whole; "" is what models in tests say.
WHOLE = frozenset({"end_turn", "tool_use", "stop_sequence", ""})
CUT_OFF = frozenset({"max_tokens", "model_context_window_exceeded"})


def run_agent(brief: Brief[Output], session: Session) -> Output:
    """Converse until a hand-off is valid and passes its checks, and return it.

    Goes on after the last stored step: an assistant's open tool calls are run, no reply is asked for again.
    Raises StepLimitReached, InvalidOutput, `brief.refusal`, ModelRefused, ContextTruncated, UnknownStopReason or
    BudgetExceeded when a person has to look, Unavailable for temporary faults (BudgetReserved is one), and
    whatever a tool raises besides its two own errors.
    """
    with session.listener.agent_run(agent=brief.agent):
        return _converse(brief, session)


def _converse(brief: Brief[Output], session: Session) -> Output:
    transcript = session.transcript
    if brief.tools:
        brief = replace(brief, tools=(*brief.tools, RereadResult(transcript)))
    if not transcript.steps():
        transcript.append(Step("user", [{"type": "text", "text": cleaned(brief.task)}]))
    while True:
        steps = transcript.steps()
        if steps[-1].role == "user" or steps[-1].stop_reason == "pause_turn":
            compaction = compaction_due(steps, context_tokens=session.context_tokens)
            if compaction is not None:
                transcript.append(compaction)
            else:
                _append_reply(brief, session, steps)
            continue
        _check_is_whole(brief, steps[-1])
        began = time.monotonic()
        answered = answer(brief, steps, session.listener)
        if not isinstance(answered, list):
            return answered
        transcript.append(Step("user", answered, seconds=time.monotonic() - began))


def _append_reply(brief: Brief[Output], session: Session, steps: list[Step]) -> None:
    """Pay for one reply and store it; on the last allowed step, and without tools, it has to be the hand-off."""
    used = sum(step.role == "assistant" for step in steps) - len(returned_outputs(brief, steps))
    if used >= brief.max_steps:
        raise StepLimitReached(
            f"The {brief.agent} agent used all of its {brief.max_steps} steps without handing in a result. "
            "Read its steps, then resume or decide by hand."
        )
    must_submit = not brief.tools or used == brief.max_steps - 1
    request: dict[str, Any] = {
        "system": brief.system,
        "messages": sendable(steps),
        "tools": [
            *(tool_definition(tool.name, tool.description, tool.arguments) for tool in brief.tools),
            tool_definition(brief.submit, f"Hand in the {brief.agent} result. This ends the task.", brief.output),
        ],
        "max_tokens": brief.max_tokens,
    }
    tool_choice: dict[str, Any] = (
        {"type": "tool", "name": brief.submit, "disable_parallel_tool_use": True}
        if must_submit
        else {"type": "auto"}  # `any` would leave the model no room to reason in words before it calls
    )

    def paid_reply() -> None:
        with _set_aside(session, request):
            session.transcript.append(_reply_heard(session, request, tool_choice))

    # Each answer that breaks off was paid for as a call of its own, so money is set aside for the next one again.
    retried(paid_reply, fault=ReplyLost)


def _set_aside(session: Session, request: dict[str, Any]) -> AbstractContextManager[Any]:
    """Set aside what the call may cost; the API counts the tokens only where the cheap bound is too much.

    Raises BudgetExceeded and BudgetReserved.
    """
    try:
        return session.budget.set_aside(session.model.upper_bound_usd(**request))
    except (BudgetExceeded, BudgetReserved):
        return session.budget.set_aside(session.model.counted_bound_usd(**request))


def _reply_heard(session: Session, request: dict[str, Any], tool_choice: dict[str, Any]) -> Step:
    began = time.monotonic()
    with session.listener.model_call(
        model=session.model.name, system=request["system"], messages=request["messages"]
    ) as heard:
        reply = session.model.reply(**request, tool_choice=tool_choice, on_text=heard.text)
        heard.replied(reply)
    return Step(
        "assistant",
        storable(list(reply.content)),
        reply.stop_reason,
        reply.usage,
        reply.cost_usd,
        reply.model,
        seconds=time.monotonic() - began,
    )


def _check_is_whole(brief: Brief[Output], step: Step) -> None:
    """Raise for a reply that must not be read as if all of it were there."""
    if step.stop_reason in WHOLE:
        return
    if step.stop_reason == "refusal":
        raise ModelRefused(
            f"The model declined the {brief.agent} task. Read the task for what it may have objected to."
        )
    if step.stop_reason in CUT_OFF:
        raise ContextTruncated(
            f"The {brief.agent} agent's reply was cut off ({step.stop_reason}) at {brief.max_tokens} tokens. "
            "Make the task smaller, or allow it more tokens."
        )
    raise UnknownStopReason(
        f"The {brief.agent} agent's reply ended for a reason that this release does not know "
        f"({step.stop_reason!r:.60}), so it is not used. Read its steps, then resume or decide by hand."
    )
