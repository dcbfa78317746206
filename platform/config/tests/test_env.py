"""Settings from the environment: typed, and a mistake is one sentence."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import env
from config.database_url import parse


@pytest.fixture(autouse=True)
def fresh_environment() -> Iterator[None]:
    env.load.cache_clear()
    yield
    env.load.cache_clear()


def test_no_setting_is_needed() -> None:
    settings = env.load()

    assert settings.is_embedded
    assert settings.address == "http://127.0.0.1:8000"


def test_an_unknown_setting_is_refused_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_RUNER", "docker")

    with pytest.raises(env.BadEnvironment, match=r"SANDBOX_RUNER is unknown\. Did you mean SANDBOX_RUNNER\?"):
        env.load()


def test_a_bad_value_is_refused_with_its_name_and_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eighty")

    with pytest.raises(env.BadEnvironment, match=r"the setting PORT is 'eighty': .*Change it"):
        env.load()


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNS_TOPIC_ARNS", "arn:aws:sns:eu-west-1:1:a, arn:aws:sns:eu-west-1:1:b")

    assert env.load().sns_topic_arns == ["arn:aws:sns:eu-west-1:1:a", "arn:aws:sns:eu-west-1:1:b"]


def test_a_secret_never_shows_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-very-secret")

    assert "very-secret" not in repr(env.load())


def test_a_secret_may_be_a_file_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(env, "SECRETS_DIR", tmp_path)
    (tmp_path / "anthropic_api_key").write_text("of-the-file\n")
    (tmp_path / "github_token").write_text("of-the-file")
    (tmp_path / "something_else").write_text("not ours")
    monkeypatch.setenv("GITHUB_TOKEN", "of-the-environment")

    settings = env.load()

    assert settings.anthropic_api_key and settings.anthropic_api_key.get_secret_value() == "of-the-file"
    assert settings.github_token and settings.github_token.get_secret_value() == "of-the-environment"


def test_a_database_url_becomes_djangos_settings() -> None:
    found = parse("postgresql://ada:p%40ss@db.example:5433/platform?sslmode=require")

    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"]) == (
        "ada",
        "p@ss",
        "db.example",
        "5433",
        "platform",
    )
    assert found["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize("url", ["mysql://x/y", "not a url", "postgresql://host-only"])
def test_what_is_not_a_postgresql_url_is_refused_with_the_right_form(url: str) -> None:
    with pytest.raises(env.BadEnvironment, match="Write it as postgresql://"):
        parse(url)
