"""The processes: what runs where, as whom, and what each may do."""

import json
import re
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


def role_of(template: Template, process: str) -> str:
    tasks = [task["Properties"] for task in template.find_resources("AWS::ECS::TaskDefinition").values()]
    [found] = [task for task in tasks if task["ContainerDefinitions"][0]["Command"] == list(COMMANDS[process])]
    return found["TaskRoleArn"]["Fn::GetAtt"][0]


def granted(template: Template, *, role: str = "") -> dict[str, Any]:
    """Return the resources of each action that policies allow, of all roles or of one."""
    return {
        action: statement["Resource"]
        for policy in template.find_resources("AWS::IAM::Policy").values()
        if not role or {"Ref": role} in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


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


def test_a_secret_reaches_no_process_that_it_is_not_for(built: Callable[..., App]) -> None:
    names = ["VOYAGE_API_KEY", "OIDC_CLIENT_SECRET", "NOTIFY_URLS", "NOTIFY_ESCALATION_URLS"]
    app = built(secrets=names)
    holders = {
        (process, secret["Name"])
        for stack in ("services", "migrate")
        for container in containers(Template.from_stack(app.node.find_child(f"agent-platform-{stack}")))
        for process, command in COMMANDS.items()
        if container["Command"] == list(command)
        for secret in container["Secrets"]
        if secret["Name"] in {"ANTHROPIC_API_KEY", *names}
    }

    assert holders == {
        *(("worker", name) for name in ("ANTHROPIC_API_KEY", "VOYAGE_API_KEY")),
        *((process, name) for process in COMMANDS if process != "sandbox" for name in names[1:]),
    }


def test_settings_and_secrets_of_an_installation_reach_every_process(built: Callable[..., App]) -> None:
    app = built(settings={"OIDC_SERVER_URL": "https://id.example.org"}, secrets=["LANGFUSE_SECRET_KEY"])
    found = containers(Template.from_stack(app.node.find_child("agent-platform-services")))

    assert len(found) == 5
    for container in found:
        plain = {variable["Name"]: variable["Value"] for variable in container["Environment"]}
        assert plain["OIDC_SERVER_URL"] == "https://id.example.org"
        assert "LANGFUSE_SECRET_KEY" in {secret["Name"] for secret in container["Secrets"]}


@pytest.mark.parametrize(
    "more",
    [
        {"secrets": ["SECRET_KEY"]},
        {"secrets": ["NOTIFY_URLS", "NOTIFY_URLS"]},
        {"secrets": ["NOTIFY_URLS"], "settings": {"NOTIFY_URLS": "json://example.org"}},
        {"secrets": ["PUBLIC_URL"]},
        *(
            {"settings": {name: "x"}}
            for name in ("METRICS_TOKEN", "ANTHROPIC_API_KEY", "DATABASE_PASSWORD", "DATABASE_URL", "LIVE_PORT")
        ),
        {"settings": {"SANDBOX_RUNNER": "local"}},
    ],
    ids=str,
)
def test_what_is_given_twice_is_refused(built: Callable[..., App], more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is given already: name it once"):
        built(**more)


def test_a_secret_in_plain_text_is_refused(built: Callable[..., App]) -> None:
    with pytest.raises(ValueError, match="settings say VOYAGE_API_KEY, which is secret"):
        built(settings={"VOYAGE_API_KEY": "pa-1"})


@pytest.mark.parametrize(
    "more",
    [
        {"secrets": "NOTIFY_URLS"},
        {"secrets": {"NOTIFY_URLS": "x"}},
        {"secrets": [1]},
        {"settings": "CANARY_MINUTES=15"},
        {"settings": ["CANARY_MINUTES"]},
        {"settings": {"CANARY_MINUTES": 15}},
    ],
    ids=str,
)
def test_what_is_of_another_form_is_refused_with_the_right_one(
    built: Callable[..., App], more: dict[str, Any]
) -> None:
    [name] = more
    with pytest.raises(ValueError, match=f"^{name} is .*: write .* into cdk.json as"):
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


@pytest.mark.parametrize("process", COMMANDS)
def test_a_process_may_do_what_the_documentation_says_that_it_needs(template: Templates, process: str) -> None:
    page = (ROOT / "docs" / "connect.md").read_text()
    rows = re.findall(r"^ +\| `(\w+)` \| .* \| (.*) \|$", page, re.MULTILINE)
    needed: dict[str, set[str]] = {name: set() for name in COMMANDS}
    for who, needs in rows:
        needed[who] |= set(re.findall(r"`(\w+:\w+)`", needs))
    stack = template("migrate" if process == "migrate" else "services")

    assert sum(map(len, needed.values())) > 10
    assert set(granted(stack, role=role_of(stack, process))) == needed[process]


def test_a_canary_is_published_into_the_topic_that_our_key_encrypts(template: Templates) -> None:
    may = granted(template("services"), role=role_of(template("services"), "worker"))
    base = template("base").to_json()
    [topic] = template("base").find_resources("AWS::SNS::Topic")
    key = base["Resources"][topic]["Properties"]["KmsMasterKeyId"]["Fn::GetAtt"]
    exported = {each["Export"]["Name"]: each["Value"] for each in base["Outputs"].values() if "Export" in each}

    assert exported[may["sns:Publish"]["Fn::ImportValue"]] == {"Ref": topic}
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        assert exported[may[action]["Fn::ImportValue"]] == {"Fn::GetAtt": key}
    # The key's own policy leaves it to those of the account's roles.
    assert "root" in str(base["Resources"][key[0]]["Properties"]["KeyPolicy"]["Statement"][0]["Principal"])


def test_no_process_may_do_everything_with_anything(template: Templates) -> None:
    actions = granted(template("services"))

    assert actions
    assert not [action for action in actions if action == "*" or action.endswith(":*")]
