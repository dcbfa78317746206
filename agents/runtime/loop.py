"""The one loop of every agent. All state is in the transcript: what is stored there is never paid for twice."""

from agents.runtime.answers import answer, returned_outputs
from agents.runtime.brief import Brief, Output
from agents.runtime.contract import Block, ContextTruncated, ModelRefused, Session, Step, StepLimitReached
from agents.runtime.fence import cleaned
from agents.runtime.schema import tool_definition


def run_agent(brief: Brief[Output], session: Session) -> Output:
    """Converse until a hand-off is valid and passes its checks, and return it.

    Goes on after the last stored step: an assistant's open tool calls are run, no reply is asked for again.
    Raises StepLimitReached, InvalidOutput, `brief.refusal`, ModelRefused, ContextTruncated or BudgetExceeded when
    a person has to look, Unavailable for temporary faults, and whatever a tool raises besides its two own errors.
    """
    transcript = session.transcript
    if not transcript.steps():
        transcript.append(Step("user", [{"type": "text", "text": cleaned(brief.task)}]))
    while True:
        steps = transcript.steps()
        if steps[-1].role == "user" or steps[-1].stop_reason == "pause_turn":
            transcript.append(_next_reply(brief, session, steps))
            continue
        _check_is_whole(brief, steps[-1])
        answered = answer(brief, steps)
        if not isinstance(answered, list):
            return answered
        transcript.append(Step("user", answered))


def _next_reply(brief: Brief[Output], session: Session, steps: list[Step]) -> Step:
    """Pay for one reply; on the last allowed step, and without tools, it has to be the hand-off."""
    used = sum(step.role == "assistant" for step in steps) - len(returned_outputs(brief, steps))
    if used >= brief.max_steps:
        raise StepLimitReached(
            f"The {brief.agent} agent used all of its {brief.max_steps} steps without handing in a result. "
            "Read its steps, then resume or decide by hand."
        )
    must_submit = not brief.tools or used == brief.max_steps - 1
    messages = [{"role": step.role, "content": content} for step in steps if (content := _sendable(step))]
    bound = session.model.upper_bound_usd(system=brief.system, messages=messages, max_tokens=brief.max_tokens)
    session.budget.check(bound)
    reply = session.model.reply(
        system=brief.system,
        messages=messages,
        tools=[
            *(tool_definition(tool.name, tool.description, tool.arguments) for tool in brief.tools),
            tool_definition(brief.submit, f"Hand in the {brief.agent} result. This ends the task.", brief.output),
        ],
        tool_choice=(
            {"type": "tool", "name": brief.submit, "disable_parallel_tool_use": True}
            if must_submit
            else {"type": "auto"}  # `any` would leave the model no room to reason in words before it calls
        ),
        max_tokens=brief.max_tokens,
    )
    return Step("assistant", reply.content, reply.stop_reason, reply.usage, reply.cost_usd, reply.model)


def _sendable(step: Step) -> list[Block]:
    """Return the step's blocks without blank text, which the API sends at times and never takes back."""
    return [block for block in step.content if block["type"] != "text" or block["text"].strip()]


def _check_is_whole(brief: Brief[Output], step: Step) -> None:
    if step.stop_reason == "refusal":
        raise ModelRefused(
            f"The model declined the {brief.agent} task. Read the task for what it may have objected to."
        )
    if step.stop_reason in ("max_tokens", "model_context_window_exceeded"):
        raise ContextTruncated(
            f"The {brief.agent} agent's reply was cut off ({step.stop_reason}) at {brief.max_tokens} tokens. "
            "Make the task smaller, or allow it more tokens."
        )
