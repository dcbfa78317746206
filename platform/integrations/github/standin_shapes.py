"""What GitHub's answers hold besides what matters to us: the fields that its description requires."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

JSON = dict[str, Any]


def shaped(name: str, real: Mapping[str, Any], *, address: str) -> JSON:
    """Return `real` with every field that GitHub's schema `name` requires; addresses lead back to `address`."""
    return _merged(json.loads(_shapes()[name].replace("{base}", address)), real)


@cache
def _shapes() -> dict[str, str]:
    content = json.loads((Path(__file__).parent / "standin_shapes.json").read_text(encoding="utf-8"))
    return {name: json.dumps(shape) for name, shape in content.items()}


def _merged(shape: JSON, real: Mapping[str, Any]) -> JSON:
    both = dict(shape)
    for key, value in real.items():
        below = both.get(key)
        both[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return both
