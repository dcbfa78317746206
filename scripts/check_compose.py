"""Play production's side for a compose stack that runs: seed a service, raise its alarm, watch what comes of it.

`python -m scripts.check_compose ENV_FILE SIGNER_DIRECTORY`, which scripts/check_compose.sh calls.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from config.demo import scenario
from config.demo.outside import Production
from integrations.sns.signer import LocalSigner

UP_SECONDS = 90
STORY_SECONDS = 300
# The fix was written, has passed in the sandbox and was reviewed.
PROVEN = ("awaiting_approval", "opening_pr", "pr_open", "monitoring")
SEED = (
    "from config.demo import scenario, seed; played = scenario.load(); "
    "seed.demo_reset(played); seed.repository_import(played)"
)


def main(env_file: Path, signer: Path) -> None:
    env = dict(line.split("=", 1) for line in env_file.read_text().splitlines())
    address = f"http://{env['PUBLISH']}"
    _wait_for("every check of /readyz", UP_SECONDS, lambda: _is_ready(f"{address}/readyz"))
    _wait_for("the live feed", UP_SECONDS, lambda: _is_ready(f"http://{env['PUBLISH_LIVE']}/readyz"))
    print(json.dumps(httpx.get(f"{address}/readyz", timeout=10).json()["checks"]))
    _in_container("web", "python", "manage.py", "shell", "-c", SEED)

    played = scenario.load()
    production = Production(
        played,
        endpoint_url=f"http://{env['PUBLISH_CLOUDWATCH']}",
        region="us-east-1",
        topic_arn=env["SNS_TOPIC_ARNS"],
    )
    production.set_up()
    alarm = production.fail(played.incidents[0])
    body = LocalSigner(signer).notification(topic_arn=env["SNS_TOPIC_ARNS"], subject="ALARM", message=alarm)
    webhook = f"{address}/webhooks/sns/"
    _must(httpx.post(webhook, content=body.replace(b"orders", b"others"), timeout=15).status_code == 403, "forged")
    _must(httpx.post(webhook, content=body, timeout=15).status_code == 200, "the signed alarm was not taken")

    seen: list[str] = []

    def is_proven() -> bool:
        now = [status for status, count in _incidents(address, env["METRICS_TOKEN"]).items() if count]
        for status in now:
            if status not in seen:
                seen.append(status)
                print(f"the incident is {status}")
        _must("needs_human" not in now, "the incident needs a person")
        return any(status in PROVEN for status in now)

    begun = time.monotonic()
    _wait_for("a fix that passed", STORY_SECONDS, is_proven)
    print(f"COMPOSE OK: from the alarm to a reviewed fix in {time.monotonic() - begun:.0f} s")


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(address, timeout=10).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _incidents(address: str, token: str) -> dict[str, float]:
    """Return how many incidents are in each status, as Prometheus would read it."""
    answer = httpx.get(f"{address}/metrics", headers={"Authorization": f"Bearer {token}"}, timeout=15)
    return {
        sample.labels["status"]: sample.value
        for family in text_string_to_metric_families(answer.raise_for_status().text)
        if family.name == "agent_platform_incidents"
        for sample in family.samples
    }


def _in_container(service: str, *command: str) -> None:
    """Run a command where a service runs."""
    listed = subprocess.run(
        ["docker", "ps", "-q", "-f", f"name={os.environ['PROJECT']}[_-]{service}[_-]1"],
        capture_output=True,
        text=True,
        check=True,
    )
    subprocess.run(["docker", "exec", listed.stdout.split()[0], *command], check=True, timeout=90)


def _wait_for(what: str, seconds: float, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        _must(time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s")
        time.sleep(0.5)


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        sys.exit(f"check_compose: {otherwise}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
