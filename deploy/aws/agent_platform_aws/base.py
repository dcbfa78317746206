"""What lasts from release to release: network, data, secrets, images and the topic of the alarms."""

from aws_cdk import (
    CfnOutput,
    Duration,
    Environment,
    RemovalPolicy,
    Stack,
)
from aws_cdk import (
    aws_ec2 as ec2,
)
from aws_cdk import (
    aws_ecr as ecr,
)
from aws_cdk import (
    aws_ecs as ecs,
)
from aws_cdk import (
    aws_elasticache as elasticache,
)
from aws_cdk import (
    aws_iam as iam,
)
from aws_cdk import (
    aws_kms as kms,
)
from aws_cdk import (
    aws_logs as logs,
)
from aws_cdk import (
    aws_rds as rds,
)
from aws_cdk import (
    aws_secretsmanager as secretsmanager,
)
from aws_cdk import (
    aws_sns as sns,
)
from aws_cdk import (
    aws_sqs as sqs,
)
from constructs import Construct

from agent_platform_aws.given import Given
from agent_platform_aws.hosts import sandbox_hosts
from agent_platform_aws.known import accept

CLUSTER = "agent-platform"
# Not in a password that stands in a URL and in a shell's variable.
UNFIT = " %+~`#$&*()|[]{}:;<>?!'/@\"\\^,="
# Secrets that are made here, and those that a person puts in once, besides `secrets` of cdk.json.
MADE = ("SECRET_KEY", "GITHUB_WEBHOOK_SECRET", "METRICS_TOKEN")
GIVEN = ("ANTHROPIC_API_KEY", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_INSTALLATION_ID")
# An hour of retries: longer than a deployment, shorter than an alarm is of use.
RETRY_POLICY = {
    "healthyRetryPolicy": {
        "numRetries": 50,
        "numNoDelayRetries": 3,
        "numMinDelayRetries": 7,
        "numMaxDelayRetries": 30,
        "minDelayTarget": 5,
        "maxDelayTarget": 90,
        "backoffFunction": "exponential",
    },
    "throttlePolicy": {"maxReceivesPerSecond": 50},
    # Without this header the platform would be sent messages that carry no signature.
    "requestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
}


class Base(Stack):
    """The parts of an installation that hold something."""

    def __init__(self, scope: Construct, name: str, *, given: Given) -> None:
        super().__init__(
            scope,
            name,
            env=Environment(region=given.region),
            description="agent-platform: network, data, secrets, topic",
        )
        self.key = kms.Key(self, "Key", enable_key_rotation=True, description="agent-platform's data at rest")
        self.vpc = self._network()
        self.members = ec2.SecurityGroup(
            self, "Members", vpc=self.vpc, description="processes of the platform", allow_all_outbound=True
        )
        self.database = self._database()
        self.redis_token, self.redis = self._redis()
        self.secrets = self._secrets(given)
        self.images = ecr.Repository(
            self,
            "Images",
            repository_name="agent-platform",
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=50)],
        )
        self.logs = logs.LogGroup(
            self, "Logs", log_group_name="/agent-platform", retention=logs.RetentionDays.THREE_MONTHS
        )
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=CLUSTER,
            vpc=self.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
        )
        self.hosts = sandbox_hosts(self, vpc=self.vpc, cluster=self.cluster)
        self.topic = self._topic(given)
        # What the release workflow runs the migration with.
        CfnOutput(self, "Subnets", value=",".join(self.vpc.select_subnets(subnet_group_name="work").subnet_ids))
        CfnOutput(self, "MembersGroup", value=self.members.security_group_id)

    def _network(self) -> ec2.Vpc:
        vpc = ec2.Vpc(
            self,
            "Network",
            max_azs=2,
            nat_gateways=1,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="edge", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24),
                ec2.SubnetConfiguration(name="work", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=22),
                ec2.SubnetConfiguration(name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24),
            ],
        )
        vpc.add_flow_log("Flows", traffic_type=ec2.FlowLogTrafficType.REJECT)
        return vpc

    def _database(self) -> rds.DatabaseInstance:
        engine = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_9)
        database = rds.DatabaseInstance(
            self,
            "Database",
            engine=engine,
            # Every connection is encrypted; pgvector is an extension that RDS allows without a parameter.
            parameters={"rds.force_ssl": "1"},
            vpc=self.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="data"),
            instance_type=ec2.InstanceType("t4g.large"),
            multi_az=True,
            allocated_storage=100,
            max_allocated_storage=1000,
            storage_encrypted=True,
            storage_encryption_key=self.key,
            credentials=rds.Credentials.from_generated_secret("agent_platform", exclude_characters=UNFIT),
            database_name="agent_platform",
            port=5439,
            backup_retention=Duration.days(14),
            copy_tags_to_snapshot=True,
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
            enable_performance_insights=True,
            performance_insight_encryption_key=self.key,
            cloudwatch_logs_exports=["postgresql"],
            auto_minor_version_upgrade=True,
        )
        database.connections.allow_default_port_from(self.members, "processes of the platform")
        accept(database, "Rotating it restarts every process; docs/deploy.md says how it is done.", "SMG4")
        return database

    def _redis(self) -> tuple[secretsmanager.Secret, elasticache.CfnReplicationGroup]:
        token = self._secret("RedisToken", "the password of Redis")
        group = ec2.SecurityGroup(self, "RedisAccess", vpc=self.vpc, description="Redis", allow_all_outbound=False)
        group.add_ingress_rule(self.members, ec2.Port.tcp(6390), "processes of the platform")
        subnets = elasticache.CfnSubnetGroup(
            self,
            "RedisSubnets",
            description="isolated",
            subnet_ids=self.vpc.select_subnets(subnet_group_name="data").subnet_ids,
        )
        redis = elasticache.CfnReplicationGroup(
            self,
            "Redis",
            replication_group_description="broker, live feed and limits: what is lost is delayed, not lost",
            engine="valkey",
            cache_node_type="cache.t4g.small",
            num_cache_clusters=2,
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            at_rest_encryption_enabled=True,
            transit_encryption_enabled=True,
            auth_token=token.secret_value.unsafe_unwrap(),
            port=6390,
            cache_subnet_group_name=subnets.ref,
            security_group_ids=[group.security_group_id],
        )
        return token, redis

    def _secrets(self, given: Given) -> dict[str, secretsmanager.Secret]:
        given.must_not_name([*MADE, *GIVEN])
        found = {name: self._secret(name, f"{name}, made here") for name in MADE}
        for name in (*GIVEN, *given.secrets):
            found[name] = self._secret(name, f"{name}: put the real value in before the first release")
        return found

    def _secret(self, name: str, description: str) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            name,
            description=description,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                exclude_punctuation=True, password_length=64
            ),
        )
        accept(secret, "A new value has to be told to others at the same moment: a person does it.", "SMG4")
        return secret

    def _topic(self, given: Given) -> sns.Topic:
        topic = sns.Topic(
            self, "Alarms", topic_name="agent-platform-alarms", master_key=self.key, enforce_ssl=True
        )
        # CloudWatch publishes into an encrypted topic only if the key lets it.
        self.key.grant_encrypt_decrypt(
            iam.ServicePrincipal(
                "cloudwatch.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            )
        )
        topic.grant_publish(
            iam.ServicePrincipal(
                "cloudwatch.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            )
        )
        undelivered = sqs.Queue(
            self,
            "Undelivered",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        undelivered.grant_send_messages(
            iam.ServicePrincipal("sns.amazonaws.com", conditions={"ArnEquals": {"aws:SourceArn": topic.topic_arn}})
        )
        accept(undelivered, "It is itself the queue of what could not be delivered.", "SQS3")
        sns.CfnSubscription(
            self,
            "Webhook",
            topic_arn=topic.topic_arn,
            protocol="https",
            endpoint=f"https://{given.domain}/webhooks/sns/",
            delivery_policy=RETRY_POLICY,
            redrive_policy={"deadLetterTargetArn": undelivered.queue_arn},
        )
        return topic
