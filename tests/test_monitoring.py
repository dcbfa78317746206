"""Alert rules and dashboard: promtool accepts them, and every metric that they name is one that is exported."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

MONITORING = Path(__file__).resolve().parent.parent / "deploy" / "monitoring"
NAMED = re.compile(r"agent_platform_\w+")
SUFFIX = re.compile(r"_(?:count|bucket|sum|total)$")


def promtool(*arguments: str) -> str:
    """Run promtool; skip where there is none (Debian has it in the package prometheus)."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    done = subprocess.run([found, *arguments], cwd=MONITORING, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_accepts_the_rules() -> None:
    assert "SUCCESS" in promtool("check", "rules", "alerts.yml")


def test_the_rules_raise_the_alerts_that_they_should_and_no_others() -> None:
    assert "SUCCESS" in promtool("test", "rules", "alerts.test.yml")


def test_promtool_accepts_the_scrape_configuration() -> None:
    promtool("check", "config", "--syntax-only", "prometheus.yml")


@pytest.mark.django_db
def test_every_metric_that_is_watched_or_shown_is_exported() -> None:
    # A family without rows has no samples yet, but it is there with its documentation.
    text = Client().get("/metrics").content.decode()
    exported = {family.name for family in text_string_to_metric_families(text)}
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"][0]["rules"]
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    expressions = [rule["expr"] for rule in rules]
    expressions += [target["expr"] for panel in panels for target in panel["targets"]]

    named = {SUFFIX.sub("", name) for expression in expressions for name in NAMED.findall(expression)}

    assert len(named) > 15
    assert named <= exported
