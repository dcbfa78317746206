"""What the loop says back to one assistant message: tool results, a hand-off's problems, or a reminder.

A hand-off that is valid ends the run even if other tools were called in the same message: nothing that they would
find could change it, so they are not run. If it is not valid, they are, and all results go back together.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from agents.runtime.brief import Brief, Output
from agents.runtime.contract import Block, InvalidOutput, Step, Tool, ToolFailed, ToolRetry
from agents.runtime.fence import capped, fenced
from agents.runtime.listening import Listener
from agents.runtime.schema import problems_in

# How often an output goes back to the model for each of the two reasons, told apart by how the result begins.
RETURNS = 2
INVALID = "This output does not fit its schema:"
UNSOUND = "This output fails its checks:"


def answer(brief: Brief[Output], steps: Sequence[Step], listener: Listener) -> Output | list[Block]:
    """Return the finished hand-off, or the blocks of the next user message.

    Raises InvalidOutput or `brief.refusal` for an output that is still wrong after two returns.
    """
    calls = [block for block in steps[-1].content if block["type"] == "tool_use"]
    if not calls:
        return [_text(f"Nothing was handed in. Call {brief.submit} with your result, or a tool if you need one.")]
    judged: dict[str, str] = {}
    for call in calls:
        if call["name"] == brief.submit:
            outcome = _judge(brief, call)
            if not isinstance(outcome, str):
                return outcome
            judged[call["id"]] = outcome
    if judged:
        _check_returns_left(brief, [*returned_outputs(brief, steps), "\n".join(judged.values())])
    tools = {tool.name: tool for tool in brief.tools}
    return [
        _result(call, judged[call["id"]], is_error=True) if call["id"] in judged else _run(call, tools, listener)
        for call in calls
    ]


def returned_outputs(brief: Brief[Output], steps: Sequence[Step]) -> list[str]:
    """Return what was wrong with each output that went back, oldest first, read from the conversation."""
    submits = {
        block["id"]
        for step in steps
        for block in step.content
        if block["type"] == "tool_use" and block["name"] == brief.submit
    }
    found = [
        [block["content"] for block in step.content if block.get("tool_use_id") in submits]
        for step in steps
        if step.role == "user"
    ]
    return ["\n".join(texts) for texts in found if texts]


def _judge(brief: Brief[Output], call: Block) -> Output | str:
    try:
        output = brief.output.model_validate(call["input"])
    except ValidationError as error:
        return _listed(INVALID, problems_in(error))
    problems = brief.problems(output)
    return _listed(UNSOUND, problems) if problems else output


def _check_returns_left(brief: Brief[Output], returned: Sequence[str]) -> None:
    for beginning, refusal in ((INVALID, InvalidOutput), (UNSOUND, brief.refusal)):
        wrong = [text for text in returned if text.startswith(beginning)]
        if len(wrong) > RETURNS:
            raise refusal(
                f"The {brief.agent} agent's output was wrong {len(wrong)} times and is not used. "
                f"All {len(wrong)} are kept: see the refused outputs of this stage.\n"
                + "\n".join(f"Try {number}. {text}" for number, text in enumerate(wrong, start=1))
            )


def _run(call: Block, tools: dict[str, Tool[Any]], listener: Listener) -> Block:
    with listener.tool_call(name=call["name"], arguments=call["input"]) as heard:
        result = _result_of(call, tools)
        heard.answered(result["content"], is_error=result["is_error"])
    return result


def _result_of(call: Block, tools: dict[str, Tool[Any]]) -> Block:
    """Run one tool call; the errors that a model may see are turned into results here and nowhere else."""
    tool = tools.get(call["name"])
    if tool is None:
        return _result(call, f"There is no tool {call['name']!r}. There are: {', '.join(tools)}.", is_error=True)
    try:
        arguments = tool.arguments.model_validate(call["input"])
    except ValidationError as error:
        return _result(call, _listed("These arguments do not fit:", problems_in(error)), is_error=True)
    try:
        found = tool.run(arguments)
    except (ToolRetry, ToolFailed) as error:
        return _result(call, str(error), is_error=True)
    return _result(call, fenced(f"result of {tool.name}", capped(found)), is_error=False)


def _result(call: Block, text: str, *, is_error: bool) -> Block:
    # Fenced text is redacted and within its size already.
    content = capped(text) if is_error else text
    return {"type": "tool_result", "tool_use_id": call["id"], "content": content, "is_error": is_error}


def _listed(beginning: str, problems: Sequence[str]) -> str:
    return "\n".join([beginning, *(f"- {problem}" for problem in problems)])


def _text(text: str) -> Block:
    return {"type": "text", "text": text}
