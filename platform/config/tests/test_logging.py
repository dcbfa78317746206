"""Log lines: structured, and without secrets."""

import logging
import logging.config

import pytest
import structlog
from django.conf import settings


@pytest.mark.parametrize("name", ["SECRET_KEY", "GITHUB_WEBHOOK_SECRET"])
def test_a_log_line_never_holds_a_secret_of_this_installation(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = getattr(settings, name)
    logging.config.dictConfig(settings.LOGGING)

    structlog.get_logger("ours").warning("odd.value", value=f"it was {secret}!")
    logging.getLogger("a.library").warning("it was %s!", secret)

    written = capsys.readouterr().err
    assert "odd.value" in written
    assert written.count("[redacted:secret]") == 2
    assert secret not in written
