"""What is different for the canary's incidents: bundled sources, a scripted model, and an end at the verdict."""

from functools import cache

from agents.runtime.contract import Model
from evals.rehearsal import parcels
from incidents.canary import CANARY
from incidents.models import Service
from integrations.anthropic.script import load_script
from integrations.anthropic.scripted import ScriptedModel
from integrations.codehost import CodeHost
from integrations.codehosts import code_host
from integrations.git_checkout import locked
from integrations.localgit.configured import local_git_host

ALARM_PATTERN = "agent-platform-canary-*"


def is_canary(service: Service) -> bool:
    """Return whether this is the platform's own service."""
    return service.name == CANARY


def canary_service_ensure() -> Service:
    """Return the canary's service, made the first time."""
    fields = {"repository": parcels.REPOSITORY, "alarm_patterns": [ALARM_PATTERN]}
    return Service.objects.get_or_create(name=CANARY, defaults=fields)[0]


def code_host_of(service: Service) -> CodeHost:
    """Return where the service's code lives: the configured host, for the canary this machine."""
    if not is_canary(service):
        return code_host()
    host = local_git_host()
    host.root.mkdir(parents=True, exist_ok=True)
    with locked(host.root / f"{CANARY}.lock"):
        if not host.has_repository(parcels.REPOSITORY):
            parcels.repository_import(host)
    return host


@cache
def canary_model() -> Model:
    """Return the model that plays the bundled script: the canary costs nothing."""
    return ScriptedModel(load_script(parcels.MODEL_SCRIPT))
