"""The stacks of one installation, synthesised once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from agent_platform_aws.build import build
from aws_cdk import App
from aws_cdk.assertions import Template

CONTEXT = json.loads((Path(__file__).parents[1] / "cdk.json").read_text())["context"]


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """Synthesising fails where cdk-nag finds something that nobody has accepted with a reason."""
    found = build(App(context=CONTEXT, outdir=str(tmp_path_factory.mktemp("cdk.out"))))
    found.synth()
    return found


@pytest.fixture(scope="session")
def template(app: App) -> Callable[[str], Template]:
    return lambda name: Template.from_stack(app.node.find_child(f"agent-platform-{name}"))


@pytest.fixture
def built(tmp_path: Path) -> Callable[..., App]:
    """Build the stacks with more, or other, context than that of cdk.json."""
    return lambda **more: build(App(context={**CONTEXT, **more}, outdir=str(tmp_path)))
