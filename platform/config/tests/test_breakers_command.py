import pytest
from django.core.management import CommandError, call_command

from core.errors import Unavailable
from core.resilience.breaker import guarded


def test_a_person_sees_an_open_breaker_and_closes_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Unavailable), guarded("github"):
        raise Unavailable("github", "rate limit used up", retry_after_seconds=600)

    call_command("breakers")
    shown = capsys.readouterr().out
    call_command("breakers", "--reset", "github")
    after = capsys.readouterr().out

    assert "github: open, to be tried again at" in shown
    assert "rate limit used up" in shown
    assert "anthropic: closed" in shown
    assert "github: closed" in after


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CommandError, match="anthropic, github, cloudwatch"):
        call_command("breakers", "--reset", "githib")
