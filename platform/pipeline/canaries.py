"""A synthetic alarm on a schedule, all the way to a verdict: a stage that died in silence is found in minutes.

It enters where every alarm does, as a signed notification: through the topic itself where there is AWS, else
signed by the local key of the embedded mode. What counts is the verdict's age: a dead beat shows as well.
"""

import json
import time
from datetime import datetime, timedelta
from http import HTTPStatus

import httpx
import structlog
from django.conf import settings
from django.utils import timezone
from redis.exceptions import RedisError

from core.errors import PlatformError
from core.shared_store import shared_store
from incidents.canary import CANARY
from incidents.choices import Status
from incidents.models import Incident, Transition
from integrations.notify.client import NotifyFailed, notify
from integrations.sns.client import publish
from integrations.sns.signer import LocalSigner
from pipeline.canary_service import canary_service_ensure

logger = structlog.get_logger(__name__)

# A run takes seconds; a busy sandbox may keep it waiting for minutes.
PATIENCE = timedelta(minutes=10)
TOLD = "canary:told"
_STARTED_AT = timezone.now()


class CanaryNotSent(PlatformError):
    """The canary's alarm did not get in; the text says what was answered."""


def canary_send() -> str:
    """Let the canary's alarm go off and return its name. Raises CanaryNotSent, Unavailable."""
    canary_service_ensure()
    now = timezone.now()
    alarm = f"agent-platform-canary-{now:%Y%m%d-%H%M%S-%f}"
    if not settings.SNS_TOPIC_ARNS:
        raise CanaryNotSent("SNS_TOPIC_ARNS names no topic, so no alarm can come in: the canary's neither.")
    topic_arn = min(settings.SNS_TOPIC_ARNS)
    document = json.dumps(_document(alarm, now, topic_arn))
    if settings.ENV.is_embedded:
        _deliver(
            LocalSigner(settings.ENV.data_dir / "sns").notification(
                topic_arn=topic_arn, subject=alarm, message=document
            )
        )
    else:
        publish(topic_arn=topic_arn, subject=alarm, message=document)
    return alarm


def canary_problem() -> str:
    """Return why the newest verdict of a canary is missing or too old, or an empty text; for `/readyz`, too.

    A process that has just started waits as long as a canary may take before it says that there is none.
    """
    minutes = settings.ENV.canary_minutes
    if not minutes:
        return ""
    allowed = timedelta(minutes=minutes) + PATIENCE
    last = last_verdict_at()
    if timezone.now() - max(last or _STARTED_AT, _STARTED_AT) <= allowed:
        return ""
    newest = Incident.objects.filter(service__name=CANARY).order_by("-id").first()
    where = (
        f"The newest one is {newest.status}: {newest.status_reason or 'no reason given'}"
        if newest
        else ("None has come in: are beat, the topic and the webhook alive?")
    )
    since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "yet"
    return f"No canary has come to its verdict {since}, and one is due every {minutes} minutes. {where}"


def canary_watch() -> bool:
    """Tell people once when the canary is missing, and once when it is back; return whether it is well."""
    problem = canary_problem()
    try:
        told = shared_store().get(TOLD)
        if problem and not told:
            _tell("The canary of the alarm pipeline is missing", problem)
            shared_store().set(TOLD, problem[:500])
        elif told and not problem:
            _tell("The canary of the alarm pipeline is back", "The last one came to its verdict in time.")
            shared_store().delete(TOLD)
    except RedisError as error:
        # Without Redis nobody knows who was told: twice is better than never.
        logger.warning("canary.not_shared", error=str(error))
        if problem:
            _tell("The canary of the alarm pipeline is missing", problem)
    return not problem


def last_verdict_at() -> datetime | None:
    """Return when a canary last came to its verdict."""
    verdicts = Transition.objects.filter(incident__service__name=CANARY, target=Status.RESOLVED)
    return verdicts.order_by("-id").values_list("at", flat=True).first()


def canary_wait(alarm: str, *, seconds: float) -> Incident | None:
    """Return the alarm's incident once it has ended or waits for a person; as it is after `seconds`, or None."""
    until = time.monotonic() + seconds
    while True:
        incident = Incident.objects.filter(title=alarm).first()
        is_over = incident is not None and incident.status in (Status.RESOLVED, Status.NEEDS_HUMAN, Status.CLOSED)
        if is_over or time.monotonic() > until:
            return incident
        time.sleep(0.2)


def _deliver(body: bytes) -> None:
    try:
        answer = httpx.post(
            f"{settings.ENV.address}/webhooks/sns/",
            content=body,
            headers={"Content-Type": "text/plain"},
            timeout=15,
        )
    except httpx.HTTPError as error:
        raise CanaryNotSent(f"the webhook does not answer: {error}") from error
    if answer.status_code != HTTPStatus.OK:
        raise CanaryNotSent(f"the webhook answered {answer.status_code}: {answer.text[:300]}")


def _tell(title: str, body: str) -> None:
    logger.warning("canary.told", title=title, reason=body)
    for url in settings.ENV.notify_urls.get_secret_value().split():
        try:
            notify(url, title=title, body=body)
        except NotifyFailed as error:
            logger.warning("canary.not_told", error=str(error))


def _document(alarm: str, now: datetime, topic_arn: str) -> dict[str, object]:
    region, account = topic_arn.split(":")[3:5]
    return {
        "AlarmName": alarm,
        "AlarmDescription": "Synthetic: orders without parcels. It proves that alarms come to a verdict.",
        "AWSAccountId": account,
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: the canary is due.",
        "StateChangeTime": now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
        "Region": region,
        "AlarmArn": f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm}",
        "OldStateValue": "OK",
        "Trigger": {
            "MetricName": "Canary",
            "Namespace": "AgentPlatform",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Dimensions": [],
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0.0,
        },
    }
