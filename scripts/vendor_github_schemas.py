"""Cut what the contract tests need out of GitHub's own descriptions of its API and webhooks (MIT).

    npm pack @octokit/openapi@23.0.2 @octokit/webhooks-schemas@7.6.1    # and unpack both
    python scripts/vendor_github_schemas.py OPENAPI_PACKAGE WEBHOOKS_PACKAGE

Writes platform/integrations/github/tests/schemas/ and, for the stand-in, the required fields of what it answers.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

GITHUB = Path(__file__).resolve().parent.parent / "platform" / "integrations" / "github"
# Method and path of what the client asks for, as the description writes them.
OPERATIONS = {
    "/app/installations/{installation_id}/access_tokens": ["post"],
    "/repos/{owner}/{repo}": ["get"],
    "/repos/{owner}/{repo}/branches/{branch}": ["get"],
    "/repos/{owner}/{repo}/commits/{ref}": ["get"],
    "/repos/{owner}/{repo}/commits/{ref}/check-runs": ["get"],
    "/repos/{owner}/{repo}/commits/{ref}/status": ["get"],
    "/repos/{owner}/{repo}/git/ref/{ref}": ["get"],
    "/repos/{owner}/{repo}/git/blobs/{file_sha}": ["get"],
    "/repos/{owner}/{repo}/git/commits/{commit_sha}": ["get"],
    "/repos/{owner}/{repo}/git/commits": ["post"],
    "/repos/{owner}/{repo}/git/trees": ["post"],
    "/repos/{owner}/{repo}/git/refs": ["post"],
    "/repos/{owner}/{repo}/pulls": ["get", "post"],
    "/repos/{owner}/{repo}/pulls/{pull_number}": ["get", "patch"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/merge": ["put"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers": ["post"],
    "/repos/{owner}/{repo}/issues/{issue_number}/labels": ["post"],
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": ["get"],
    "/repos/{owner}/{repo}/rules/branches/{branch}": ["get"],
    "/search/code": ["get"],
}
SHAPES = (
    "blob",
    "branch-with-protection",
    "check-run",
    "code-search-result-item",
    "combined-commit-status",
    "commit",
    "full-repository",
    "git-commit",
    "git-ref",
    "git-tree",
    "installation-token",
    "issue-comment",
    "label",
    "pull-request",
    "pull-request-simple",
    "simple-commit-status",
    "simple-user",
    "team",
)
WEBHOOKS = ("pull_request$closed",)
UNUSED = (
    "description",
    "example",
    "examples",
    "summary",
    "externalDocs",
    "x-github",
    "operationId",
    "tags",
    "title",
)


def main() -> None:
    """Write the three files."""
    openapi_package, webhooks_package = Path(sys.argv[1]), Path(sys.argv[2])
    described = json.loads((openapi_package / "generated" / "api.github.com.json").read_text())
    schemas = GITHUB / "tests" / "schemas"
    schemas.mkdir(exist_ok=True)
    _write(schemas / "openapi.json", _openapi(described))
    webhooks = json.loads((webhooks_package / "schema.json").read_text())
    wanted = {"definitions": {name: webhooks["definitions"][name] for name in WEBHOOKS}}
    _write(schemas / "webhooks.json", _with_parts(wanted, webhooks, kept=lambda part: part))
    parts = described["components"]["schemas"]
    shapes = {name: _least(parts[name], described) for name in SHAPES}
    _write(GITHUB / "standin_shapes.json", {**shapes, "label": _least(parts["label"], described)})


def _openapi(described: dict[str, Any]) -> dict[str, Any]:
    paths = {}
    for path, methods in OPERATIONS.items():
        found = described["paths"][path]
        paths[path] = {
            method: {
                "parameters": found[method].get("parameters", []),
                **({"requestBody": found[method]["requestBody"]} if "requestBody" in found[method] else {}),
                "responses": found[method]["responses"],
            }
            for method in methods
        }
    return _with_parts({"openapi": described["openapi"], "paths": paths}, described, kept=_without_prose)


def _with_parts(wanted: dict[str, Any], whole: dict[str, Any], *, kept: Any) -> dict[str, Any]:
    """Return `wanted` with every part that it refers to, directly or not."""
    result: dict[str, Any] = kept(wanted)
    open_references = _references(result)
    seen: set[str] = set()
    while open_references:
        reference = open_references.pop()
        if reference in seen:
            continue
        seen.add(reference)
        *folders, name = reference.removeprefix("#/").split("/")
        source, target = whole, result
        for folder in folders:
            source, target = source[folder], target.setdefault(folder, {})
        target[name] = kept(source[name])
        open_references |= _references(target[name])
    return result


def _references(part: Any) -> set[str]:
    return set(re.findall(r'"\$ref": "(#/[^"]+)"', json.dumps(part)))


def _without_prose(part: Any) -> Any:
    if isinstance(part, dict):
        is_properties = "type" not in part or not isinstance(part["type"], str)
        return {
            key: _without_prose(value)
            for key, value in part.items()
            if key not in UNUSED
            or (is_properties and isinstance(value, dict) and key not in ("x-github", "examples"))
        }
    return [_without_prose(item) for item in part] if isinstance(part, list) else part


def _least(schema: dict[str, Any], whole: dict[str, Any]) -> Any:
    """Return the smallest value that fits `schema`; addresses begin with {base}."""
    if "$ref" in schema:
        return _least(whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]], whole)
    if schema.get("nullable"):
        return None
    for several in ("allOf", "anyOf", "oneOf"):
        if several in schema:
            return _least(schema[several][0], whole)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: _least(properties[name], whole) for name in schema.get("required", [])}
        case "array":
            return []
        case "integer" | "number":
            return 1
        case "boolean":
            return False
        case _:
            return {"uri": "{base}/", "date-time": "2026-01-01T00:00:00Z"}.get(schema.get("format", ""), "text")


def _write(path: Path, content: dict[str, Any]) -> None:
    licence = "From @octokit/openapi 23.0.2 and @octokit/webhooks-schemas 7.6.1; MIT, see tests/schemas/LICENSE"
    path.write_text(json.dumps({"x-licence": licence, **content}, separators=(",", ":"), sort_keys=True) + "\n")
    print(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
