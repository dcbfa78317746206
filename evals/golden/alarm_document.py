"""Alarm documents and SNS envelopes in the shapes that CloudWatch and SNS have published over the years."""

import base64
import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

ACCOUNT = "123456789012"
REGIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-west-2": "US West (Oregon)",
    "eu-west-1": "EU (Ireland)",
    "eu-central-1": "EU (Frankfurt)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "sa-east-1": "South America (Sao Paulo)",
}

# Short name: namespace, metric, statistic, unit, name of the dimension that `:argument` or the service fills.
METRICS = {
    "alb-5xx": ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "SUM", "Count", "LoadBalancer"),
    "alb-latency": ("AWS/ApplicationELB", "TargetResponseTime", "p99", None, "LoadBalancer"),
    "apigw-4xx": ("AWS/ApiGateway", "4XXError", "SUM", "Count", "ApiName"),
    "apigw-5xx": ("AWS/ApiGateway", "5XXError", "SUM", "Count", "ApiName"),
    "cwagent-disk": ("CWAgent", "disk_used_percent", "MAXIMUM", "Percent", "path"),
    "eb-health": ("AWS/ElasticBeanstalk", "EnvironmentHealth", "MAXIMUM", None, "EnvironmentName"),
    "ecs-cpu": ("AWS/ECS", "CPUUtilization", "AVERAGE", "Percent", "ServiceName"),
    "ecs-memory": ("AWS/ECS", "MemoryUtilization", "MAXIMUM", "Percent", "ServiceName"),
    "lambda-duration": ("AWS/Lambda", "Duration", "MAXIMUM", "Milliseconds", "FunctionName"),
    "lambda-errors": ("AWS/Lambda", "Errors", "SUM", "Count", "FunctionName"),
    "lambda-invocations": ("AWS/Lambda", "Invocations", "SUM", "Count", "FunctionName"),
    "lambda-throttles": ("AWS/Lambda", "Throttles", "SUM", "Count", "FunctionName"),
    "rds-connections": ("AWS/RDS", "DatabaseConnections", "MAXIMUM", "Count", "DBInstanceIdentifier"),
    "rds-replica-lag": ("AWS/RDS", "ReplicaLag", "MAXIMUM", "Seconds", "DBInstanceIdentifier"),
    "rds-storage": ("AWS/RDS", "FreeStorageSpace", "MINIMUM", "Bytes", "DBInstanceIdentifier"),
    "route53-health": ("AWS/Route53", "HealthCheckStatus", "MINIMUM", "None", "HealthCheckId"),
    "sqs-age": ("AWS/SQS", "ApproximateAgeOfOldestMessage", "MAXIMUM", "Seconds", "QueueName"),
    "sqs-visible": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "MAXIMUM", "Count", "QueueName"),
    "waf-blocked": ("AWS/WAFV2", "BlockedRequests", "SUM", "Count", "WebACL"),
}


