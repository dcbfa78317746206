"""What the platform relies on in CloudWatch: asked of moto's server, and of recorded shapes for what moto lacks.

Recorded answers go through botocore's Stubber, which holds request and answer against the service's own model.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.stub import ANY, Stubber

from core.errors import PlatformError, Unavailable
from integrations.cloudwatch import client as client_module
from integrations.cloudwatch.alarm import Metric
from integrations.cloudwatch.alarm_spec import LogMetricFilter
from integrations.cloudwatch.aws_session import aws_session
from integrations.cloudwatch.client import CloudWatch
from integrations.cloudwatch.dry_run import OWNER_TAG, dry_run
from integrations.cloudwatch.errors import CloudWatchError, NotFound, NotValid
from integrations.cloudwatch.log_search import ANY_ERROR, EVENT_LIMIT, PAGE_LIMIT, LogSource
from integrations.cloudwatch.rules import Check, rule_checks
from integrations.cloudwatch.tests.production import (
    CHANGED_AT,
    GROUP,
    METRIC,
    NAMESPACE,
    REGION,
    TOPIC,
    Production,
    composite_gone_off,
    gone_off,
    planned,
)
from integrations.cloudwatch.watched import ALARM_LIMIT, DEPTH_LIMIT

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_logs import CloudWatchLogsClient

# Of `gone_off`: two periods of five minutes, five minutes of slack before and two after.
SINCE, UNTIL = CHANGED_AT - timedelta(minutes=15), CHANGED_AT + timedelta(minutes=2)
MILLISECOND = timedelta(milliseconds=1)
FAILED = "checkout failed: no parcels"


class Recorded(NamedTuple):
    """A client whose two services answer what was recorded for them, in order and nothing else."""

    client: CloudWatch
    logs: Stubber
    cloudwatch: Stubber


@pytest.fixture(scope="module")
def services() -> list[BaseClient]:
    return [aws_session().create_client(name, region_name=REGION) for name in ("logs", "cloudwatch")]


@pytest.fixture
def recorded(services: list[BaseClient]) -> Iterator[Recorded]:
    logs, cloudwatch = services
    with Stubber(logs) as logs_stub, Stubber(cloudwatch) as cloudwatch_stub:
        client = CloudWatch(cast("CloudWatchLogsClient", logs), cast("CloudWatchClient", cloudwatch))
        yield Recorded(client, logs_stub, cloudwatch_stub)
        logs_stub.assert_no_pending_responses()
        cloudwatch_stub.assert_no_pending_responses()


def messages(found: Any) -> list[str]:
    return [event.message for event in found.events]


def failed(checks: Sequence[Check]) -> dict[str, str]:
    return {check.check: check.detail for check in checks if not check.ok}


# The logs behind an alarm


def test_the_events_that_the_alarms_metric_filter_counts_are_found(
    production: Production, client: CloudWatch
) -> None:
    production.logged([(CHANGED_AT, FAILED)])
    production.logged([(CHANGED_AT, "order placed")], stream="web/2")
    production.fed('"checkout failed"')

    found = client.log_events(gone_off(), log_groups=["/ecs/unused"])

    [event] = found.events
    assert (event.message, event.at, event.log_group, event.log_stream) == (FAILED, CHANGED_AT, GROUP, "web/1")
    assert event.id
    assert (found.log_groups, found.filter_pattern, found.gaps) == ([GROUP], '"checkout failed"', "")


def test_a_filter_that_feeds_another_metric_finds_nothing(production: Production, client: CloudWatch) -> None:
    production.logged([(CHANGED_AT, FAILED), (CHANGED_AT, "slow request")])
    production.fed('"checkout failed"', namespace="OtherOrders")
    production.fed('"slow request"', name="slow", metric=METRIC.lower())

    found = client.log_events(gone_off(), log_groups=[])

    assert found.events == []
    assert found.gaps == "no metric filter leads to a log group, and the service names none: add its log groups"


def test_a_metric_that_several_groups_feed_has_the_events_of_all_in_order(
    production: Production, client: CloudWatch
) -> None:
    worker = "/ecs/orders-worker"
    production.logged([(CHANGED_AT - timedelta(seconds=60), FAILED), (CHANGED_AT, FAILED)])
    production.logged([(CHANGED_AT - timedelta(seconds=30), "job died")], group=worker)
    production.fed('"checkout failed"')
    production.fed("died", group=worker, name="job-died")

    found = client.log_events(gone_off(), log_groups=[])

    assert messages(found) == [FAILED, "job died", FAILED]
    assert (found.log_groups, found.filter_pattern) == ([GROUP, worker], '"checkout failed"; died')


def test_each_metric_of_an_expression_leads_to_its_filters(production: Production, client: CloudWatch) -> None:
    production.logged([(CHANGED_AT, FAILED), (CHANGED_AT + timedelta(seconds=10), "quote failed")])
    production.fed('"checkout failed"')
    production.fed('"quote failed"', name="quote-failed", metric="QuoteErrors")
    metrics = [
        {"Id": name.lower(), "MetricStat": {"Metric": {"Namespace": NAMESPACE, "MetricName": name}, "Period": 60}}
        for name in (METRIC, "QuoteErrors")
    ]

    found = client.log_events(gone_off(metric="", Metrics=metrics), log_groups=[])

    assert messages(found) == [FAILED, "quote failed"]


@pytest.mark.parametrize(
    ("at", "is_found"),
    [(SINCE, True), (SINCE - MILLISECOND, False), (UNTIL, True), (UNTIL + MILLISECOND, False)],
    ids=["at the start", "before the start", "at the end", "after the end"],
)
def test_the_window_is_all_evaluated_periods_and_the_slack(
    production: Production, client: CloudWatch, at: datetime, is_found: bool
) -> None:
    production.logged([(at, FAILED)])
    production.fed('"checkout failed"')

    assert messages(client.log_events(gone_off(), log_groups=[])) == [FAILED] * is_found


def test_the_lines_around_a_hit_come_with_it_from_its_stream_only(
    production: Production, client: CloudWatch
) -> None:
    trace = ["request 7", FAILED, "  at quoteShipping", "  at checkout"]
    production.logged([(CHANGED_AT, line) for line in trace])
    production.logged([(CHANGED_AT, "healthy")], stream="web/2")
    production.logged([(CHANGED_AT + timedelta(seconds=3), "request 8")])
    production.fed('"checkout failed"')

    assert messages(client.log_events(gone_off(), log_groups=[])) == trace


def test_a_busy_stream_shows_the_nearest_lines_around_a_hit(production: Production, client: CloudWatch) -> None:
    noise = [f"line {number}" for number in range(100)]
    production.logged([(CHANGED_AT, line) for line in [*noise, FAILED, *noise]])
    production.fed('"checkout failed"')

    assert messages(client.log_events(gone_off(), log_groups=[])) == [*noise[-5:], FAILED, *noise[:25]]


def test_more_events_than_are_shown_are_the_newest_and_it_says_so(
    production: Production, client: CloudWatch
) -> None:
    start = CHANGED_AT - timedelta(minutes=5)
    production.logged([(start + timedelta(seconds=number), f"{FAILED} {number}") for number in range(250)])
    production.fed('"checkout failed"')

    found = client.log_events(gone_off(), log_groups=[])

    assert messages(found) == [f"{FAILED} {number}" for number in range(50, 250)]
    assert found.is_capped
    assert found.gaps == "there are more log events: these are the newest 200"


def test_the_errors_of_the_services_groups_count_where_no_filter_feeds_the_metric(
    production: Production, client: CloudWatch
) -> None:
    # moto finds everything by a pattern of alternatives.
    production.logged([(CHANGED_AT, "ERROR: out of memory")])
    production.fed("other", name="other", metric="Other")

    found = client.log_events(gone_off(), log_groups=[GROUP])

    assert messages(found) == ["ERROR: out of memory"]
    assert (found.log_groups, found.filter_pattern) == ([GROUP], ANY_ERROR)


def test_a_functions_alarm_reads_the_functions_own_group(production: Production, client: CloudWatch) -> None:
    group = "/aws/lambda/resize"
    production.logged([(CHANGED_AT, "Task timed out")], group=group)
    alarm = gone_off(namespace="AWS/Lambda", metric="Errors", dimensions={"FunctionName": "resize"})

    found = client.log_events(alarm, log_groups=[GROUP])

    assert (messages(found), found.log_groups, found.filter_pattern) == (["Task timed out"], [group], ANY_ERROR)


def test_a_function_that_logs_elsewhere_is_looked_for_in_the_services_groups(
    production: Production, client: CloudWatch
) -> None:
    production.logged([(CHANGED_AT, "Task timed out")])
    alarm = gone_off(namespace="AWS/Lambda", metric="Errors", dimensions={"FunctionName": "resize"})

    found = client.log_events(alarm, log_groups=[GROUP])

    assert (messages(found), found.log_groups) == (["Task timed out"], [GROUP])


def test_a_group_that_does_not_exist_is_named_and_hides_nothing_of_the_others(
    production: Production, client: CloudWatch
) -> None:
    production.logged([(CHANGED_AT, "ERROR: out of memory")])

    found = client.log_events(gone_off(), log_groups=["/ecs/gone", GROUP])

    assert messages(found) == ["ERROR: out of memory"]
    assert found.gaps == "there is no log group /ecs/gone"


def test_a_group_without_a_match_is_named(production: Production, client: CloudWatch) -> None:
    production.logged([(CHANGED_AT, "order placed")])
    production.fed('"checkout failed"')

    found = client.log_events(gone_off(), log_groups=[])

    assert (found.events, found.gaps) == ([], f"no log event matched in {GROUP}")


# Pages as AWS sends them


def an_event(number: int, at: datetime = CHANGED_AT) -> dict[str, Any]:
    return {
        "eventId": f"{number}",
        "timestamp": int(at.timestamp() * 1000),
        "logStreamName": "web/1",
        "message": f"{FAILED} {number}",
    }


def filters_are(recorded: Recorded, *rows: dict[str, Any], **page: Any) -> None:
    recorded.logs.add_response("describe_metric_filters", {"metricFilters": list(rows), **page})


def a_filter(pattern: str = '"checkout failed"', name: str = "checkout-failed") -> dict[str, Any]:
    target = {"metricNamespace": NAMESPACE, "metricName": METRIC, "metricValue": "1", "defaultValue": 0.0}
    return {
        "filterName": name,
        "filterPattern": pattern,
        "logGroupName": GROUP,
        "metricTransformations": [target],
    }


def page_is(recorded: Recorded, *events: dict[str, Any], **expected: Any) -> None:
    token = expected.pop("then", None)
    answer = {"events": list(events), "searchedLogStreams": [], **({"nextToken": token} if token else {})}
    recorded.logs.add_response("filter_log_events", answer, expected or None)


def test_empty_pages_are_passed_over_until_there_is_no_token(recorded: Recorded) -> None:
    request = {
        "logGroupName": GROUP,
        "filterPattern": '"checkout failed"',
        "startTime": int(SINCE.timestamp() * 1000),
        "endTime": int(UNTIL.timestamp() * 1000),
        "startFromHead": False,
    }
    filters_are(recorded, nextToken="more")
    filters_are(recorded, a_filter())
    page_is(recorded, then="one", **request)
    page_is(recorded, an_event(1), then="two", nextToken="one", **request)
    page_is(recorded, nextToken="two", **request)
    page_is(recorded, an_event(1))

    found = recorded.client.log_events(gone_off(), log_groups=[])

    assert messages(found) == [f"{FAILED} 1"]
    assert not found.is_capped


def test_events_of_one_moment_stay_in_the_order_in_which_they_were_put(recorded: Recorded) -> None:
    filters_are(recorded, a_filter())
    page_is(recorded, an_event(10), an_event(9))
    page_is(recorded)
    page_is(recorded)

    assert messages(recorded.client.log_events(gone_off(), log_groups=[])) == [f"{FAILED} 9", f"{FAILED} 10"]


def test_reading_stops_when_enough_of_the_newest_are_there(recorded: Recorded) -> None:
    newest_first = [an_event(1000 - age, CHANGED_AT - timedelta(seconds=age)) for age in range(EVENT_LIMIT + 1)]
    filters_are(recorded, a_filter())
    page_is(recorded, *newest_first, then="older")
    for _ in range(5):
        page_is(recorded)

    found = recorded.client.log_events(gone_off(), log_groups=[])

    assert messages(found) == [event["message"] for event in reversed(newest_first[:EVENT_LIMIT])]
    assert found.is_capped


def test_a_server_that_gives_the_oldest_first_is_read_to_its_end(recorded: Recorded) -> None:
    oldest_first = [an_event(age, CHANGED_AT - timedelta(seconds=300 - age)) for age in range(EVENT_LIMIT + 1)]
    filters_are(recorded, a_filter())
    page_is(recorded, *oldest_first, then="newer")
    page_is(recorded, an_event(1000))
    for _ in range(5):
        page_is(recorded)

    found = recorded.client.log_events(gone_off(), log_groups=[])

    assert messages(found)[-1] == f"{FAILED} 1000"
    assert len(found.events) == EVENT_LIMIT
    assert found.is_capped


def test_a_metric_of_awss_own_is_not_looked_for_among_metric_filters(recorded: Recorded) -> None:
    found = recorded.client.log_events(gone_off(namespace="AWS/ECS"), log_groups=[])

    assert found.events == []


def test_a_group_that_never_ends_is_left_after_so_many_pages(recorded: Recorded) -> None:
    filters_are(recorded, a_filter())
    for _ in range(PAGE_LIMIT):
        page_is(recorded, then="more")

    found = recorded.client.log_events(gone_off(), log_groups=[])

    assert (found.events, found.is_capped) == ([], True)


def test_measurements_of_several_pages_are_one_series(recorded: Recorded) -> None:
    def results_are(at: datetime, value: float, **token: str) -> None:
        result = {
            "Id": "watched",
            "Label": METRIC,
            "Timestamps": [at],
            "Values": [value],
            "StatusCode": "Complete",
        }
        recorded.cloudwatch.add_response("get_metric_data", {"MetricDataResults": [result], **token})

    results_are(SINCE, 4.0, NextToken="more")
    results_are(CHANGED_AT, 6.0)

    found = recorded.client.datapoints(
        Metric(NAMESPACE, METRIC), statistic="Sum", period_seconds=60, since=SINCE, until=UNTIL
    )

    assert found == [(SINCE, 4.0), (CHANGED_AT, 6.0)]


# Composite and log alarms, which moto does not have


def a_metric_alarm(name: str = "below", *, periods: int = 1) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "Namespace": NAMESPACE,
        "MetricName": METRIC,
        "Dimensions": [{"Name": "Stage", "Value": "live"}],
        "Period": 60,
        "EvaluationPeriods": periods,
    }


def alarms_are(recorded: Recorded, names: Sequence[str], **answer: list[dict[str, Any]]) -> None:
    asked = {"AlarmNames": list(names), "AlarmTypes": ["MetricAlarm", "CompositeAlarm", "LogAlarm"]}
    recorded.cloudwatch.add_response("describe_alarms", answer, asked)


def children_are(recorded: Recorded, parent: str, **answer: list[dict[str, Any]]) -> None:
    recorded.cloudwatch.add_response("describe_alarms", answer, {"ChildrenOfAlarmName": parent})


def test_a_composite_alarm_is_read_by_the_metrics_and_the_window_of_those_below_it(recorded: Recorded) -> None:
    alarms_are(
        recorded,
        ["orders", "a:b"],
        MetricAlarms=[a_metric_alarm("a:b", periods=30)],
        CompositeAlarms=[{"AlarmName": "orders"}],
    )
    children_are(recorded, "orders", MetricAlarms=[{"AlarmName": "below"}])
    alarms_are(recorded, ["below"], MetricAlarms=[a_metric_alarm()])
    filters_are(recorded, a_filter())
    since = CHANGED_AT - timedelta(minutes=35)
    page_is(
        recorded,
        an_event(1),
        logGroupName=GROUP,
        filterPattern=ANY,
        startFromHead=False,
        startTime=int(since.timestamp() * 1000),
        endTime=ANY,
    )
    page_is(recorded, an_event(1))

    found = recorded.client.log_events(composite_gone_off("orders", "a:b"), log_groups=[])

    assert messages(found) == [f"{FAILED} 1"]


def test_composite_alarms_in_a_circle_end(recorded: Recorded) -> None:
    alarms_are(recorded, ["one"], CompositeAlarms=[{"AlarmName": "one"}])
    children_are(recorded, "one", CompositeAlarms=[{"AlarmName": "other"}])
    alarms_are(recorded, ["other"], CompositeAlarms=[{"AlarmName": "other"}])
    children_are(recorded, "other", CompositeAlarms=[{"AlarmName": "one"}])

    found = recorded.client.log_events(composite_gone_off("one"), log_groups=[])

    assert found.events == []


def test_composite_alarms_are_followed_so_deep_and_no_deeper(recorded: Recorded) -> None:
    for level in range(DEPTH_LIMIT):
        alarms_are(recorded, [f"level {level}"], CompositeAlarms=[{"AlarmName": f"level {level}"}])
        children_are(recorded, f"level {level}", CompositeAlarms=[{"AlarmName": f"level {level + 1}"}])

    recorded.client.log_events(composite_gone_off("level 0"), log_groups=[])


def test_a_wide_composite_alarm_is_asked_for_by_hundreds_up_to_a_limit(recorded: Recorded) -> None:
    names = [f"child {number}" for number in range(ALARM_LIMIT + 50)]
    for first in range(0, ALARM_LIMIT, 100):
        alarms_are(recorded, names[first : first + 100], MetricAlarms=[])

    recorded.client.log_events(composite_gone_off(*names), log_groups=[])


def test_a_composite_alarm_that_was_set_by_hand_is_looked_up_itself(recorded: Recorded) -> None:
    alarms_are(recorded, ["orders-checkout-errors"], CompositeAlarms=[{"AlarmName": "orders-checkout-errors"}])
    children_are(recorded, "orders-checkout-errors", MetricAlarms=[{"AlarmName": "below"}])
    alarms_are(recorded, ["below"], MetricAlarms=[a_metric_alarm()])
    filters_are(recorded, a_filter())
    page_is(recorded)

    assert recorded.client.log_events(composite_gone_off(), log_groups=[]).log_groups == [GROUP]


def test_a_log_alarm_leads_to_the_groups_that_its_query_reads(recorded: Recorded) -> None:
    query = {
        "QueryString": "filter level = 'error'",
        "AggregationExpression": "count(*)",
        "ScheduledQueryRoleARN": "arn:aws:iam::123456789012:role/alarms",
        "LogGroupIdentifiers": [f"arn:aws:logs:{REGION}:123456789012:log-group:{GROUP}:*", "/ecs/worker"],
        "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 600},
    }
    log_alarm = {"AlarmName": "orders-checkout-errors", "ScheduledQueryConfiguration": query}
    alarms_are(recorded, ["orders-checkout-errors"], LogAlarms=[log_alarm])
    since = int(SINCE.timestamp() * 1000)
    for group in (GROUP, "/ecs/worker"):
        page_is(
            recorded,
            logGroupName=group,
            filterPattern=ANY_ERROR,
            startTime=since,
            endTime=ANY,
            startFromHead=False,
        )

    assert recorded.client.log_events(composite_gone_off(), log_groups=[]).log_groups == [GROUP, "/ecs/worker"]


def test_a_composite_alarm_whose_children_are_gone_is_looked_for_in_the_services_groups(
    production: Production, client: CloudWatch
) -> None:
    production.logged([(CHANGED_AT, "ERROR: out of memory")])

    found = client.log_events(composite_gone_off("gone"), log_groups=[GROUP])

    assert messages(found) == ["ERROR: out of memory"]


# What goes wrong


@pytest.mark.parametrize(
    ("code", "status", "kind", "advice"),
    [
        ("ThrottlingException", 400, Unavailable, "cannot answer now"),
        ("LimitedForAWhile", 429, Unavailable, "cannot answer now"),
        ("ServiceUnavailableException", 503, Unavailable, "cannot answer now"),
        ("InternalFailure", 500, Unavailable, "cannot answer now"),
        ("SomethingNew", 500, Unavailable, "cannot answer now"),
        ("OperationAbortedException", 400, Unavailable, "cannot answer now"),
        ("UnrecognizedClientException", 400, CloudWatchError, "renew them"),
        ("ExpiredTokenException", 400, CloudWatchError, "renew them"),
        ("InvalidSignatureException", 400, CloudWatchError, "clock"),
        ("AccessDeniedException", 400, CloudWatchError, "allow logs:DescribeMetricFilters to the role"),
        ("LimitExceededException", 400, CloudWatchError, "quota"),
        ("ResourceNotFoundException", 400, NotFound, "does not exist"),
        ("InvalidParameterException", 400, NotValid, "InvalidParameterException"),
        ("SomethingNew", 400, CloudWatchError, "SomethingNew"),
    ],
)
def test_each_answer_of_aws_is_a_refusal_with_advice_or_a_temporary_fault(
    recorded: Recorded, code: str, status: int, kind: type[PlatformError], advice: str
) -> None:
    recorded.logs.add_client_error("describe_metric_filters", code, "said AWS", http_status_code=status)

    with pytest.raises(kind) as raised:
        recorded.client.feeds_of_metric(NAMESPACE, METRIC)

    assert type(raised.value) is kind
    assert advice in str(raised.value)
    assert "looking for metric filters that feed Orders/CheckoutErrors" in str(raised.value)
    assert "said AWS" in str(raised.value)
    assert getattr(raised.value, "system", "cloudwatch") == "cloudwatch"


def test_a_throttled_look_into_the_logs_is_unavailable_and_not_an_empty_log(recorded: Recorded) -> None:
    filters_are(recorded, a_filter())
    recorded.logs.add_client_error("filter_log_events", "ThrottlingException", "Rate exceeded")

    with pytest.raises(Unavailable, match=f"reading log group {GROUP}.*Rate exceeded"):
        recorded.client.log_events(gone_off(), log_groups=[])


def test_a_denied_look_at_alarms_names_the_permission(recorded: Recorded) -> None:
    recorded.cloudwatch.add_client_error("describe_alarms", "AccessDenied", "no", http_status_code=403)

    with pytest.raises(CloudWatchError, match="allow cloudwatch:DescribeAlarms to the role or user"):
        recorded.client.alarms("orders-")


def test_without_credentials_it_says_what_to_set(
    production: Production, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    client = CloudWatch.connect(REGION, endpoint_url=endpoint)

    with pytest.raises(CloudWatchError, match="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        client.log_events(gone_off(), log_groups=[])


def test_a_profile_that_does_not_exist_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(CloudWatchError, match="nobody"):
        CloudWatch.connect(REGION)


def test_a_cloudwatch_that_nobody_answers_for_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CONFIG", Config(connect_timeout=2, retries={"total_max_attempts": 1}))
    client = CloudWatch.connect(REGION, endpoint_url="http://127.0.0.1:9")

    with pytest.raises(Unavailable, match="cannot be reached"):
        client.metrics(NAMESPACE)


# Alarms and metrics that exist


def test_metrics_are_listed_with_their_dimensions(production: Production, client: CloudWatch) -> None:
    production.measured([(CHANGED_AT, 1.0)])
    production.measured([(CHANGED_AT, 1.0)], Stage="live")

    listed = client.metrics(NAMESPACE)

    assert [metric.name for metric in listed] == [METRIC, METRIC]
    assert [dict(metric.dimensions) for metric in listed] == [{}, {"Stage": "live"}]
    assert client.metrics(NAMESPACE, "Other") == []


def test_alarms_are_listed_by_the_start_of_their_name(production: Production, client: CloudWatch) -> None:
    client.put_alarm(planned())
    client.put_alarm(planned(name="carts-errors"))

    assert client.alarms("orders-") == {
        "orders-quote-errors": "Orders/QuoteErrors Sum GreaterThanOrEqualToThreshold 1.0 for 1 of 1 x 300 s"
    }


def test_a_groups_filters_are_listed_and_a_missing_group_has_none(
    production: Production, client: CloudWatch, recorded: Recorded
) -> None:
    production.logged([(CHANGED_AT, FAILED)])
    production.fed('"checkout failed"')
    recorded.logs.add_client_error("describe_metric_filters", "ResourceNotFoundException", "no such group")

    [feed] = client.feeds_of_group(GROUP)

    assert (feed.filter_name, feed.pattern, feed.metric) == (
        "checkout-failed",
        '"checkout failed"',
        "Orders/CheckoutErrors",
    )
    assert recorded.client.feeds_of_group("/ecs/gone") == []


def test_an_alarm_is_created_with_its_metric_filter_its_actions_and_its_tags(
    production: Production, client: CloudWatch
) -> None:
    production.logged([(CHANGED_AT, "quote failed")])

    arn = client.put_alarm(planned(evaluation_periods=3, datapoints_to_alarm=2))

    made, source = production.alarms()["orders-quote-errors"], production.filters()["orders-quote-errors"]
    assert arn == made["AlarmArn"]
    assert (made["Namespace"], made["MetricName"], made["Statistic"]) == (NAMESPACE, "QuoteErrors", "Sum")
    assert (made["Period"], made["EvaluationPeriods"], made["DatapointsToAlarm"]) == (300, 3, 2)
    assert (made["Threshold"], made["ComparisonOperator"]) == (1.0, "GreaterThanOrEqualToThreshold")
    assert (made["TreatMissingData"], made["AlarmActions"], made["OKActions"]) == (
        "notBreaching",
        [TOPIC],
        [TOPIC],
    )
    assert client.alarm_tags("orders-quote-errors") == {OWNER_TAG: "7"}
    assert (source["logGroupName"], source["filterPattern"]) == (GROUP, '"quote failed"')
    assert source["metricTransformations"] == [
        {"metricName": "QuoteErrors", "metricNamespace": NAMESPACE, "metricValue": "1", "defaultValue": 0}
    ]


def test_creating_an_alarm_again_changes_nothing(production: Production, client: CloudWatch) -> None:
    production.logged([(CHANGED_AT, "quote failed")])
    first = client.put_alarm(planned())
    alarms, filters = production.alarms(), production.filters()

    assert client.put_alarm(planned()) == first
    assert len(production.alarms()) == len(alarms) == 1
    assert production.filters() == filters
    assert client.alarm_tags("orders-quote-errors") == {OWNER_TAG: "7"}


def test_an_alarm_on_a_metric_that_exists_brings_no_filter(production: Production, client: CloudWatch) -> None:
    client.put_alarm(planned(metric_filter=None, metric_name=METRIC))

    assert production.filters() == {}
    assert set(production.alarms()) == {"orders-quote-errors"}


def test_a_name_that_no_alarm_has_has_no_tags(production: Production, client: CloudWatch) -> None:
    client.put_alarm(planned())

    assert client.alarm_tags("orders-quote") is None


def test_a_created_alarm_that_is_not_listed_yet_is_tried_again_later(recorded: Recorded) -> None:
    recorded.cloudwatch.add_response("put_metric_alarm", {})
    alarms_are(recorded, ["orders-quote-errors"], MetricAlarms=[])

    with pytest.raises(Unavailable, match="not listed yet"):
        recorded.client.put_alarm(planned(metric_filter=None))


# The dry run


@pytest.fixture
def failing_quotes(production: Production) -> Production:
    """Production that logged one failed quote an hour ago, among others."""
    production.logged([(CHANGED_AT, "quote failed"), (CHANGED_AT, "order placed")])
    return production


def test_an_alarm_that_fits_passes_every_check_and_nothing_is_written(
    failing_quotes: Production, client: CloudWatch
) -> None:
    before = failing_quotes.all_of_it()

    checks = dry_run(client, planned())

    assert failed(checks) == {}
    details = {check.check: check.detail for check in checks}
    assert details["pattern"] == f"'\"quote failed\"' matches 1 event of the last 14 days in {GROUP}"
    assert details["replay"].startswith("would have gone off 1 time in the last 14 days")
    assert len(details) == len(checks)
    assert failing_quotes.all_of_it() == before


def test_an_alarm_that_was_created_already_passes_again(failing_quotes: Production, client: CloudWatch) -> None:
    client.put_alarm(planned())

    checks = dry_run(client, planned())

    assert failed(checks) == {}
    assert "the alarm was created by this incident" in [check.detail for check in checks]


@pytest.mark.parametrize("tags", [{}, {OWNER_TAG: "8"}], ids=["of people", "of another incident"])
def test_an_alarm_of_somebody_else_is_not_overwritten(
    failing_quotes: Production, client: CloudWatch, tags: dict[str, str]
) -> None:
    client.put_alarm(planned(tags=tags, metric_filter=None))

    assert failed(dry_run(client, planned())) == {"overwrites": "another alarm has this name: choose another name"}


def test_an_alarm_of_another_type_is_not_overwritten(recorded: Recorded) -> None:
    arn = f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:orders-quote-errors"
    alarms_are(
        recorded,
        ["orders-quote-errors"],
        CompositeAlarms=[{"AlarmName": "orders-quote-errors", "AlarmArn": arn}],
    )
    recorded.cloudwatch.add_response("list_tags_for_resource", {"Tags": []}, {"ResourceARN": arn})

    assert recorded.client.alarm_tags("orders-quote-errors") == {}


@pytest.mark.parametrize(
    ("pattern", "metric"),
    [('"quote failed"', "Quotes"), ("quote", "QuoteErrors")],
    ids=["another metric", "another pattern"],
)
def test_a_metric_filter_of_somebody_else_is_not_overwritten(
    failing_quotes: Production, client: CloudWatch, pattern: str, metric: str
) -> None:
    failing_quotes.fed(pattern, name="orders-quote-errors", metric=metric)

    assert failed(dry_run(client, planned())) == {
        "overwrites": f"a metric filter of {GROUP} has this name: choose another name"
    }


def test_a_metric_filter_that_was_left_by_a_killed_worker_is_taken_over(
    failing_quotes: Production, client: CloudWatch
) -> None:
    failing_quotes.fed('"quote failed"', name="orders-quote-errors", metric="QuoteErrors")

    assert failed(dry_run(client, planned())) == {}


def test_a_pattern_that_matches_nothing_is_told_what_to_do(production: Production, client: CloudWatch) -> None:
    production.logged([(CHANGED_AT, "order placed")])

    assert failed(dry_run(client, planned())) == {
        "pattern": f"'\"quote failed\"' matches no event of the last 14 days in {GROUP}: "
        "take a phrase from a log line that the fault really wrote"
    }


def test_a_pattern_for_a_group_that_does_not_exist_is_told_so(production: Production, client: CloudWatch) -> None:
    assert failed(dry_run(client, planned())) == {
        "pattern": f"there is no log group {GROUP}: name one that the service writes to"
    }


def nothing_exists(recorded: Recorded) -> None:
    alarms_are(recorded, ["orders-quote-errors"])
    for _ in ("of the group", "of the metric", "of the pattern"):
        filters_are(recorded)
    recorded.cloudwatch.add_response("list_metrics", {"Metrics": []})


def test_a_pattern_that_cloudwatch_does_not_take_is_a_failed_check(recorded: Recorded) -> None:
    nothing_exists(recorded)
    recorded.logs.add_client_error("filter_log_events", "InvalidParameterException", "Invalid filter pattern")

    assert "Invalid filter pattern" in failed(dry_run(recorded.client, planned()))["pattern"]


def test_a_throttled_dry_run_decides_nothing(recorded: Recorded) -> None:
    nothing_exists(recorded)
    recorded.logs.add_client_error("filter_log_events", "ThrottlingException", "Rate exceeded")

    with pytest.raises(Unavailable):
        dry_run(recorded.client, planned())


def test_a_pattern_that_matches_more_than_is_read_is_replayed_over_the_newest(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.cloudwatch.dry_run.EVENT_LIMIT", 100)
    now = datetime.now(UTC)
    nothing_exists(recorded)
    page_is(
        recorded,
        *(an_event(1000 - age, now - timedelta(minutes=age)) for age in range(101)),
        then="older",
    )

    checks = {check.check: check for check in dry_run(recorded.client, planned())}

    assert (
        checks["pattern"].detail
        == f"'\"quote failed\"' matches more than 100 events of the last 14 days in {GROUP}"
    )
    assert not checks["replay"].ok
    assert "in the last 0.0694 days and been in alarm 100.0% of that time" in checks["replay"].detail


def test_a_pattern_that_matches_nothing_of_what_could_be_read_is_told_so(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.cloudwatch.dry_run.PAGE_LIMIT", 1)
    nothing_exists(recorded)
    page_is(recorded, then="older")

    assert "none of the newest events that could be read" in failed(dry_run(recorded.client, planned()))["pattern"]


def test_a_filters_metric_never_passes_one_but_in_its_sum(production: Production, client: CloudWatch) -> None:
    production.logged([(CHANGED_AT, "quote failed"), (CHANGED_AT, "quote failed")])

    fired = {
        statistic: next(
            check.detail.split(" time")[0]
            for check in dry_run(client, planned(statistic=statistic, threshold=2.0))
            if check.check == "replay"
        )
        for statistic in ("Sum", "Maximum", "Average")
    }

    assert fired == {
        "Sum": "would have gone off 1",
        "Maximum": "would have gone off 0",
        "Average": "would have gone off 0",
    }


def test_an_alarm_that_would_go_off_all_the_time_fails_the_replay(
    production: Production, client: CloudWatch
) -> None:
    quarters = range(1, 14 * 96)
    now = datetime.now(UTC)
    production.logged([(now - timedelta(minutes=15 * age), "quote failed") for age in reversed(quarters)])

    found = failed(dry_run(client, planned()))

    assert set(found) == {"replay"}
    assert "Raise the threshold" in found["replay"]
    assert failed(dry_run(client, planned(threshold=2.0))) == {}


def test_a_heartbeat_is_not_missed_before_it_began(production: Production, client: CloudWatch) -> None:
    now = datetime.now(UTC)
    production.logged([(now - timedelta(minutes=4 * age), "quote failed") for age in reversed(range(1, 60))])

    checks = dry_run(client, planned(comparison_operator="LessThanThreshold", treat_missing_data="breaching"))

    assert failed(checks) == {}


def on_existing_metric(**changes: Any) -> Any:
    return planned(metric_filter=None, metric_name=METRIC, **changes)


def test_a_metric_that_exists_is_replayed_as_it_was_measured(production: Production, client: CloudWatch) -> None:
    now = datetime.now(UTC)
    production.measured([(now - timedelta(hours=hours), 3.0) for hours in (2, 30, 31)])

    checks = {check.check: check for check in dry_run(client, on_existing_metric())}

    assert checks["metric"] == Check("metric", True, "Orders/CheckoutErrors exists")
    assert checks["replay"].ok
    assert checks["replay"].detail.startswith("would have gone off 3 times in the last 14 days")


def test_a_period_below_a_minute_is_replayed_over_the_three_hours_that_are_kept(
    production: Production, client: CloudWatch
) -> None:
    production.measured([(datetime.now(UTC) - timedelta(minutes=5), 3.0)])

    checks = {check.check: check for check in dry_run(client, on_existing_metric(period_seconds=10))}

    assert checks["replay"].detail.startswith("would have gone off 1 time in the last 0.125 days")


def test_a_metric_that_is_too_high_all_the_time_fails_the_replay(
    production: Production, client: CloudWatch
) -> None:
    now = datetime.now(UTC)
    production.measured([(now - timedelta(hours=hours), 3.0) for hours in range(1, 14 * 24)])

    hourly = on_existing_metric(period_seconds=3600)

    assert set(failed(dry_run(client, hourly))) == {"replay"}
    assert failed(dry_run(client, on_existing_metric(period_seconds=3600, threshold=4.0))) == {}


def test_a_metric_is_not_missed_before_there_was_any_of_it(production: Production, client: CloudWatch) -> None:
    now = datetime.now(UTC)
    production.measured([(now - timedelta(hours=hours), 3.0) for hours in range(1, 48)])

    heartbeat = on_existing_metric(
        period_seconds=3600, comparison_operator="LessThanThreshold", treat_missing_data="breaching"
    )

    assert failed(dry_run(client, heartbeat)) == {}


def test_a_metric_with_a_filter_and_no_data_is_replayed_by_what_would_have_counted(
    production: Production, client: CloudWatch
) -> None:
    production.logged([(CHANGED_AT, FAILED)])
    production.fed('"checkout failed"')

    checks = {check.check: check for check in dry_run(client, on_existing_metric())}

    assert (
        checks["metric"].detail == f"Orders/CheckoutErrors is fed by the metric filter checkout-failed of {GROUP}"
    )
    assert checks["replay"].detail.startswith("would have gone off 1 time")


def test_a_filter_that_does_more_than_count_is_not_replayed_by_counting(
    production: Production, client: CloudWatch
) -> None:
    production.logged([(CHANGED_AT, FAILED)])
    production.fed('"checkout failed"', value="$.durationMs")

    [replay] = [check for check in dry_run(client, on_existing_metric()) if check.check == "replay"]

    assert replay == Check("replay", True, "there is no data yet, and the metric filter does more than count")


def test_a_metric_that_does_not_exist_needs_a_filter(production: Production, client: CloudWatch) -> None:
    assert failed(dry_run(client, on_existing_metric())) == {
        "metric": "Orders/CheckoutErrors does not exist: give a metric_filter that feeds a metric of its own"
    }


@pytest.mark.parametrize("is_fed", [True, False], ids=["by another filter", "by the service itself"])
def test_a_metric_that_exists_is_not_fed_a_second_time(
    failing_quotes: Production, client: CloudWatch, is_fed: bool
) -> None:
    if is_fed:
        failing_quotes.fed('"checkout failed"')
    else:
        failing_quotes.measured([(CHANGED_AT, 1.0)])

    found = failed(dry_run(client, planned(metric_name=METRIC)))

    assert set(found) == {"metric"}
    assert "would be counted twice" in found["metric"]


# Each rule of PutMetricAlarm, with an alarm that breaks it


def source(**changes: str) -> LogMetricFilter:
    return LogMetricFilter(**{"log_group": GROUP, "name": "orders-quote-errors", "pattern": "x", **changes})


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("model", {"name": "n" * 256}, "AlarmName has a length of 256; at most 255"),
    ("model", {"name": ""}, "AlarmName"),
    ("model", {"description": "d" * 1025}, "AlarmDescription has a length of 1025"),
    ("model", {"namespace": ":orders"}, "Namespace is ':orders', which does not match"),
    ("model", {"namespace": ""}, "Namespace"),
    ("model", {"metric_name": "m" * 256}, "MetricName has a length of 256"),
    ("model", {"statistic": "Median"}, "Statistic is 'Median'; it must be one of SampleCount, Average"),
    ("model", {"comparison_operator": "Equals"}, "ComparisonOperator is 'Equals'; it must be one of"),
    ("model", {"alarm_actions": [f"{TOPIC}-{'t' * 1000}"]}, "AlarmActions[0] has a length of"),
    ("model", {"tags": {"k" * 129: "v"}}, "Tags[0].Key has a length of 129"),
    ("model", {"tags": {"k": "v" * 257}}, "Tags[0].Value has a length of 257"),
    ("model", {"dimensions": {f"D{number}": "v" for number in range(31)}}, "Dimensions has a length of 31"),
    ("model", {"dimensions": {"Stage": "v" * 1025}}, "Dimensions[0].Value has a length of 1025"),
    ("name", {"name": "orders\nquotes"}, "no control characters"),
    ("period", {"period_seconds": 61}, "61 s; 10, 20, 30 or a multiple of 60"),
    ("period", {"period_seconds": 0}, "0 s"),
    ("window", {"period_seconds": 300, "evaluation_periods": 289}, "86700 s of at most 86400"),
    ("window", {"period_seconds": 3600, "evaluation_periods": 169}, "608400 s of at most 604800"),
    ("datapoints", {"datapoints_to_alarm": 2}, "2 of 1 evaluation periods"),
    ("datapoints", {"datapoints_to_alarm": 0}, "0 of 1 evaluation periods"),
    ("threshold", {"threshold": float("nan")}, "nan is not a finite number"),
    ("threshold", {"comparison_operator": "GreaterThanUpperThreshold"}, "compares with no threshold"),
    ("missing_data", {"treat_missing_data": "good"}, "'good' is not one of breaching, notBreaching"),
    ("missing_data", {"treat_missing_data": "missing"}, "use notBreaching"),
    ("actions", {"alarm_actions": []}, "the alarm state needs one"),
    ("actions", {"alarm_actions": [f"{TOPIC}-{number}" for number in range(6)]}, "no state more than 5"),
    ("actions", {"ok_actions": ["orders-alarms"]}, "'orders-alarms': not an ARN"),
    ("tags", {"tags": {}}, "1 to 50"),
    ("tags", {"tags": {f"tag{number}": "" for number in range(51)}}, "1 to 50"),
    ("filter", {"namespace": "AWS/Lambda"}, "that belongs to AWS"),
    ("filter", {"dimensions": {"Stage": "live"}}, "without dimensions: leave them out"),
    ("filter", {"metric_filter": source(pattern="p" * 1025)}, "filterPattern has a length of 1025"),
    ("filter", {"metric_filter": source(log_group="/ecs/a b")}, "logGroupName is '/ecs/a b'"),
    ("filter", {"metric_filter": source(name="a:b")}, "filterName is 'a:b'"),
    ("filter", {"metric_name": "Quote$Errors"}, "metricTransformations[0].metricName is 'Quote$Errors'"),
]


@pytest.mark.parametrize(("check", "changes", "detail"), BROKEN)
def test_an_alarm_that_breaks_a_rule_is_told_which(check: str, changes: dict[str, Any], detail: str) -> None:
    found = {each.check: each.detail for each in rule_checks(planned(**changes)) if not each.ok}

    assert detail in found[check]


def test_an_alarm_at_every_limit_breaks_no_rule() -> None:
    widest = planned(
        name="n" * 255,
        description="d" * 1024,
        period_seconds=60,
        evaluation_periods=1440,
        datapoints_to_alarm=1440,
        alarm_actions=[f"{TOPIC}-{number}" for number in range(5)],
        tags={f"tag{number}": "v" * 256 for number in range(50)},
        metric_filter=source(pattern="p" * 1024),
    )

    assert failed(rule_checks(widest)) == {}
    assert failed(rule_checks(planned(period_seconds=3600, evaluation_periods=168))) == {}
    assert failed(rule_checks(planned(period_seconds=10))) == {}
    assert failed(rule_checks(planned(name="Bestellungen: Störung #1 | live"))) == {}
    assert failed(rule_checks(on_existing_metric(treat_missing_data="missing", namespace="AWS/Lambda"))) == {}


def test_every_rule_is_broken_by_one_of_these_alarms() -> None:
    assert {check for check, _, _ in BROKEN} == {check.check for check in rule_checks(planned())}


def test_nothing_is_asked_of_cloudwatch_about_an_alarm_that_breaks_a_rule(recorded: Recorded) -> None:
    checks = dry_run(recorded.client, planned(period_seconds=61))

    assert set(failed(checks)) == {"period"}


# Matching, as the dry run asks for it


def test_a_missing_group_is_not_an_empty_one(production: Production, client: CloudWatch) -> None:
    with pytest.raises(NotFound, match="reading log group /ecs/gone"):
        client.matching_events(LogSource("/ecs/gone", ""), since=SINCE, until=UNTIL, event_limit=10, page_limit=1)
