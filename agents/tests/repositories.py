"""Small git repositories made for a test."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from integrations.codehost import Checkout

ORDERS = {
    "package.json": '{"name": "orders"}\n',
    ".env": "TOKEN=not-for-agents\n",
    "src/total.js": (
        "function total(order) {\n"
        "  return order.lines.reduce((sum, line) => sum + line.price * line.quantity, 0);\n"
        "}\n"
        "\n"
        "module.exports = { total };\n"
    ),
    "src/routes/orders.js": (
        "const { total } = require('../total');\n"
        "\n"
        "function showOrder(order) {\n"
        "  return { id: order.id, total: total(order) };\n"
        "}\n"
        "\n"
        "module.exports = { showOrder };\n"
    ),
    "tests/total.test.js": (
        "const { total } = require('../src/total');\n"
        "\n"
        "describe('total', () => {\n"
        "  test('adds the lines', () => {\n"
        "    expect(total({ lines: [{ price: 2, quantity: 3 }] })).toBe(6);\n"
        "  });\n"
        "});\n"
    ),
    "tests/other.test.js": "test('nothing', () => {\n  expect(1).toBe(1);\n});\n",
}


def checkout_of(folder: Path, *commits: Mapping[str, str]) -> Checkout:
    """Return a checkout of the last of `commits`, each the files that it writes."""
    sources = folder / "sources"
    sources.mkdir()
    _git(sources, ["init", "--quiet", "--initial-branch=main"])
    for number, files in enumerate(commits, start=1):
        for path, content in files.items():
            (sources / path).parent.mkdir(parents=True, exist_ok=True)
            (sources / path).write_bytes(content.encode())
        _git(sources, ["add", "--all", "--force"])
        _git(sources, ["commit", "--quiet", "--allow-empty", f"--message=commit {number}"])
    commit = _git(sources, ["rev-parse", "HEAD"])
    _git(folder, ["clone", "--quiet", "--bare", str(sources), "bare.git"])
    return Checkout(repository="demo/orders", commit=commit, path=sources, git_dir=folder / "bare.git")


def commits_of(checkout: Checkout) -> list[str]:
    """Return the hashes that led to the checkout, oldest first."""
    return _git(checkout.git_dir, ["rev-list", "--reverse", checkout.commit]).split()


def _git(folder: Path, arguments: Sequence[str]) -> str:
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.test"), ("DATE", "2026-01-02T03:04:05Z"))
    }
    completed = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **identity},
        check=True,
        capture_output=True,
        text=True,
    )
    return completed.stdout.strip()
