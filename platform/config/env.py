"""Every setting from the environment, in one typed class; nothing else reads `os.environ`."""

import os
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.errors import PlatformError

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# Where Docker and Kubernetes put secrets as files: one with the name of a setting is its value.
SECRETS_DIR = Path("/run/secrets")

# A variable with one of these beginnings is meant for us, so an unknown one is a mistake worth stopping for.
OWN_PREFIXES = (
    *("SANDBOX_", "SNS_", "MODEL_", "EMBEDDING", "PIPELINE_", "LEASE_", "BREAKER_", "CANARY_"),
    *("APPROVAL_", "NOTIFY_", "OIDC_", "LOGIN_", "KEEP_", "METRICS_", "TRUST", "LOG_", "API_"),
)


class BadEnvironment(PlatformError):
    """A setting is unknown or has a value that cannot be used."""


class Env(BaseSettings):
    """One attribute for each variable; a default means that the product runs without it."""

    model_config = SettingsConfigDict(env_file=BASE_DIR / ".env", extra="forbid", case_sensitive=False)

    # Where things are
    data_dir: Path = BASE_DIR / ".data"
    database_url: str | None = Field(None, description="postgresql://...; empty: embedded PostgreSQL")
    redis_url: str | None = Field(None, description="redis://...; empty: embedded Redis")
    public_url: str = Field("", description="address people and webhooks use; empty: http://127.0.0.1:PORT")
    host: str = Field("127.0.0.1", description="address the web server binds")
    port: int = Field(8000, ge=1, le=65534)
    live_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="port of the live feed; empty: PORT + 1 in embedded mode, else a proxy leads /ws/ there",
    )

    # Django
    secret_key: SecretStr | None = Field(None, description="needed with DATABASE_URL; embedded: made in .data/")
    debug: bool = False
    allowed_hosts: Annotated[list[str], NoDecode] = Field(default_factory=list)

    # Intake
    sns_topic_arns: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="comma-separated ARNs of the topics that may deliver here"
    )
    sns_local_certificate: Path | None = Field(
        None, description="of a stand-in for SNS, trusted without a fetch: to try a deployment"
    )
    aws_region: str = "us-east-1"
    aws_endpoint_url: str | None = Field(None, description="another CloudWatch, for example a local stand-in")

    # Code host
    github_token: SecretStr | None = None
    github_app_id: int | None = None
    github_app_private_key: SecretStr | None = None
    github_app_installation_id: int | None = None
    github_api_url: str = "https://api.github.com"
    github_webhook_secret: SecretStr | None = Field(None, description="embedded: made in .data/")

    # Models
    anthropic_api_key: SecretStr | None = Field(None, description="empty: the scripted stand-in answers")
    anthropic_base_url: str | None = None
    model_triage: str = "claude-haiku-4-5"
    model_diagnosis: str = "claude-opus-4-6"
    model_fix: str = "claude-opus-4-6"
    model_review: str = "claude-sonnet-4-6"
    model_monitor: str = "claude-sonnet-4-6"
    model_budget_usd_per_call: Decimal = Field(Decimal(3), ge=0)
    model_budget_usd_per_stage: Decimal = Field(Decimal(8), ge=0)
    model_budget_usd_per_day: Decimal = Field(Decimal(200), ge=0)
    embeddings: Literal["hashing", "voyage", "minilm"] = Field(
        "hashing", description="after a change: manage.py reindex"
    )
    voyage_api_key: SecretStr | None = None
    voyage_base_url: str = "https://api.voyageai.com/v1"
    model_context_tokens: int = Field(
        120_000, ge=1_000, description="beyond this the oldest tool results are left out of a conversation"
    )

    # Sandbox
    docker_host: str | None = Field(
        None, description="unix://, tcp:// or ssh://USER@HOST; empty: the usual socket"
    )
    docker_tls_verify: bool = Field(False, description="speak TLS with an engine at tcp://")
    docker_cert_path: Path | None = Field(
        None, description="directory of ca.pem, cert.pem and key.pem, by itself enough for TLS; empty: ~/.docker"
    )
    sandbox_runner: Literal["auto", "docker", "local"] = "auto"
    sandbox_allow_unisolated: bool = Field(
        False, description="let the local runner run repositories other than the bundled ones"
    )
    sandbox_cache_dir: Path | None = Field(
        None, description="installed dependencies of tested repositories; empty: in the data directory"
    )
    sandbox_wall_seconds: int = Field(300, ge=5)
    sandbox_memory_mib: int = Field(3072, ge=128)
    sandbox_cpus: float = Field(2.0, gt=0)
    sandbox_processes: int = Field(256, ge=16)
    sandbox_disk_mib: int = Field(2048, ge=64)
    sandbox_file_mib: int = Field(1024, ge=1, description="size of one file that a run writes")
    sandbox_output_kib: int = Field(256, ge=1, description="what is kept of a run's output")
    sandbox_runtime: str = Field("", description="a runtime of the engine (runc, runsc); empty: its default")
    sandbox_install_network: str = Field(
        "", description="the engine's network for installing dependencies; empty: bridge. Runs never have one"
    )
    sandbox_install_seconds: int = Field(600, ge=10, description="for each command of an installation")
    sandbox_install_mib: int = Field(4096, ge=1, description="disk that the dependencies of a repository may take")
    sandbox_service_memory_mib: int = Field(
        1024, ge=256, description="for each server that a repository declares beside its tests, with its data"
    )
    sandbox_kept_mib: int = Field(20_480, ge=0, description="dependencies kept on the engine, all together")
    sandbox_kept_days: int = Field(14, ge=0, description="after which kept dependencies are installed anew")

    # Pipeline
    pipeline_fix_rounds: int = Field(3, ge=1, le=10)
    pipeline_candidates: int = Field(1, ge=1, le=5, description="fixes that a round writes and tries side by side")
    pipeline_severe_candidates: int = Field(3, ge=1, le=5, description="the same for a P0 or P1")
    pipeline_min_confidence: float = Field(0.70, ge=0, le=1)
    pipeline_max_blast_radius: int = Field(
        200, ge=0, description="a fault in what more functions than this can reach goes to a person; 0: no limit"
    )
    lease_seconds: int = Field(30, ge=3, description="a stage whose worker is silent this long is taken over")
    pipeline_sweep_seconds: int = Field(30, ge=1)
    breaker_failures: int = Field(5, ge=1, description="so many in a row, and an outside system is left alone")
    breaker_open_seconds: float = Field(30, gt=0, description="for so long at first, then twice as long")

    canary_minutes: int = Field(
        0, ge=0, description="between synthetic alarms that prove the whole path to a verdict; 0: none"
    )

    # Approvals
    approval_hours: float = Field(24, gt=0, description="an approval, or a question without answer, lasts so long")
    approval_people_for_critical: int = Field(
        2, ge=1, le=5, description="how many different people must approve a CRITICAL fix"
    )
    approval_remind_minutes: int = Field(60, ge=1, description="between reminders of a question without answer")
    approval_escalate_minutes: int = Field(240, ge=1, description="after so long NOTIFY_ESCALATION_URLS are told")
    notify_urls: SecretStr = Field(
        SecretStr(""), description="Apprise URLs, separated by spaces, that are told what waits for a person"
    )
    notify_escalation_urls: SecretStr = Field(SecretStr(""), description="Apprise URLs told when nobody answers")

    # Sign-in
    oidc_server_url: str = Field("", description="OpenID Connect issuer; empty: passwords only")
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_name: str = Field("single sign-on", description="what the button on the sign-in page says")
    oidc_groups_claim: str = Field("groups", description="claim whose values are names of our groups")
    login_failures: int = Field(5, ge=1, description="wrong passwords before sign-in is locked")
    login_lock_minutes: int = Field(15, ge=1)
    login_requests_per_minute: int = Field(30, ge=1, description="tries to sign in from one address, all names")
    api_requests_per_minute: int = Field(600, ge=1, description="of one user, over all processes")
    trust_forwarded_proto: bool = Field(
        False, description="a proxy in front ends TLS and always sets X-Forwarded-Proto itself"
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="networks whose X-Forwarded-For is believed, and `cloudflare` for all of theirs; "
        "empty: the address that connects is the client's",
    )

    # Watching it
    metrics_token: SecretStr | None = Field(
        None, description="what a scraper of /metrics sends as its bearer token; empty: loopback in embedded mode"
    )
    metrics_cloudwatch_namespace: str = Field(
        "", description="where CloudWatch is told how much waits in each queue; empty: nowhere"
    )
    log_format: Literal["auto", "plain", "json"] = Field("auto", description="auto: json outside embedded mode")

    # Retention, of incidents that are over
    keep_steps_days: int = Field(90, ge=0, description="conversations of agents are kept so long; 0: for ever")
    keep_events_days: int = Field(400, ge=0, description="raw notifications are kept so long; 0: for ever")

    # Tracing
    langfuse_public_key: SecretStr | None = None
    langfuse_secret_key: SecretStr | None = None
    langfuse_base_url: str | None = None

    @property
    def is_embedded(self) -> bool:
        """True while PostgreSQL is our own under `data_dir`: one machine, loopback only, local certificates."""
        return self.database_url is None

    @property
    def has_short_key(self) -> bool:
        """True where the given key is shorter than what Django's own check asks for."""
        return self.secret_key is not None and len(self.secret_key.get_secret_value()) < 50

    @property
    def feed_port(self) -> int:
        """The port that the live feed's server binds."""
        return self.live_port or self.port + 1

    @property
    def public_feed_port(self) -> int | None:
        """The port that browsers find the live feed at; None: the one that the page came from."""
        return self.feed_port if self.is_embedded else self.live_port

    @property
    def health_addresses(self) -> list[str]:
        """Where the web server and the live feed of this machine answer once they are up."""
        return [f"{self.address}/healthz", f"http://{self.host}:{self.feed_port}/healthz"]

    @property
    def docker_certificates(self) -> Path | None:
        """Where the certificates of an engine with TLS are; None: it has none. They are always verified."""
        return self.docker_cert_path or (Path.home() / ".docker" if self.docker_tls_verify else None)

    @property
    def has_model_key(self) -> bool:
        return self.anthropic_api_key is not None

    @property
    def address(self) -> str:
        """The base address of this installation, without a slash at the end."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")


@cache
def load() -> Env:
    """Read the environment once. Raises BadEnvironment with one sentence for the first thing that is wrong."""
    known = set(Env.model_fields)
    for name in sorted(os.environ):
        if name.upper().startswith(OWN_PREFIXES) and name.lower() not in known:
            raise BadEnvironment(_unknown(name, known))
    given = {
        name: value.split(",") if value else []
        for name in ("allowed_hosts", "sns_topic_arns", "trusted_proxies")
        if (value := os.environ.get(name.upper())) is not None
    }
    try:
        env = Env(**_stripped(given), _secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "extra_forbidden":
            raise BadEnvironment(_unknown(name.upper(), known) + " It is in the file .env.") from error
        raise BadEnvironment(
            f"the setting {name.upper()} is {first['input']!r}: {first['msg']}. "
            "Change it in the environment or in .env."
        ) from error
    _check_reach(env)
    return env


def _check_reach(env: Env) -> None:
    """Raise BadEnvironment where what was made for one machine alone would be reached from others."""
    if env.is_embedded and not is_loopback(env.host):
        raise BadEnvironment(
            f"HOST is {env.host}, and the embedded mode binds loopback only. Set DATABASE_URL, REDIS_URL and "
            "SECRET_KEY to serve other machines."
        )
    if env.has_short_key and not env.is_embedded:
        raise BadEnvironment("SECRET_KEY is shorter than 50 characters: give it a long random value.")
    if not env.is_embedded and env.redis_url is None:
        raise BadEnvironment("REDIS_URL is not set. Outside embedded mode name a Redis, redis://host:6379/0.")
    for network in env.trusted_proxies:
        if network != "cloudflare":
            try:
                ip_network(network)
            except ValueError as error:
                raise BadEnvironment(f"TRUSTED_PROXIES names {network!r}: {error}.") from error


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unknown(name: str, known: set[str]) -> str:
    near = get_close_matches(name.lower(), known, n=1)
    hint = f" Did you mean {near[0].upper()}?" if near else " See platform/config/env.py for the known ones."
    return f"the setting {name} is unknown.{hint}"


def _stripped(given: dict[str, list[str]]) -> dict[str, Any]:
    return {name: [item.strip() for item in items if item.strip()] for name, items in given.items()}
