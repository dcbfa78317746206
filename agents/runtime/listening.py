"""Who hears what an agent does while it does it: the live feed and the traces. Listening changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Protocol

from core.model import Reply


class CallHeard(Protocol):
    """One model call as it goes on."""

    def text(self, words_so_far: str) -> None:
        """Hear the words of the reply so far; a call that is tried again begins anew."""
        ...

    def replied(self, reply: Reply) -> None: ...


class ToolHeard(Protocol):
    """One tool call as it goes on."""

    def answered(self, text: str, *, is_error: bool) -> None: ...


class Listener(Protocol):
    """Hears one agent run. Errors that leave a block are heard by it as well."""

    def agent_run(self, *, agent: str) -> AbstractContextManager[None]: ...

    def model_call(
        self, *, model: str, system: str, messages: Sequence[Mapping[str, Any]]
    ) -> AbstractContextManager[CallHeard]: ...

    def tool_call(self, *, name: str, arguments: Mapping[str, Any]) -> AbstractContextManager[ToolHeard]: ...


class Silence:
    """Nobody listens."""

    @contextmanager
    def agent_run(self, **_run: Any) -> Iterator[None]:
        yield

    @contextmanager
    def model_call(self, **_call: Any) -> Iterator[CallHeard]:
        yield _Nobody()

    @contextmanager
    def tool_call(self, **_call: Any) -> Iterator[ToolHeard]:
        yield _Nobody()


class Listeners:
    """Several listeners as one."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    @contextmanager
    def agent_run(self, *, agent: str) -> Iterator[None]:
        with ExitStack() as stack:
            for listener in self._listeners:
                stack.enter_context(listener.agent_run(agent=agent))
            yield

    @contextmanager
    def model_call(self, *, model: str, system: str, messages: Sequence[Mapping[str, Any]]) -> Iterator[CallHeard]:
        with ExitStack() as stack:
            yield _AllHear(
                [
                    stack.enter_context(listener.model_call(model=model, system=system, messages=messages))
                    for listener in self._listeners
                ]
            )

    @contextmanager
    def tool_call(self, *, name: str, arguments: Mapping[str, Any]) -> Iterator[ToolHeard]:
        with ExitStack() as stack:
            yield _AllHearTool(
                [
                    stack.enter_context(listener.tool_call(name=name, arguments=arguments))
                    for listener in self._listeners
                ]
            )


class _Nobody:
    def text(self, words_so_far: str) -> None:
        """Hear nothing."""

    def replied(self, reply: Reply) -> None:
        """Hear nothing."""

    def answered(self, text: str, *, is_error: bool) -> None:
        """Hear nothing."""


class _AllHear:
    def __init__(self, calls: Sequence[CallHeard]) -> None:
        self._calls = calls

    def text(self, words_so_far: str) -> None:
        for call in self._calls:
            call.text(words_so_far)

    def replied(self, reply: Reply) -> None:
        for call in self._calls:
            call.replied(reply)


class _AllHearTool:
    def __init__(self, calls: Sequence[ToolHeard]) -> None:
        self._calls = calls

    def answered(self, text: str, *, is_error: bool) -> None:
        for call in self._calls:
            call.answered(text, is_error=is_error)
