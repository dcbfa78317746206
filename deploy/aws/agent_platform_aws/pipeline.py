"""Who may release: the workflows of one repository at GitHub, by a token of their own and no stored key."""

from aws_cdk import CfnOutput, Duration, Environment, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from agent_platform_aws.base import CLUSTER, Base
from agent_platform_aws.given import Given
from agent_platform_aws.known import accept_wildcard

ISSUER = "token.actions.githubusercontent.com"


class Pipeline(Stack):
    """The role of .github/workflows/release.yml; only its environment `production`, approved by people, has it."""

    def __init__(self, scope: Construct, name: str, *, base: Base, given: Given) -> None:
        super().__init__(
            scope, name, env=Environment(region=given.region), description="agent-platform: who may release it"
        )
        provider = iam.CfnOIDCProvider(
            self, "GitHub", url=f"https://{ISSUER}", client_id_list=["sts.amazonaws.com"]
        )
        role = iam.Role(
            self,
            "Release",
            role_name="agent-platform-release",
            max_session_duration=Duration.hours(1),
            assumed_by=iam.FederatedPrincipal(
                provider.attr_arn,
                {
                    "StringEquals": {
                        f"{ISSUER}:aud": "sts.amazonaws.com",
                        f"{ISSUER}:sub": f"repo:{given.repository}:environment:production",
                    }
                },
                "sts:AssumeRoleWithWebIdentity",
            ),
        )
        base.images.grant_pull_push(role)
        bootstrap = self.format_arn(service="iam", region="", resource="role", resource_name="cdk-*")
        role.add_to_policy(iam.PolicyStatement(actions=["sts:AssumeRole"], resources=[bootstrap]))
        tasks = self.format_arn(
            service="ecs", resource="task-definition", resource_name="agent-platform-migrate:*"
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["ecs:RunTask"],
                resources=[tasks],
                conditions={"ArnEquals": {"ecs:cluster": base.cluster.cluster_arn}},
            )
        )
        run = self.format_arn(service="ecs", resource="task", resource_name=f"{CLUSTER}/*")
        role.add_to_policy(iam.PolicyStatement(actions=["ecs:DescribeTasks"], resources=[run]))
        roles = self.format_arn(
            service="iam", region="", resource="role", resource_name="agent-platform-migrate-*"
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[roles],
                conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            )
        )
        reason = "Each release has a new revision, task or role name; what is fixed of the name is fixed here."
        accept_wildcard(role, reason, bootstrap, tasks, run, roles, "*")
        CfnOutput(self, "ReleaseRole", value=role.role_arn)
