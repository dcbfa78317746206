"""docker-compose.yml: what is set for it reaches the processes."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from config.env import Env

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = ("web", "live", "worker", "sandbox", "beat")
# The image or this file says where things are, and the engine is the host's own, by its socket.
SAID_HERE = {"DATA_DIR", "HOST", "PORT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "SANDBOX_CACHE_DIR"}
NEVER_IN_A_DEPLOYMENT = {"DEBUG", "SANDBOX_ALLOW_UNISOLATED", "SNS_LOCAL_CERTIFICATE"}


def environments() -> dict[str, dict[str, Any]]:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return {name: services[name]["environment"] for name in PROCESSES}


def test_every_setting_reaches_a_process() -> None:
    passed = {name for environment in environments().values() for name in environment}

    assert {name.upper() for name in Env.model_fields} - passed == SAID_HERE | NEVER_IN_A_DEPLOYMENT


def test_the_page_and_the_metrics_know_the_budget_that_the_worker_keeps_to() -> None:
    for name, environment in environments().items():
        assert "MODEL_BUDGET_USD_PER_DAY" in environment, name


@pytest.mark.parametrize("key", ["ANTHROPIC_API_KEY", "VOYAGE_API_KEY"])
def test_only_the_worker_holds_the_key_of_a_model(key: str) -> None:
    assert [name for name, given in environments().items() if key in given] == ["worker"]


@pytest.mark.parametrize("secret", ["OIDC_CLIENT_SECRET", "NOTIFY_URLS", "NOTIFY_ESCALATION_URLS"])
def test_what_runs_tests_of_strangers_holds_no_secret_that_it_does_not_use(secret: str) -> None:
    assert [name for name, given in environments().items() if secret not in given] == ["sandbox"]
