"""What monitor generation may ask CloudWatch; all of it reads, the dry run included."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field

from agents.monitor.handoff import AlarmSpec
from agents.runtime.contract import Tool, ToolRetry
from agents.tools.metric_data import DESCRIPTION, MetricDataArguments, MetricReader, metric_data

MAX_ENTRIES = 100
EVENTS_SHOWN = 10
MAX_MESSAGE_CHARACTERS = 500

LogGroup = Annotated[str, Field(max_length=512, pattern=r"^[\.\-_/#A-Za-z0-9]+$")]


class Metrics(MetricReader, Protocol):
    """A reader of metrics and alarms. Methods raise core.errors.Unavailable for temporary faults."""

    def list_metrics(self, namespace: str) -> list[str]:
        """Return the metrics of `namespace` with their dimensions, one text each."""
        ...

    def list_alarms(self, prefix: str) -> list[str]:
        """Return the alarms whose name starts with `prefix`, with metric and threshold, one text each."""
        ...

    def list_metric_filters(self, log_group: str) -> list[str]:
        """Return the metric filters of `log_group` with pattern and metric, one text each."""
        ...

    def matching_events(self, log_group: str, pattern: str) -> list[str] | None:
        """Return the newest log events of the last two weeks that the pattern finds, or None without the group.

        Raises ToolRetry for a text that is no pattern.
        """
        ...

    def dry_run_alarm(self, spec: AlarmSpec) -> list[str]:
        """Return what CloudWatch would refuse or overwrite if `spec` were created; empty when nothing."""
        ...


def metric_tools(metrics: Metrics) -> Sequence[Tool[Any]]:
    """Return every tool of monitor generation over `metrics`."""
    return (
        ListMetrics(metrics),
        ListAlarms(metrics),
        ListMetricFilters(metrics),
        GetMetricData(metrics),
        DryRunMetricFilter(metrics),
        DryRunAlarm(metrics),
    )


class ListMetricsArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    namespace: str = Field(max_length=255, pattern=r"^[^:].*$")


class ListMetrics:
    name: ClassVar[str] = "list_metrics"
    description: ClassVar[str] = "List the metrics that exist in a CloudWatch namespace, with their dimensions."
    arguments: type[BaseModel] = ListMetricsArguments

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def run(self, arguments: ListMetricsArguments) -> str:
        """Return one metric a line."""
        return _listing(self._metrics.list_metrics(arguments.namespace), f"metrics in {arguments.namespace}")


class ListAlarmsArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prefix: str = Field(min_length=1, max_length=255, description="First characters of the alarms' names.")


class ListAlarms:
    name: ClassVar[str] = "list_alarms"
    description: ClassVar[str] = "List existing alarms by the start of their name, with metric and threshold."
    arguments: type[BaseModel] = ListAlarmsArguments

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def run(self, arguments: ListAlarmsArguments) -> str:
        """Return one alarm a line."""
        return _listing(self._metrics.list_alarms(arguments.prefix), f"alarms named {arguments.prefix}*")


class ListMetricFiltersArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    log_group: LogGroup


class ListMetricFilters:
    name: ClassVar[str] = "list_metric_filters"
    description: ClassVar[str] = "List the metric filters of a log group, with their pattern and metric."
    arguments: type[BaseModel] = ListMetricFiltersArguments

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def run(self, arguments: ListMetricFiltersArguments) -> str:
        """Return one metric filter a line."""
        filters = self._metrics.list_metric_filters(arguments.log_group)
        return _listing(filters, f"metric filters on {arguments.log_group}")


class GetMetricData:
    """What values are usual: a threshold has to stand apart from them."""

    name: ClassVar[str] = "get_metric_data"
    description: ClassVar[str] = DESCRIPTION
    arguments: type[BaseModel] = MetricDataArguments

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def run(self, arguments: MetricDataArguments) -> str:
        """Return one value a line. Raises ToolRetry for a range out of bounds."""
        return metric_data(self._metrics, arguments)


class DryRunMetricFilterArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    log_group: LogGroup
    pattern: str = Field(min_length=1, max_length=1024, description="CloudWatch Logs filter pattern.")


class DryRunMetricFilter:
    """What a pattern would count, before an alarm rests on it."""

    name: ClassVar[str] = "dry_run_metric_filter"
    description: ClassVar[str] = (
        "Run a filter pattern over the log events of the last 14 days. Creates nothing. Returns how many it finds "
        "and the newest of them."
    )
    arguments: type[BaseModel] = DryRunMetricFilterArguments

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def run(self, arguments: DryRunMetricFilterArguments) -> str:
        """Return the number and the newest events, one a line. Raises ToolRetry for a text that is no pattern."""
        found = self._metrics.matching_events(arguments.log_group, arguments.pattern)
        if found is None:
            raise ToolRetry(f"there is no log group {arguments.log_group}")
        if not found:
            return f"No event of the last 14 days in {arguments.log_group} matches."
        newest = "\n".join(" ".join(text.split())[:MAX_MESSAGE_CHARACTERS] for text in found[-EVENTS_SHOWN:])
        return f"{len(found)} events match, the newest:\n{newest}"


class DryRunAlarm:
    """The same check that the platform repeats before it creates anything."""

    name: ClassVar[str] = "dry_run_alarm"
    description: ClassVar[str] = (
        "Check one alarm against CloudWatch's rules, the alarms that exist and the last 14 days of logs or "
        "measurements. Creates nothing. Returns 'No problems.' or what is wrong with it."
    )
    arguments: type[BaseModel] = AlarmSpec

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def problems(self, spec: AlarmSpec) -> list[str]:
        """Return what is wrong with the alarm, each problem after its name."""
        return [f"{spec.name}: {problem}" for problem in self._metrics.dry_run_alarm(spec)]

    def run(self, arguments: AlarmSpec) -> str:
        """Return the problems, one a line."""
        return "\n".join(self.problems(arguments)) or "No problems."


def _listing(entries: Sequence[str], what: str) -> str:
    if not entries:
        return f"There are no {what}."
    shown = list(entries[:MAX_ENTRIES])
    if len(entries) > MAX_ENTRIES:
        shown.append(f"(and {len(entries) - MAX_ENTRIES} more)")
    return "\n".join(shown)
