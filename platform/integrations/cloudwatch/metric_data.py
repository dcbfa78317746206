"""The values of one metric over time."""

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from core.errors import PlatformError, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.literals import StatisticType


class MetricRefused(PlatformError):
    """CloudWatch does not give the metric; the text says why."""


def metric_values(
    namespace: str, name: str, *, statistic: "StatisticType", period_seconds: int, since: datetime, until: datetime
) -> list[tuple[datetime, float]]:
    """Return time and value of each period with data, oldest first. Raises Unavailable and MetricRefused."""
    try:
        answer = _client().get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            StartTime=since,
            EndTime=until,
            Period=period_seconds,
            Statistics=[statistic],
        )
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = error.response["Error"]["Code"]
        if status >= 500 or code.startswith("Throttl"):
            raise Unavailable("cloudwatch", f"reading {namespace}/{name}: {code}") from error
        raise MetricRefused(f"CloudWatch does not give {namespace}/{name}: {error}") from error
    except BotoCoreError as error:
        raise Unavailable("cloudwatch", f"reading {namespace}/{name}: {error}") from error
    return sorted((point["Timestamp"], float(point[statistic])) for point in answer["Datapoints"])


@cache
def _client() -> "CloudWatchClient":
    config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 3})
    return boto3.Session(region_name=settings.ENV.aws_region).client(
        "cloudwatch", endpoint_url=settings.ENV.aws_endpoint_url, config=config
    )
