"""An installation of its own for a bench: embedded services in a new directory, removed afterwards."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from config import embedded
from config.env import BASE_DIR, Env
from config.processes import PYTHON, free_port
from integrations.sns.signer import LocalSigner

OUTSIDE = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "ALLOWED_HOSTS", "SNS_TOPIC_ARNS")


class Scratch:
    """Where a bench runs its processes, and what it finds in their database."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        changes = {"data_dir": directory, "port": free_port(), "database_url": None, "redis_url": None}
        self.env: Env = settings.ENV.model_copy(update={**changes, "public_url": ""})

    def environment(self) -> dict[str, str]:
        """Return the environment of the bench's processes: the caller's, pointed at this directory."""
        path = f"{BASE_DIR / 'platform'}{os.pathsep}{BASE_DIR}"
        kept = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
        return {
            **kept,
            "DATA_DIR": str(self.directory),
            "PORT": str(self.env.port),
            "PYTHONPATH": path,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def manage(self, *arguments: str, **settings: str) -> None:
        """Run a management command here, and end it in good order if we are ended. Raises CalledProcessError."""
        command = [PYTHON, "manage.py", *arguments]
        # A session of its own: Ctrl-C is for this process, and what the command runs is for the command to end.
        process = subprocess.Popen(
            command, cwd=BASE_DIR, env={**self.environment(), **settings}, start_new_session=True
        )
        try:
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if code:
            raise subprocess.CalledProcessError(code, command)

    def shell(self, code: str, **settings: str) -> None:
        """Run Python with Django set up here, and with further settings."""
        self.manage("shell", "--verbosity", "0", "-c", code, **settings)

    def value(self, query: str) -> Any:
        """Return the one value that a query of the database gives."""
        with psycopg.connect(embedded.database_url(self.directory)) as connection:
            row = connection.execute(query).fetchone()
        return row[0] if row else None

    def send(self, url: str, bodies: Path, *arguments: str) -> dict[str, Any]:
        """Send a file of bodies by the load generator and return what came of it."""
        done = subprocess.run(
            [PYTHON, "-m", "config.benches.load", url, str(bodies), *arguments],
            env=self.environment(),
            check=True,
            stdout=subprocess.PIPE,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def notifications(self, count: int, *, alarms: int, prefix: str = "bench-errors") -> Path:
        """Write signed notifications of `count` state changes of so many alarms, one a line."""
        [topic_arn] = embedded.SNS_TOPIC_ARNS
        signer = LocalSigner(self.directory / "sns")
        began = datetime.now(UTC) - timedelta(minutes=10)
        path = self.directory / f"bodies-{uuid.uuid4().hex[:8]}"
        with path.open("wb") as file:
            for number in range(count):
                document = alarm_document(f"{prefix}-{number % alarms}", began + timedelta(milliseconds=number))
                body = signer.notification(
                    topic_arn=topic_arn, subject=f'ALARM: "{document["AlarmName"]}"', message=json.dumps(document)
                )
                file.write(json.dumps(json.loads(body)).encode() + b"\n")
        return path


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Yield an empty, migrated installation under the temporary directory."""
    place = Scratch(Path(tempfile.mkdtemp(prefix="ap-bench-")))
    holder = subprocess.Popen(
        [PYTHON, "-c", _HOLD],
        env=place.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        if holder.stdout is None or holder.stdout.readline() != b"up\n":
            raise RuntimeError("the embedded services of the bench do not start")
        place.manage("migrate", "--verbosity", "0")
        yield place
    finally:
        holder.communicate()
        shutil.rmtree(place.directory, ignore_errors=True)


# Keeps the services up until its input is closed, and is the last to leave.
_HOLD = """
import sys
from config import embedded, env
embedded.use(env.load())
print("up", flush=True)
sys.stdin.read()
"""


def alarm_document(name: str, changed_at: datetime) -> dict[str, Any]:
    """Return what CloudWatch sends when the alarm `name` goes off at `changed_at`."""
    return {
        "AlarmName": name,
        "AlarmDescription": "Errors that were logged",
        "AWSAccountId": "123456789012",
        "AlarmConfigurationUpdatedTimestamp": "2026-02-02T12:06:35.472+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 1 datapoint [3.0] was greater than the threshold (0.0).",
        "StateChangeTime": changed_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}",
        "OldStateValue": "OK",
        "OKActions": [],
        "AlarmActions": list(embedded.SNS_TOPIC_ARNS),
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "Errors",
            "Namespace": "Bench",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [],
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def say(text: str) -> None:
    """Tell a person on standard error what the bench does now."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
