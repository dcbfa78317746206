"""Hosts with a container engine, on which fixes are tried: Fargate has none to hand."""

from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from agent_platform_aws.known import accept

# The group that may use the engine's socket there.
SOCKET_GROUP = 10002
SOCKET = "/var/run/docker.sock"


def sandbox_hosts(scope: Construct, *, vpc: ec2.Vpc, cluster: ecs.Cluster) -> ecs.AsgCapacityProvider:
    """Return the capacity that the sandbox workers run on; it follows how many of them there are to be."""
    start = ec2.UserData.for_linux()
    start.add_commands(
        f"groupadd --gid {SOCKET_GROUP} sandbox",
        "mkdir -p /etc/systemd/system/docker.socket.d",
        "printf '[Socket]\\nSocketGroup=sandbox\\n' > /etc/systemd/system/docker.socket.d/group.conf",
        "systemctl daemon-reload",
        "systemctl restart docker.socket docker",
    )
    role = iam.Role(scope, "HostsRole", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
    accept(role, "CDK's own policy of an ECS host.", "IAM5[Action::ecs:Submit*]", "IAM5[Resource::*]")
    # What an installation of dependencies runs goes out by the host's own address, which no database lets in. The
    # worker has an address of its own, among the processes of the platform.
    apart = ec2.SecurityGroup(scope, "HostsApart", vpc=vpc, description="hosts of the sandbox, let in nowhere")
    template = ec2.LaunchTemplate(
        scope,
        "Hosts",
        machine_image=ecs.EcsOptimizedImage.amazon_linux2023(),
        instance_type=ec2.InstanceType("m7i.xlarge"),
        user_data=start,
        role=role,
        security_group=apart,
        require_imdsv2=True,
        # A container is one hop further away: what runs in one does not reach the host's role.
        http_put_response_hop_limit=1,
        block_devices=[
            ec2.BlockDevice(device_name="/dev/xvda", volume=ec2.BlockDeviceVolume.ebs(100, encrypted=True))
        ],
    )
    group = autoscaling.AutoScalingGroup(
        scope,
        "HostsGroup",
        vpc=vpc,
        vpc_subnets=ec2.SubnetSelection(subnet_group_name="work"),
        launch_template=template,
        min_capacity=1,
        max_capacity=10,
        new_instances_protected_from_scale_in=True,
    )
    accept(group, "Hosts come and go with the work; the depth of the queue is what is watched.", "AS3")
    provider = ecs.AsgCapacityProvider(
        scope, "HostsProvider", auto_scaling_group=group, enable_managed_termination_protection=True
    )
    cluster.add_asg_capacity_provider(provider)
    return provider
