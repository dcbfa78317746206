"""What a release changes: the migration that runs before it, and the services that run it."""

from aws_cdk import (
    ArnFormat,
    Duration,
    Environment,
    Stack,
)
from aws_cdk import (
    aws_applicationautoscaling as scaling,
)
from aws_cdk import (
    aws_cloudwatch as cloudwatch,
)
from aws_cdk import (
    aws_ec2 as ec2,
)
from aws_cdk import (
    aws_ecs as ecs,
)
from aws_cdk import (
    aws_iam as iam,
)
from constructs import Construct

from agent_platform_aws.base import Base
from agent_platform_aws.edge import Edge
from agent_platform_aws.given import Given
from agent_platform_aws.hosts import SOCKET, SOCKET_GROUP
from agent_platform_aws.known import accept_wildcard
from agent_platform_aws.process import NAMESPACE, add_process

WORK = ec2.SubnetSelection(subnet_group_name="work")
# Messages that wait in a queue, and how many tasks more (or fewer) they are worth.
STEPS = [
    scaling.ScalingInterval(upper=1, change=-1),
    scaling.ScalingInterval(lower=10, upper=50, change=1),
    scaling.ScalingInterval(lower=50, change=3),
]


class Migrate(Stack):
    """A task that is run once for each release, before its services; see the release workflow."""

    def __init__(self, scope: Construct, name: str, *, base: Base, given: Given) -> None:
        super().__init__(
            scope,
            name,
            env=Environment(region=given.region),
            description="agent-platform: the migration of a release",
        )
        task = ecs.FargateTaskDefinition(
            self, "Task", family="agent-platform-migrate", cpu=512, memory_limit_mib=1024
        )
        add_process(task, "migrate", base=base, given=given)
        _pulls_and_reads_secrets(task)


class Services(Stack):
    """The processes of the platform, each a service of its own."""

    def __init__(self, scope: Construct, name: str, *, base: Base, given: Given) -> None:
        super().__init__(
            scope, name, env=Environment(region=given.region), description="agent-platform: its processes"
        )
        self._base, self._given = base, given
        # Named and not changed from here: rules about it stand beside what they are for.
        self._members = ec2.SecurityGroup.from_security_group_id(
            self, "Members", base.members.security_group_id, mutable=False
        )
        web = self._fargate("web", cpu=1024, memory=2048, count=2)
        live = self._fargate("live", cpu=512, memory=1024, count=2)
        worker = self._fargate("worker", cpu=2048, memory=4096, count=2)
        # Two of it would send everything twice: the old one ends before the new one begins.
        self._fargate("beat", cpu=256, memory=512, count=1, is_single=True)
        sandbox = self._sandbox()
        Edge(self, "Edge", base=base, given=given, web=web, live=live)
        _may(
            web.task_definition,
            "sns:ConfirmSubscription",
            resources=[base.topic.topic_arn],
        )
        self._reads_production(worker.task_definition)
        self._sends_canaries(worker.task_definition)
        _publishes_metrics(worker.task_definition)
        _grows_with(worker.auto_scale_task_count(min_capacity=2, max_capacity=20), "agents")
        _grows_with(sandbox.auto_scale_task_count(min_capacity=1, max_capacity=10), "sandbox")

    def _fargate(
        self, name: str, *, cpu: int, memory: int, count: int, is_single: bool = False
    ) -> ecs.FargateService:
        task = ecs.FargateTaskDefinition(self, f"{name}-task", cpu=cpu, memory_limit_mib=memory)
        add_process(task, name, base=self._base, given=self._given)
        _pulls_and_reads_secrets(task)
        return ecs.FargateService(
            self,
            name,
            cluster=self._base.cluster,
            task_definition=task,
            desired_count=count,
            min_healthy_percent=0 if is_single else 100,
            max_healthy_percent=100 if is_single else 200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            security_groups=[self._members],
            vpc_subnets=WORK,
            enable_execute_command=False,
        )

    def _sandbox(self) -> ecs.Ec2Service:
        """Fargate has no container engine to hand: tests of fixes run on hosts of their own."""
        task = ecs.Ec2TaskDefinition(self, "sandbox-task", network_mode=ecs.NetworkMode.AWS_VPC)
        container = add_process(
            task,
            "sandbox",
            base=self._base,
            given=self._given,
            user=f"10001:{SOCKET_GROUP}",
            SANDBOX_RUNNER="docker",
            DOCKER_HOST=f"unix://{SOCKET}",
        )
        task.add_volume(name="engine", host=ecs.Host(source_path=SOCKET))
        container.add_mount_points(ecs.MountPoint(container_path=SOCKET, source_volume="engine", read_only=False))
        _pulls_and_reads_secrets(task)
        return ecs.Ec2Service(
            self,
            "sandbox",
            cluster=self._base.cluster,
            task_definition=task,
            desired_count=1,
            min_healthy_percent=0,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            security_groups=[self._members],
            vpc_subnets=WORK,
            capacity_provider_strategies=[
                ecs.CapacityProviderStrategy(capacity_provider=self._base.hosts.capacity_provider_name, weight=1)
            ],
        )

    def _reads_production(self, task: ecs.TaskDefinition) -> None:
        """Let the worker read what CloudWatch knows, and create alarms that are missing."""
        _may(
            task,
            *("logs:FilterLogEvents", "logs:DescribeMetricFilters", "logs:PutMetricFilter"),
            resources=[
                self.format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name="*",
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
        )
        _may(
            task,
            *("cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:ListTagsForResource"),
            resources=[
                self.format_arn(
                    service="cloudwatch",
                    resource="alarm",
                    resource_name="*",
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
        )
        _may(
            task,
            *("cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmsForMetric"),
            *("cloudwatch:ListMetrics", "cloudwatch:GetMetricData"),
            resources=["*"],
        )

    def _sends_canaries(self, task: ecs.TaskDefinition) -> None:
        """Let the worker publish into the topic, which is encrypted with a key of ours."""
        _may(task, "sns:Publish", resources=[self._base.topic.topic_arn])
        _may(task, "kms:GenerateDataKey", "kms:Decrypt", resources=[self._base.key.key_arn])


def _may(task: ecs.TaskDefinition, *actions: str, resources: list[str]) -> None:
    """Let the process do these things and no others."""
    task.add_to_task_role_policy(iam.PolicyStatement(actions=list(actions), resources=resources))
    reason = "The alarms and log groups of the services that it watches are named in the console, not here."
    accept_wildcard(task, reason, *(resource for resource in resources if "*" in resource))


def _publishes_metrics(task: ecs.TaskDefinition) -> None:
    task.add_to_task_role_policy(
        iam.PolicyStatement(
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
        )
    )
    accept_wildcard(task, "PutMetricData knows no resources; the namespace is its limit.", "*")


def _pulls_and_reads_secrets(task: ecs.TaskDefinition) -> None:
    """Accept what every task that pulls an image needs."""
    accept_wildcard(task, "ecr:GetAuthorizationToken knows no resources.", "*")


def _grows_with(capacity: ecs.ScalableTaskCount, queue: str) -> None:
    """Scale on how many messages wait in `queue`, which the worker publishes every minute."""
    waiting = cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name="QueueMessages",
        dimensions_map={"Queue": queue},
        statistic="Average",
        period=Duration.minutes(1),
    )
    capacity.scale_on_metric(
        f"{queue}-depth",
        metric=waiting,
        scaling_steps=STEPS,
        adjustment_type=scaling.AdjustmentType.CHANGE_IN_CAPACITY,
        cooldown=Duration.minutes(3),
    )
