"""Every shape of alarm document that was ever seen is read, and nothing else is taken for one."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.cloudwatch.alarm import Alarm, Metric, parse_alarm

SAMPLES = Path(__file__).parent / "samples"

# file: state, old state, region (empty without an AlarmArn), metrics as namespace/name
EXPECTED = {
    "01_s3_bucketsize_ALARM": ("ALARM", "INSUFFICIENT_DATA", "", ["AWS/S3/BucketSizeBytes"]),
    "02_sns_insufficient_data": ("INSUFFICIENT_DATA", "ALARM", "", ["AWS/SNS/NumberOfNotificationsDelivered"]),
    "03_ec2_networkout_single": ("ALARM", "INSUFFICIENT_DATA", "REGION", ["AWS/EC2/NetworkOut"]),
    "04_math_expression": ("ALARM", "INSUFFICIENT_DATA", "REGION", ["AWS/EC2/NetworkOut"]),
    "05_logfilter_metric_OK": ("OK", "ALARM", "", ["LogMetrics/DBMigrationRequired"]),
    "06_rds_connections_2016": ("ALARM", "OK", "", ["AWS/RDS/DatabaseConnections"]),
    "07_alb_requestcount_ALARM": ("ALARM", "OK", "", ["AWS/ApplicationELB/RequestCount"]),
    "08_anomaly_band_OK": ("OK", "ALARM", "ap-northeast-2", ["ContainerInsights/pod_cpu_utilization"]),
    "09_ec2_cpu_ALARM": ("ALARM", "INSUFFICIENT_DATA", "ap-northeast-2", ["AWS/EC2/CPUUtilization"]),
    "10_custom_metric_ALARM": (
        "ALARM",
        "INSUFFICIENT_DATA",
        "us-east-1",
        ["sim-app_210987654321_us-east-1/IExecutionFailureHook"],
    ),
    "11_composite_ALARM": ("ALARM", "OK", "us-east-1", []),
    "17_lambda_errors_ALARM": ("ALARM", "OK", "", ["AWS/Lambda/Errors"]),
    "22_alb_target5xx_OK_authored": ("OK", "ALARM", "", ["AWS/ApplicationELB/HTTPCode_Target_5XX_Count"]),
    "23_ecs_runningtasks_ALARM_authored": ("ALARM", "OK", "", ["ECS/ContainerInsights/RunningTaskCount"]),
}


def text(name: str) -> str:
    return (SAMPLES / f"{name}.alarm.json").read_text()


def sample(name: str) -> Alarm:
    alarm = parse_alarm(text(name))
    assert alarm is not None
    return alarm


def test_every_sample_is_expected() -> None:
    assert {path.name.removesuffix(".alarm.json") for path in SAMPLES.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items())
def test_every_sample_is_read(name: str, expected: tuple[str, str, str, list[str]]) -> None:
    document, alarm = json.loads(text(name)), sample(name)
    metrics = [f"{metric.namespace}/{metric.name}" for metric in alarm.metrics]

    assert (alarm.state, alarm.old_state, alarm.region, metrics) == expected
    assert alarm.name == document["AlarmName"]
    assert alarm.account == document.get("AWSAccountId", "")
    assert alarm.description == (document.get("AlarmDescription") or "")
    assert alarm.reason == document["NewStateReason"]
    written = document["StateChangeTime"].replace("Z", "+0000")
    assert alarm.state_changed_at == datetime.strptime(written, "%Y-%m-%dT%H:%M:%S.%f%z")


@pytest.mark.parametrize("name", EXPECTED)
def test_the_stored_document_reads_as_its_text_did(name: str) -> None:
    alarm = sample(name)

    assert parse_alarm(json.loads(json.dumps(alarm.document))) == alarm


def test_a_metric_alarm_has_its_dimensions_period_and_threshold() -> None:
    alarm = sample("17_lambda_errors_ALARM")

    assert alarm.metrics == (Metric("AWS/Lambda", "Errors", {"FunctionName": "aws-lambda-error-rate-dev-error"}),)
    assert (alarm.period_seconds, alarm.evaluation_periods) == (60, 1)
    assert alarm.threshold == "SUM GreaterThanThreshold 0.0 for 1 periods of 60 s"
    assert alarm.state_changed_at == datetime(2018, 9, 26, 2, 59, 41, 187000, tzinfo=UTC)


def test_an_anomaly_alarm_has_a_band_and_a_composite_one_a_rule_and_children() -> None:
    band, composite = sample("08_anomaly_band_OK"), sample("11_composite_ALARM")

    assert band.threshold == "LessThanLowerOrGreaterThanUpperThreshold band ad1 for 1 periods of 60 s"
    assert composite.threshold.startswith("ALARM(arn:aws:cloudwatch:us-east-1:210987654321:alarm:")
    assert [child.rsplit(":", 1)[1] for child in composite.children] == [
        "if-sim-app_210987654321_us-east-1-metric_emitting_node_failure"
    ]


ALARM = {"AlarmName": "a", "NewStateValue": "ALARM", "StateChangeTime": "2026-11-24T04:00:00.000+0000"}


def test_name_state_and_time_are_enough() -> None:
    alarm = parse_alarm(json.dumps(ALARM))

    assert alarm is not None
    assert (alarm.name, alarm.arn, alarm.metrics, alarm.threshold) == ("a", "", (), "")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Hello",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        json.dumps({**ALARM, "AlarmName": None}),
        json.dumps({**ALARM, "AlarmName": ""}),
        json.dumps({**ALARM, "AlarmName": "a" * 256}),
        json.dumps({**ALARM, "AlarmArn": "a" * 401}),
        json.dumps({**ALARM, "NewStateValue": "BROKEN"}),
        json.dumps({**ALARM, "NewStateValue": ["ALARM"]}),
        json.dumps({**ALARM, "StateChangeTime": "yesterday"}),
        json.dumps({**ALARM, "StateChangeTime": "2026-11-24T04:00:00.000"}),
        json.dumps({**ALARM, "StateChangeTime": 1764000000}),
        json.dumps({**ALARM, "StateChangeTime": "0001-01-01T00:00:00.000+1400"}),
        json.dumps({**ALARM, "StateChangeTime": "9999-12-31T23:59:59.999-1400"}),
        json.dumps({**ALARM, "StateChangeTime": "9999-12-31T23:59:59.999+0000"}),
        json.dumps({**ALARM, "StateChangeTime": "0001-01-01T00:00:00.000+0000"}),
        json.dumps({**ALARM, "StateChangeTime": "2000-01-01T00:00:00.000+0100"}),
        json.dumps({**ALARM, "StateChangeTime": "2200-12-31T23:59:59.999-0100"}),
        json.dumps({**ALARM, "AlarmDescription": "what PostgreSQL cannot keep: \0"}),
        json.dumps({**ALARM, "Trigger": {"Metrics": [{"Id": "\0"}]}}),
        json.dumps({**ALARM, "Threshold": 0}).replace('"Threshold": 0', '"Threshold": 1e999'),
        json.dumps({**ALARM, "Threshold": float("nan")}),
        json.dumps({**ALARM, "AlarmDescription": "\ud800"}),
    ],
)
def test_what_is_no_alarm_is_none(message: str) -> None:
    assert parse_alarm(message) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.dictionaries(st.sampled_from(["AlarmArn", "AWSAccountId", "AlarmRule", "AlarmDescription"]), JSON),
    st.dictionaries(st.sampled_from(["Metrics", "Dimensions", "Period", "Threshold", "ComparisonOperator"]), JSON)
    | JSON,
    st.lists(JSON) | JSON,
)
def test_whatever_stands_in_the_other_fields_is_read_or_refused_without_an_error(
    fields: dict[str, object], trigger: object, children: object
) -> None:
    parse_alarm(json.dumps({**ALARM, **fields, "Trigger": trigger, "TriggeringChildren": children}))
