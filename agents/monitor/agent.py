"""Monitor generation: the alarms that would have shown the fault, planned after the fix was merged."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agents.described import alarm_described, diagnosis_described, listed
from agents.monitor.context import MonitorContext
from agents.monitor.handoff import AlarmSpec, MonitorPlan
from agents.prompts import system_prompt, task_prompt
from agents.runtime.brief import Brief
from agents.runtime.contract import Session, Tool
from agents.runtime.fence import fenced
from agents.runtime.loop import run_agent
from agents.tools.metrics import DryRunAlarm

MAX_STEPS = 14
MAX_TOKENS = 6_000


def plan_monitors(context: MonitorContext, session: Session, *, tools: Sequence[Tool[Any]]) -> MonitorPlan:
    """Return a plan that passed the rules and, where `tools` has one, the dry run.

    Raises the loop's NeedsHuman errors and what the dry run raises when CloudWatch is not available.
    """
    dry_runs = [tool for tool in tools if isinstance(tool, DryRunAlarm)]

    def check(plan: MonitorPlan) -> Sequence[str]:
        problems = plan_problems(plan, context)
        return problems or [
            text for dry_run in dry_runs for spec in plan.alarms for text in dry_run.problems(spec)
        ]

    brief = Brief(
        agent="monitor",
        system=system_prompt("monitor"),
        task=monitor_task(context),
        output=MonitorPlan,
        tools=tools,
        max_steps=MAX_STEPS,
        max_tokens=MAX_TOKENS,
        checks=(check,),
    )
    return run_agent(brief, session)


def plan_problems(plan: MonitorPlan, context: MonitorContext) -> list[str]:
    """Return what the plan says that the incident's service does not allow; CloudWatch's own rules come after."""
    names = Counter(spec.name for spec in plan.alarms)
    problems = [f"{name}: the plan names {count} alarms so" for name, count in names.items() if count > 1]
    for spec in plan.alarms:
        problems += [f"{spec.name}: {problem}" for problem in _alarm_problems(spec, context)]
    return problems


def _alarm_problems(spec: AlarmSpec, context: MonitorContext) -> list[str]:
    problems = []
    if not spec.name.startswith(f"{context.service}-"):
        problems.append(f"the name must start with {context.service}-")
    if spec.name == context.alarm.alarm_name:
        problems.append("this alarm exists: creating it would overwrite the one that opened the incident")
    if spec.datapoints_to_alarm > spec.evaluation_periods:
        periods = f"evaluation_periods {spec.evaluation_periods}"
        problems.append(f"datapoints_to_alarm {spec.datapoints_to_alarm} is more than {periods}")
    if spec.metric_filter and spec.metric_filter.log_group not in context.log_groups:
        known = ", ".join(context.log_groups) or "none"
        problems.append(f"log group {spec.metric_filter.log_group} is not one of the service's ({known})")
    return problems


def monitor_task(context: MonitorContext) -> str:
    """Return the task's text."""
    return task_prompt(
        "monitor",
        service=context.service,
        incident_id=context.incident_id,
        alarm=alarm_described(context.alarm),
        diagnosis=diagnosis_described(context.diagnosis),
        diff=fenced("diff", context.diff),
        log_groups=listed(context.log_groups, label="log groups", empty="None are known."),
    )
