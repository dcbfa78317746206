"""Signs that a change hides a fault instead of curing it: hints for reviewers, never a block."""

import re
from dataclasses import dataclass
from decimal import Decimal

from agents.fix.change import FileChange

# Atomic: the text comes from a model, and comments next to one another could be split up in endless ways.
_COMMENTS = r"(?>(?:\s|//[^\n]*|/\*.*?\*/)*)"


@dataclass(frozen=True)
class _Sign:
    """`grows` counts what a change adds, otherwise what it takes away; `suffixes` limits it to some languages."""

    pattern: re.Pattern[str]
    message: str
    grows: bool = True
    suffixes: tuple[str, ...] = ()
    in_tests: bool = False

    def shows_in(self, change: FileChange) -> bool:
        if self.suffixes and not change.path.endswith(self.suffixes):
            return False
        if change.is_test and not self.in_tests:
            return False
        before = len(self.pattern.findall(change.before or ""))
        after = len(self.pattern.findall(change.after or ""))
        return after > before if self.grows else after < before


_JAVASCRIPT = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")

_SIGNS = (
    _Sign(
        re.compile(rf"\bcatch\s*(?:\([^)]*\)\s*)?\{{{_COMMENTS}\}}", re.DOTALL),
        "swallows an exception in an empty catch",
        suffixes=_JAVASCRIPT,
    ),
    _Sign(
        re.compile(
            rf"\.catch\(\s*(?:(?:\(\s*\w*\s*\)|\w+)\s*=>\s*(?:\{{{_COMMENTS}\}}|null|undefined|void 0)"
            rf"|function\s*\(\w*\)\s*\{{{_COMMENTS}\}})\s*\)",
            re.DOTALL,
        ),
        "swallows a rejected promise in an empty catch",
        suffixes=_JAVASCRIPT,
    ),
    _Sign(
        re.compile(
            r"^[^\S\n]*except\b[^\n]*:(?>(?:\s|#[^\n]*)*)(?:pass|\.\.\.)[^\S\n]*(?:#.*)?$",
            re.MULTILINE,
        ),
        "swallows an exception with `pass`",
        suffixes=(".py",),
    ),
    _Sign(
        re.compile(
            rf"\bcatch\s*(?:\([^)]*\)\s*)?\{{{_COMMENTS}return\b[^;{{}}\n]*;?{_COMMENTS}\}}",
            re.DOTALL,
        ),
        "answers an exception with a plain return",
        suffixes=_JAVASCRIPT,
    ),
    _Sign(
        re.compile(
            r"^[^\S\n]*except\b[^\n]*:(?>(?:\s|#[^\n]*)*)(?:return\b[^\n(]*|continue|break)$", re.MULTILINE
        ),
        "answers an exception with a plain return or goes on",
        suffixes=(".py",),
    ),
    _Sign(
        re.compile(
            r"rejectUnauthorized\s*:\s*false|NODE_TLS_REJECT_UNAUTHORIZED|\bverify\s*=\s*False|CERT_NONE\b"
        ),
        "turns off the check of certificates",
    ),
    _Sign(
        re.compile(r"process\.on\(\s*['\"](?:uncaughtException|unhandledRejection)|sys\.excepthook\s*="),
        "catches what nobody caught, for the whole process",
    ),
    _Sign(re.compile(r"\b(?:contextlib\.)?suppress\("), "suppresses exceptions", suffixes=(".py",)),
    _Sign(
        re.compile(
            r"eslint-disable|biome-ignore|@ts-ignore|@ts-nocheck|@ts-expect-error|prettier-ignore"
            r"|(?:istanbul|c8|v8) ignore|#\s*noqa|#\s*type:\s*ignore|#\s*pylint:\s*disable"
            r"|pragma: no cover|\bnosec\b"
        ),
        "disables a check",
        in_tests=True,
    ),
    _Sign(
        re.compile(r"\b(?:throw|assert|raise)\b(?!-)"),
        "removes a throw, raise or assert",
        grows=False,
    ),
)

_LIMIT = re.compile(
    r"\b(\w*(?:time_?out|retry|retries|attempts|backoff)\w*)[\"']?\s*[:=(]\s*(\d[\d_]*(?:\.\d+)?)", re.IGNORECASE
)


def band_aids(change: FileChange) -> list[str]:
    """Return one warning for each sign that `change` adds."""
    warnings = [f"{change.path}: {sign.message}" for sign in _SIGNS if sign.shows_in(change)]
    before = _limits(change.before or "")
    for name, value in _limits(change.after or "").items():
        if name not in before:
            if change.before is not None and not change.is_test:
                warnings.append(f"{change.path}: adds a timeout or retry ({name} = {value})")
        elif value > before[name]:
            warnings.append(f"{change.path}: raises a timeout or retry ({name}: {before[name]} -> {value})")
    return warnings


def _limits(text: str) -> dict[str, Decimal]:
    """Return the largest number given to each name that speaks of timeouts, retries or attempts."""
    limits: dict[str, Decimal] = {}
    for name, number in _LIMIT.findall(text):
        value = Decimal(number.replace("_", ""))
        limits[name] = max(limits.get(name, value), value)
    return limits
