"""One process of the platform as a container: its image, environment, secrets, health and what it may write."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from agent_platform_aws.base import Base
from agent_platform_aws.given import Given
from agent_platform_aws.known import accept

# The namespace at CloudWatch of how much waits in each queue.
NAMESPACE = "AgentPlatform"
# As in docker-compose.yml and, for `web`, in the Dockerfile.
COMMANDS: Mapping[str, Sequence[str]] = {
    "web": (
        *("granian", "--interface", "wsgi", "config.wsgi:application", "--no-ws", "--host", "0.0.0.0"),
        *("--port", "8000", "--workers", "2", "--blocking-threads", "4", "--blocking-threads-idle-timeout", "600"),
        *("--workers-kill-timeout", "5", "--respawn-failed-workers", "--log-level", "warning"),
    ),
    "live": (
        *("uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8001", "--lifespan", "off"),
        *("--no-access-log", "--timeout-graceful-shutdown", "5"),
        *("--ws-per-message-deflate", "false", "--ws-max-size", "16384"),
    ),
    "worker": (
        *("celery", "-A", "config", "worker", "-n", "worker@%h", "-Q", "intake,agents,default"),
        *("--pool", "threads", "--concurrency", "8", "--without-gossip", "--without-mingle", "--loglevel", "INFO"),
    ),
    "sandbox": (
        *("celery", "-A", "config", "worker", "-n", "sandbox@%h", "-Q", "sandbox"),
        *("--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "INFO"),
    ),
    "beat": (
        *("celery", "-A", "config", "beat", "--loglevel", "WARNING"),
        *("-s", "/var/lib/agent-platform/celerybeat-schedule"),
    ),
    "migrate": ("python", "manage.py", "migrate", "--noinput"),
}
PORTS = {"web": 8000, "live": 8001}
# The addresses of database and Redis are put together where their passwords are: in the container.
STARTED_WITH = ("DATABASE_URL", "REDIS_URL")
START = (
    'export DATABASE_URL="postgresql://$DATABASE_USER:$DATABASE_PASSWORD@$DATABASE_HOST:$DATABASE_PORT/agent_platform'
    '?sslmode=require" REDIS_URL="rediss://:$REDIS_TOKEN@$REDIS_HOST:$REDIS_PORT/0?ssl_cert_reqs=required"; '
    'exec "$@"'
)
# Keys of models are for the process that asks them.
WORKERS_ALONE = ("ANTHROPIC_API_KEY", "VOYAGE_API_KEY")
# What runs tests of strangers holds no secret that it does not use.
NEVER_IN_THE_SANDBOX = (*WORKERS_ALONE, "OIDC_CLIENT_SECRET", "NOTIFY_URLS", "NOTIFY_ESCALATION_URLS")
WRITABLE = {"tmp": "/tmp", "data": "/var/lib/agent-platform"}
# Fargate's longest, and what a worker needs to hand back what it is in the middle of.
STOP = Duration.seconds(120)


def add_process(
    task: ecs.TaskDefinition, name: str, *, base: Base, given: Given, user: str = "10001", **extra: str
) -> ecs.ContainerDefinition:
    """Add the container of process `name` to `task`; `extra` is added to its environment."""
    scope: Construct = task
    plain, secrets = {**_environment(base, given), **extra}, _secrets(base)
    given.must_not_name([*plain, *secrets.keys() - base.secrets.keys(), *STARTED_WITH])
    if in_plain_text := sorted(given.settings.keys() & {*NEVER_IN_THE_SANDBOX}):
        raise ValueError(f"settings say {', '.join(in_plain_text)}, which is secret: name it among the secrets.")
    container = task.add_container(
        "main",
        image=ecs.ContainerImage.from_ecr_repository(base.images, given.image),
        entry_point=["sh", "-c", START, "start"],
        command=list(COMMANDS[name]),
        user=user,
        readonly_root_filesystem=True,
        stop_timeout=STOP,
        port_mappings=[ecs.PortMapping(container_port=PORTS[name])] if name in PORTS else [],
        memory_reservation_mib=512,
        logging=ecs.LogDrivers.aws_logs(
            log_group=base.logs, stream_prefix=name, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
        environment={**plain, **given.settings},
        secrets={key: secret for key, secret in secrets.items() if _holds(name, key)},
        health_check=_health(name),
        linux_parameters=ecs.LinuxParameters(scope, "Init", init_process_enabled=True),
    )
    for volume, path in WRITABLE.items():
        task.add_volume(name=volume)
        container.add_mount_points(ecs.MountPoint(container_path=path, source_volume=volume, read_only=False))
    accept(task, "What is in plain text is no secret; secrets come from Secrets Manager.", "ECS2")
    return container


def _environment(base: Base, given: Given) -> dict[str, str]:
    return {
        "DATABASE_HOST": base.database.db_instance_endpoint_address,
        "DATABASE_PORT": base.database.db_instance_endpoint_port,
        "REDIS_HOST": base.redis.attr_primary_end_point_address,
        "REDIS_PORT": base.redis.attr_primary_end_point_port,
        "PUBLIC_URL": f"https://{given.domain}",
        "ALLOWED_HOSTS": given.domain,
        "LIVE_PORT": "443",
        "TRUST_FORWARDED_PROTO": "true",
        "TRUSTED_PROXIES": f"{base.vpc.vpc_cidr_block},cloudflare",
        "SNS_TOPIC_ARNS": base.topic.topic_arn,
        "AWS_REGION": base.region,
        "AWS_DEFAULT_REGION": base.region,
        "METRICS_CLOUDWATCH_NAMESPACE": NAMESPACE,
    }


def _secrets(base: Base) -> dict[str, ecs.Secret]:
    database = base.database.secret
    if database is None:
        raise ValueError("The database has no secret although its credentials are generated.")
    return {
        "DATABASE_USER": ecs.Secret.from_secrets_manager(database, "username"),
        "DATABASE_PASSWORD": ecs.Secret.from_secrets_manager(database, "password"),
        "REDIS_TOKEN": ecs.Secret.from_secrets_manager(base.redis_token),
        **{name: ecs.Secret.from_secrets_manager(secret) for name, secret in base.secrets.items()},
    }


def _holds(process: str, secret: str) -> bool:
    kept_from = NEVER_IN_THE_SANDBOX if process == "sandbox" else WORKERS_ALONE
    return process == "worker" or secret not in kept_from


def _health(name: str) -> ecs.HealthCheck | None:
    if name in PORTS:
        address = f"http://127.0.0.1:{PORTS[name]}/healthz"
        command = f"import urllib.request; urllib.request.urlopen('{address}', timeout=4)"
        return ecs.HealthCheck(command=["CMD", "python", "-c", command], start_period=Duration.seconds(60))
    return None
