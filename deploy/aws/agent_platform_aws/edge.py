"""The one way in: a balancer that only Cloudflare reaches, and that only Cloudflare's own certificate opens."""

import json
from pathlib import Path

from aws_cdk import (
    RemovalPolicy,
)
from aws_cdk import (
    aws_ec2 as ec2,
)
from aws_cdk import (
    aws_ecs as ecs,
)
from aws_cdk import (
    aws_elasticloadbalancingv2 as elb,
)
from aws_cdk import (
    aws_s3 as s3,
)
from aws_cdk.aws_certificatemanager import Certificate
from constructs import Construct

from agent_platform_aws.base import Base
from agent_platform_aws.given import Given
from agent_platform_aws.known import accept
from agent_platform_aws.process import PORTS

# The same file that the platform reads to know the client's address.
RANGES = Path(__file__).parents[3] / "platform" / "config" / "cloudflare_ranges.json"


class Edge(Construct):
    """Balancer, its firewall, and where requests go: /ws/ to the live feed, everything else to web."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        base: Base,
        given: Given,
        web: ecs.FargateService,
        live: ecs.FargateService,
    ) -> None:
        super().__init__(scope, name)
        group = ec2.SecurityGroup(
            self, "Firewall", vpc=base.vpc, description="Cloudflare only", allow_all_outbound=False
        )
        ranges = json.loads(RANGES.read_text())
        for network in ranges["ipv4"]:
            group.add_ingress_rule(ec2.Peer.ipv4(network), ec2.Port.tcp(443), "Cloudflare")
        for network in ranges["ipv6"]:
            group.add_ingress_rule(ec2.Peer.ipv6(network), ec2.Port.tcp(443), "Cloudflare")
        for port in PORTS.values():
            group.add_egress_rule(ec2.Peer.ipv4(base.vpc.vpc_cidr_block), ec2.Port.tcp(port), "to the processes")
            ec2.CfnSecurityGroupIngress(
                self,
                f"From{port}",
                group_id=base.members.security_group_id,
                source_security_group_id=group.security_group_id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description="from the balancer",
            )
        balancer = elb.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=base.vpc,
            internet_facing=True,
            security_group=group,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="edge"),
            drop_invalid_header_fields=True,
            deletion_protection=True,
            # It appends the address that connected to it, which is what the platform reads.
            xff_header_processing_mode=elb.XffHeaderProcessingMode.APPEND,
        )
        balancer.log_access_logs(self._access_logs())
        listener = balancer.add_listener(
            "Https",
            port=443,
            protocol=elb.ApplicationProtocol.HTTPS,
            ssl_policy=elb.SslPolicy.TLS13_RES,
            open=False,
            certificates=[Certificate.from_certificate_arn(self, "Certificate", given.certificate_arn)],
            mutual_authentication=elb.MutualAuthentication(
                mutual_authentication_mode=elb.MutualAuthenticationMode.VERIFY,
                trust_store=elb.TrustStore(
                    self,
                    "OriginPulls",
                    bucket=s3.Bucket.from_bucket_name(self, "OriginPullBucket", given.origin_pull_bucket),
                    key="authenticated_origin_pull_ca.pem",
                ),
            ),
        )
        health = elb.HealthCheck(path="/healthz", healthy_http_codes="200")
        listener.add_targets(
            "Web", port=8000, protocol=elb.ApplicationProtocol.HTTP, targets=[web], health_check=health
        )
        listener.add_targets(
            "Live",
            port=8001,
            protocol=elb.ApplicationProtocol.HTTP,
            targets=[live],
            health_check=health,
            priority=10,
            conditions=[elb.ListenerCondition.path_patterns(["/ws/*"])],
        )

    def _access_logs(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        accept(bucket, "It is itself the bucket of access logs.", "S1")
        return bucket
