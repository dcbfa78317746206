"""The way in: Cloudflare's ranges and its own certificate, nobody else."""

import json
from collections.abc import Callable
from pathlib import Path

from aws_cdk.assertions import Match, Template

RANGES = json.loads((Path(__file__).parents[3] / "platform" / "config" / "cloudflare_ranges.json").read_text())
Templates = Callable[[str], Template]


def test_the_balancer_lets_exactly_cloudflares_ranges_in(template: Templates) -> None:
    groups = template("services").find_resources("AWS::EC2::SecurityGroup").values()
    [firewall] = [group for group in groups if group["Properties"]["GroupDescription"] == "Cloudflare only"]
    rules = firewall["Properties"]["SecurityGroupIngress"]

    assert {rule.get("CidrIp") or rule["CidrIpv6"] for rule in rules} == {*RANGES["ipv4"], *RANGES["ipv6"]}
    assert {(rule["FromPort"], rule["ToPort"]) for rule in rules} == {(443, 443)}


def test_only_who_has_cloudflares_certificate_gets_an_answer(template: Templates) -> None:
    template("services").has_resource_properties(
        "AWS::ElasticLoadBalancingV2::Listener",
        {"Port": 443, "Protocol": "HTTPS", "MutualAuthentication": Match.object_like({"Mode": "verify"})},
    )
    template("services").resource_count_is("AWS::ElasticLoadBalancingV2::Listener", 1)


def test_websockets_go_to_the_live_feed(template: Templates) -> None:
    template("services").has_resource_properties(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        {"Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/ws/*"]}}]},
    )


def test_a_process_is_healthy_while_it_answers_and_not_only_while_the_database_does(template: Templates) -> None:
    groups = template("services").find_resources("AWS::ElasticLoadBalancingV2::TargetGroup")

    assert {group["Properties"]["HealthCheckPath"] for group in groups.values()} == {"/healthz"}