def alarm_document(
    *,
    name: str,
    description: str | None,
    metric: str,
    service: str,
    region: str,
    threshold: float,
    is_under: bool,
    values: Sequence[float],
    changed_at: datetime,
    reason: str,
    dice: random.Random,
) -> dict[str, Any]:
    """Return the alarm as its topic receives it; `metric` is a key of METRICS or kind:argument, see `_trigger`."""
    old = "INSUFFICIENT_DATA" if dice.random() < 0.12 else "OK"
    document: dict[str, Any] = {
        "AlarmName": name,
        "AlarmDescription": description,
        "AWSAccountId": ACCOUNT,
        "NewStateValue": "ALARM",
        "NewStateReason": "",
        "StateChangeTime": changed_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{dice.randint(0, 999):03d}+0000",
        "Region": REGIONS[region],
        "AlarmArn": f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}",
        "OldStateValue": old,
    }
    kind, _, argument = metric.partition(":")
    if kind == "composite":
        children = [f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{child}" for child in argument.split(",")]
        document["NewStateReason"] = reason or (
            f"{children[0]} transitioned to ALARM at {changed_at:%A %d %B, %Y %H:%M:%S} UTC"
        )
        document["AlarmRule"] = " OR ".join(f"ALARM({child})" for child in children)
        state = {"Value": "ALARM", "Timestamp": document["StateChangeTime"]}
        document["TriggeringChildren"] = [{"Arn": children[0], "State": state}]
        return document
    period = dice.choice([60, 60, 300])
    periods = max(len(values), 1) if values else 3
    document["NewStateReason"] = reason or _reason(
        kind, values, threshold, is_under=is_under, old=old, changed_at=changed_at, period=period, dice=dice
    )
    document["Trigger"] = _trigger(
        kind, argument, service, period, periods, threshold, is_under=is_under, is_missing=not values
    )
    shape = dice.random()
    if shape < 0.15:  # until about 2019 there was no ARN
        del document["AlarmArn"]
    elif shape < 0.55:  # since 2021
        document["AlarmConfigurationUpdatedTimestamp"] = "2026-01-13T09:21:07.114+0000"
        document["OKActions"] = []
        document["AlarmActions"] = [topic_arn(region)]
        document["InsufficientDataActions"] = []
    return document


def notification(
    document: Mapping[str, Any], *, region: str, sent_at: datetime, dice: random.Random
) -> dict[str, Any]:
    """Return the SNS envelope. Its signature has the right form and no key behind it: nothing verifies it."""
    signature = base64.b64encode(dice.randbytes(256)).decode()
    identifier = f"{dice.getrandbits(128):032x}"
    parts = (identifier[:8], identifier[8:12], "5" + identifier[13:16], "8" + identifier[17:20], identifier[20:])
    return {
        "Type": "Notification",
        "MessageId": "-".join(parts),
        "TopicArn": topic_arn(region),
        "Subject": f'ALARM: "{document["AlarmName"]}" in {document["Region"]}'[:100],
        "Message": json.dumps(document, ensure_ascii=False, separators=(",", ":")),
        "Timestamp": sent_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{dice.randint(0, 999):03d}Z",
        "SignatureVersion": "1",
        "Signature": signature,
        "SigningCertURL": f"https://sns.{region}.amazonaws.com/SimpleNotificationService-{identifier}.pem",
        "UnsubscribeURL": f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={topic_arn(region)}",
    }


def topic_arn(region: str) -> str:
    return f"arn:aws:sns:{region}:{ACCOUNT}:alarms"


def _trigger(
    kind: str,
    argument: str,
    service: str,
    period: int,
    periods: int,
    threshold: float,
    *,
    is_under: bool,
    is_missing: bool,
) -> dict[str, Any]:
    comparison = "LessThanThreshold" if is_under else "GreaterThanThreshold"
    limits = {"EvaluationPeriods": periods, "ComparisonOperator": comparison, "Threshold": float(threshold)}
    missing = {
        "TreatMissingData": "breaching" if is_missing else "missing",
        "EvaluateLowSampleCountPercentile": "",
    }
    if kind == "math":
        expression, namespace = argument.rsplit(":", 1)
        return {
            "Period": period,
            **limits,
            **missing,
            "Metrics": [
                {"Id": "e1", "Expression": expression, "Label": "rate", "ReturnData": True},
                _query("failed", namespace, "Failed", period),
                _query("attempted", namespace, "Attempted", period),
            ],
        }
    if kind == "anomaly":
        namespace, name = argument.split(":")
        return {
            "Period": period,
            "EvaluationPeriods": periods,
            "ComparisonOperator": "LessThanLowerThreshold",
            "ThresholdMetricId": "ad1",
            **missing,
            "Metrics": [
                _query("m1", namespace, name, period),
                {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "Label": f"{name} (expected)"},
            ],
        }
    dimensions: list[dict[str, str]]
    unit: str | None
    if kind == "custom":
        namespace, name, statistic, unit = argument.split(":")
        dimensions = [{"value": service, "name": "Service"}]
    elif kind == "logs":
        namespace, name = argument.split(":")
        statistic, unit, dimensions = "Sum", "None", []
    else:
        namespace, name, statistic, unit, dimension = METRICS[kind]
        dimensions = [{"value": argument or f"app/{service}/50dc6c495c0c9188", "name": dimension}]
    own = {"MetricName": name, "Namespace": namespace}
    if statistic.startswith("p"):
        own |= {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": statistic}
    else:
        own |= {"StatisticType": "Statistic", "Statistic": statistic.upper()}
    return {**own, "Unit": unit, "Dimensions": dimensions, "Period": period, **limits, **missing}


def _query(identifier: str, namespace: str, name: str, period: int) -> dict[str, Any]:
    metric = {"MetricName": name, "Namespace": namespace, "Dimensions": []}
    stat = {"Metric": metric, "Period": period, "Stat": "Sum"}
    return {"Id": identifier, "MetricStat": stat, "ReturnData": identifier == "m1"}


def _reason(
    kind: str,
    values: Sequence[float],
    threshold: float,
    *,
    is_under: bool,
    old: str,
    changed_at: datetime,
    period: int,
    dice: random.Random,
) -> str:
    if not values:
        return (
            "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were "
            "treated as [Breaching]."
        )
    side = "less than" if is_under else "greater than"
    times = [changed_at - timedelta(seconds=period * (index + 1)) for index in range(len(values))]
    points = ", ".join(
        f"{float(value)} ({at:%d/%m/%y %H:%M}:00)" for value, at in zip(reversed(values), times, strict=True)
    )
    many = len(values)
    if kind == "anomaly":
        lower = ", ".join(f"{float(threshold) + dice.randint(0, 40)}" for _ in values)
        return (
            f"Thresholds Crossed: {many} out of the last {many} datapoints [{points}] were less than the lower "
            f"thresholds [{lower}] (minimum {many} datapoints for {old} -> ALARM transition)."
        )
    if dice.random() < 0.25:
        verb = "datapoint" if many == 1 else "datapoints"
        was = "was" if many == 1 else "were"
        return f"Threshold Crossed: {many} {verb} [{points}] {was} {side} the threshold ({float(threshold)})."
    noun = "datapoint" if many == 1 else "datapoints"
    return (
        f"Threshold Crossed: {many} out of the last {many} datapoints [{points}] was {side} the threshold "
        f"({float(threshold)}) (minimum {many} {noun} for {old} -> ALARM transition)."
    )
