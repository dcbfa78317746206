"""A clean stage: the demo's own rows of an earlier run removed, its repository, service and people made."""

import secrets
from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from approvals.groups import groups_ensure
from config.demo.scenario import SERVICE_SOURCES, Scenario
from config.env import Env
from incidents.choices import MergePolicy, Risk
from incidents.models import Event, Incident, Service
from integrations.localgit.configured import local_git_host
from integrations.localgit.host import ImportedCommit
from integrations.localgit.models import LocalPullRequest

SERVICE = "orders-service"
APPROVER = "approver"


def demo_reset(scenario: Scenario) -> None:
    """Remove the rows of an earlier demo and nothing else, and make repository and service anew."""
    with transaction.atomic():
        service = Service.objects.filter(name=SERVICE, repository=scenario.repository.name).first()
        if service is not None:
            Event.objects.filter(service=service).delete()
            Incident.objects.filter(service=service).delete()
        LocalPullRequest.objects.filter(repository=scenario.repository.name).delete()
        Service.objects.update_or_create(
            name=SERVICE,
            defaults={
                "repository": scenario.repository.name,
                "default_branch": scenario.repository.default_branch,
                "alarm_patterns": ["orders-service-*"],
                "log_groups": [scenario.log_group],
                "approval_threshold": Risk.HIGH,
                "merge_policy": MergePolicy.WHEN_GREEN,
            },
        )


def repository_import(scenario: Scenario) -> None:
    """Make the bundled service a git repository at the local code host, with its history."""
    now = timezone.now().replace(microsecond=0)
    local_git_host().repository_import(
        SERVICE_SOURCES,
        scenario.repository.name,
        branch=scenario.repository.default_branch,
        commits=[
            ImportedCommit(
                author=commit.author,
                email=commit.email,
                at=now - timedelta(days=commit.days_ago),
                subject=commit.subject,
                paths=commit.paths,
            )
            for commit in scenario.repository.commits
        ],
    )


def approver_ensure(env: Env) -> str:
    """Return the password of the demo's approver, made once for this data directory and kept there."""
    groups_ensure()
    kept = env.data_dir / "secrets" / "approver_password"
    if not kept.exists():
        kept.write_text(secrets.token_urlsafe(12))
        kept.chmod(0o600)
    password = kept.read_text()
    user, _ = User.objects.get_or_create(username=APPROVER, defaults={"is_staff": True})
    user.groups.set([Group.objects.get(name="approver")])
    if not user.check_password(password):
        user.set_password(password)
        user.save()
    return password
