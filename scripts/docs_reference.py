"""MkDocs hook: the reference pages, made from the code so that they cannot grow stale."""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
_METRIC = re.compile(r'"(agent_platform_\w+)",\s*f?"([^"]+)"')
# Options that Django gives to every command.
DJANGO_OPTIONS = {
    *("--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color"),
    *("--force-color", "--skip-checks"),
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to those of the folder."""
    _start_django()
    for name, content in (
        ("settings", "\n".join(settings_page())),
        ("commands", "\n".join(commands_page())),
        ("api", "\n".join(api_page())),
        ("metrics", "\n".join(metrics_page())),
    ):
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    return files


def settings_page() -> Iterator[str]:
    """Yield the lines of the page of settings, in the order and groups of the settings class."""
    env = import_module("config.env")
    yield from (
        "# Settings",
        "",
        "Environment variables, or lines in `.env`. All have a default; an unknown one is refused with the name",
        "that was probably meant. A file in `/run/secrets` with a setting's name is its value, too.",
        "",
        "| variable | type | default | what |",
        "|---|---|---|---|",
    )
    for name, field in env.Env.model_fields.items():
        kind = getattr(field.annotation, "__name__", None) or str(field.annotation)
        yield (
            f"| `{name.upper()}` | {_cell(_plain(str(field.annotation), kind))} "
            f"| {_cell(_default(field.get_default()))} | {_cell(field.description or '')} |"
        )


def commands_page() -> Iterator[str]:
    """Yield the lines of the page of commands: ours, with their own options."""
    yield from ("# Commands", "", "Each is `.venv/bin/python manage.py NAME`.", "")
    for name, parser in sorted(own_commands().items()):
        yield from (f"## {name}", "", (parser.description or "").strip(), "")
        actions = [a for a in parser._actions if not DJANGO_OPTIONS & set(a.option_strings)]
        if actions:
            yield from ("| argument | what |", "|---|---|")
            for action in actions:
                yield f"| `{_usage(action)}` | {_cell(action.help or '')} |"
            yield ""


def own_commands() -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each management command that lives in this repository, by its name."""
    management = import_module("django.core.management")
    apps = import_module("django.apps").apps
    own = {config.name for config in apps.get_app_configs() if Path(config.path).is_relative_to(ROOT)}
    return {
        name: management.load_command_class(app, name).create_parser("manage.py", name)
        for name, app in management.get_commands().items()
        if app in own and ".venv" not in str(apps.get_app_config(app.rsplit(".", 1)[-1]).path)
    }


def api_page() -> Iterator[str]:
    """Yield the lines of the page of the HTTP API, from its OpenAPI schema."""
    generators = import_module("drf_spectacular.generators")
    schema: dict[str, Any] = generators.SchemaGenerator().get_schema(request=None, public=True)
    yield from (
        "# HTTP API",
        "",
        "The running server has the whole schema at `/api/schema/` and a page to try it at `/api/docs/`.",
        "Sign-in: the session of the dashboard, or `Authorization: Bearer TOKEN` of `manage.py create_api_token`.",
        "",
        "| method | path | what |",
        "|---|---|---|",
    )
    for path, methods in sorted(schema["paths"].items()):
        for method, operation in methods.items():
            what = (operation.get("summary") or operation.get("description") or "").strip().split("\n\n")[0]
            yield f"| {method.upper()} | `{path}` | {_cell(what)} |"


def metrics_page() -> Iterator[str]:
    """Yield the lines of the page of metrics: name and help text where each is made."""
    yield from (
        "# Metrics",
        "",
        "`/metrics` of any web process tells them for the whole installation; it asks for `METRICS_TOKEN`.",
        "`deploy/monitoring` has alert rules and a dashboard of them.",
        "",
        "| metric | what |",
        "|---|---|",
    )
    sources = sorted((ROOT / "platform" / "config" / "metrics").glob("*.py"))
    named = [pair for source in sources for pair in _METRIC.findall(source.read_text())]
    for name, what in sorted(named):
        yield f"| `{name}` | {_cell(what)} |"


def _start_django() -> None:
    for place in (ROOT, ROOT / "platform"):
        if str(place) not in sys.path:
            sys.path.insert(1, str(place))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import_module("django").setup()


def _usage(action: argparse.Action) -> str:
    if not action.option_strings:
        return action.metavar if isinstance(action.metavar, str) else action.dest
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return f"{action.option_strings[-1]}{value}"


def _plain(annotation: str, name: str) -> str:
    """Return a type in words that fit a table."""
    words = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Path": "path"}
    bare = name.split("[")[0].removesuffix(" | None")
    if "Literal" in annotation:
        return "one of " + annotation.split("[", 1)[1].rstrip("]").replace("'", "")
    if "SecretStr" in annotation:
        return "secret"
    if "list[" in annotation:
        return "comma-separated"
    if "Decimal" in annotation:
        return "amount"
    for kind, word in words.items():
        if kind in (bare, annotation.removesuffix(" | None")) or annotation.split(".")[-1].startswith(kind):
            return word
    return bare


def _default(value: object) -> str:
    if value is None or value in ("", []) or "PydanticUndefined" in str(value):
        return ""
    text = str(value)
    return f"`{text.replace(str(ROOT), '.')}`" if text.strip("*") else ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
