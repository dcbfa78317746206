"""One trace for each incident: stage > agent > generation and tool, with tokens and cost.

Langfuse's mask does not see an exception's text and stack, so no exception leaves an observation: it is noted,
redacted, and raised again outside.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from langfuse import Langfuse

from core.model import Reply
from core.redact import redact

LONGEST_TEXT = 50_000


class Traces:
    """Begins the spans of stages; agents are heard through what `listener` returns."""

    def __init__(self, client: Langfuse, *, installation: str) -> None:
        self._client = client
        self._installation = installation

    def trace_id(self, incident_id: int) -> str:
        """Return the id of the incident's trace, the same in every process (32 hex digits)."""
        return str(Langfuse.create_trace_id(seed=f"{self._installation}/incident-{incident_id}"))

    @contextmanager
    def stage(self, *, incident_id: int, name: str, **about: Any) -> Iterator[None]:
        """Put what happens inside under a span of the incident's trace."""
        started: dict[str, Any] = {"trace_context": {"trace_id": self.trace_id(incident_id)}, "metadata": about}
        with self._observed(as_type="span", name=name, **started):
            yield

    def listener(self) -> "AgentTrace":
        """Return what hears an agent inside a stage's span."""
        return AgentTrace(self._observed)

    def accepts_keys(self) -> bool:
        """Return whether Langfuse knows our keys; asks it, so never on the way of an incident."""
        return bool(self._client.auth_check())

    def flush(self) -> None:
        """Send what is buffered; a Langfuse that does not answer is logged by its SDK and costs its timeout."""
        self._client.flush()

    @contextmanager
    def _observed(self, **started: Any) -> Iterator[Any]:
        failure: BaseException | None = None
        with self._client.start_as_current_observation(**started) as observation:
            try:
                yield observation
            except BaseException as error:  # noqa: BLE001  # raised again below, outside the observation
                failure = error
                observation.update(
                    level="ERROR", status_message=redact(f"{type(error).__name__}: {error}")[:1_000]
                )
        if failure is not None:
            raise failure


class AgentTrace:
    """Listens to one agent run (agents.runtime.listening.Listener)."""

    def __init__(self, observed: Any) -> None:
        self._observed = observed

    @contextmanager
    def agent_run(self, *, agent: str) -> Iterator[None]:
        with self._observed(as_type="agent", name=agent):
            yield

    @contextmanager
    def model_call(
        self, *, model: str, system: str, messages: Sequence[Mapping[str, Any]]
    ) -> Iterator["_Generation"]:
        # Only what is new in this turn: the rest is in the generations before it.
        asked = list(messages[-1:]) if len(messages) > 1 else [{"role": "system", "content": system}, *messages]
        with self._observed(as_type="generation", name=model, model=model, input=asked) as observation:
            yield _Generation(observation)

    @contextmanager
    def tool_call(self, *, name: str, arguments: Mapping[str, Any]) -> Iterator["_ToolCall"]:
        with self._observed(as_type="tool", name=redact(name), input=dict(arguments)) as observation:
            yield _ToolCall(observation)


class _Generation:
    def __init__(self, observation: Any) -> None:
        self._observation = observation

    def text(self, words_so_far: str) -> None:
        """Take no note: the whole reply follows."""

    def replied(self, reply: Reply) -> None:
        usage = reply.usage
        self._observation.update(
            output=list(reply.content),
            model=reply.model,
            metadata={"stop_reason": reply.stop_reason},
            usage_details={
                "input": usage.input_tokens,
                "output": usage.output_tokens,
                "cache_read_input_tokens": usage.cache_read_tokens,
                "cache_creation_input_tokens": usage.cache_write_tokens,
            },
            cost_details={"total": float(reply.cost_usd)},
        )


class _ToolCall:
    def __init__(self, observation: Any) -> None:
        self._observation = observation

    def answered(self, text: str, *, is_error: bool) -> None:
        self._observation.update(output=text[:LONGEST_TEXT], level="ERROR" if is_error else "DEFAULT")
