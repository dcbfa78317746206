"""The processes: what runs where, as whom, and what each may do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from agent_platform_aws.process import COMMANDS
from aws_cdk import App
from aws_cdk.assertions import Match, Template

ROOT = Path(__file__).parents[3]
Templates = Callable[[str], Template]


def containers(template: Template) -> list[dict[str, Any]]:
    tasks = template.find_resources("AWS::ECS::TaskDefinition").values()
    return [task["Properties"]["ContainerDefinitions"][0] for task in tasks]


def task_of(template: Template, word: str) -> dict[str, Any]:
    tasks = template.find_resources("AWS::ECS::TaskDefinition").values()
    [found] = [task for task in tasks if word in task["Properties"]["ContainerDefinitions"][0]["Command"]]
    return found["Properties"]


@pytest.mark.parametrize("stack", ["services", "migrate"])
def test_no_process_is_root_or_may_write_its_root(template: Templates, stack: str) -> None:
    for container in containers(template(stack)):
        assert container["ReadonlyRootFilesystem"] is True
        assert container["User"].split(":")[0] == "10001"
        assert not container.get("Privileged")


def test_there_are_five_services_and_only_the_sandbox_needs_hosts(template: Templates) -> None:
    services = template("services").find_resources("AWS::ECS::Service").values()
    kinds = sorted(service["Properties"].get("LaunchType", "hosts") for service in services)

    assert kinds == ["FARGATE"] * 4 + ["hosts"]


def test_only_the_sandbox_reaches_a_container_engine(template: Templates) -> None:
    sockets = [
        mount["ContainerPath"]
        for container in containers(template("services"))
        for mount in container["MountPoints"]
        if "docker.sock" in mount["ContainerPath"]
    ]

    assert sockets == ["/var/run/docker.sock"]


def test_there_is_never_a_second_beat(template: Templates) -> None:
    template("services").has_resource_properties(
        "AWS::ECS::Service",
        {
            "DesiredCount": 1,
            "LaunchType": "FARGATE",
            "DeploymentConfiguration": Match.object_like({"MaximumPercent": 100, "MinimumHealthyPercent": 0}),
        },
    )


def test_a_worker_has_two_minutes_to_hand_its_work_back(template: Templates) -> None:
    assert {container["StopTimeout"] for container in containers(template("services"))} == {120}


def test_no_secret_stands_in_an_environment(template: Templates) -> None:
    for container in containers(template("services")):
        plain = {variable["Name"] for variable in container["Environment"]}
        secret = {variable["Name"] for variable in container["Secrets"]}
        assert secret >= {
            "SECRET_KEY",
            "DATABASE_PASSWORD",
            "REDIS_TOKEN",
            "METRICS_TOKEN",
            "GITHUB_WEBHOOK_SECRET",
        }
        assert not plain & secret


def test_only_the_worker_holds_the_key_of_the_model(template: Templates) -> None:
    holders = [
        container["Command"]
        for stack in ("services", "migrate")
        for container in containers(template(stack))
        if "ANTHROPIC_API_KEY" in {secret["Name"] for secret in container["Secrets"]}
    ]

    assert holders == [list(COMMANDS["worker"])]


def test_settings_and_secrets_of_an_installation_reach_every_process(built: Callable[..., App]) -> None:
    app = built(settings={"OIDC_SERVER_URL": "https://id.example.org"}, secrets=["NOTIFY_URLS"])
    found = containers(Template.from_stack(app.node.find_child("agent-platform-services")))

    assert len(found) == 5
    for container in found:
        plain = {variable["Name"]: variable["Value"] for variable in container["Environment"]}
        assert plain["OIDC_SERVER_URL"] == "https://id.example.org"
        assert "NOTIFY_URLS" in {secret["Name"] for secret in container["Secrets"]}


@pytest.mark.parametrize(
    "more",
    [{"secrets": ["SECRET_KEY"]}, {"secrets": ["NOTIFY_URLS"], "settings": {"NOTIFY_URLS": "json://example.org"}}],
)
def test_a_secret_that_is_given_twice_is_refused(built: Callable[..., App], more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is given already: name it once"):
        built(**more)


def test_a_process_is_started_as_on_one_host() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    images = (ROOT / "Dockerfile").read_text().splitlines()
    [own] = [line.removeprefix("CMD ") for line in images if line.startswith("CMD ")]

    assert {name: services[name].get("command", json.loads(own)) for name in COMMANDS} == {
        name: list(command) for name, command in COMMANDS.items()
    }


@pytest.mark.parametrize("queue", ["agents", "sandbox"])
def test_workers_follow_the_depth_of_their_queue(template: Templates, queue: str) -> None:
    template("services").has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "Namespace": "AgentPlatform",
            "MetricName": "QueueMessages",
            "Dimensions": [{"Name": "Queue", "Value": queue}],
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        },
    )


def test_no_process_may_do_everything_with_anything(template: Templates) -> None:
    policies = template("services").find_resources("AWS::IAM::Policy").values()
    actions = [
        action
        for policy in policies
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    ]

    assert actions
    assert not [action for action in actions if action == "*" or action.endswith(":*")]
