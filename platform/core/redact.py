"""Take secrets out of text before it reaches a model, a trace, a log line, a websocket or a page.

Works by form (keys with a known shape), by name (`password=...`) and by value (our own, registered secrets).
"""

import json
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

# Shorter values would also be found inside ordinary words.
SHORTEST_VALUE = 6

_MARKER = re.compile(r"(\[redacted:[a-z-]+\])")

# (kind, words, pattern): the group `secret` is replaced, or the whole match where there is none. A match holds one
# of the words, in any case: most lines hold none, and to look for those is a tenth of the work.
_FORMS = tuple(
    (kind, words, re.compile(pattern))
    for kind, words, pattern in (
        (
            "private-key",
            ("private key",),
            r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
            r"(?:[^;{}<>()]{0,20000}?-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\s\\]{40,})",
        ),
        ("anthropic-key", ("sk-ant-",), r"\bsk-ant-[\w-]{8,}"),
        (
            "github-token",
            ("github_pat_", "gho_", "ghp_", "ghr_", "ghs_", "ghu_"),
            r"\b(?:github_pat_\w{10,}|gh[oprsu]_(?=[\w.-]{0,100}\d)[\w-]{10,}(?:\.[\w-]+)*)",
        ),
        (
            "slack-token",
            ("xox", "xapp-", "hooks.slack.com"),
            r"\b(?:xox[a-z]|xapp)-[\w-]{10,}|(?<=hooks\.slack\.com/services/)[\w/]{10,}",
        ),
        (
            "service-key",
            ("k_live_", "k_test_", "sk-", "aiza", "npm_"),
            r"\b(?:[sr]k_(?:live|test)_\w{10,}|sk-(?=[\w-]{0,100}\d)[\w-]{20,}|AIza[\w-]{35}|npm_\w{36})",
        ),
        ("aws-access-key", ("akia", "asia"), r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
        ("jwt", ("eyj",), r"\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*"),
        (
            "url-password",
            ("://",),
            r"(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'`]{0,200}:(?P<secret>(?![${<%*])[^\s/@\"'`]{1,500})(?=@)",
        ),
        (
            "authorization",
            ("authorization",),
            r"(?i)\bauthorization\b\\*[\"']?\s*[:=]\s*\\*[\"'`]?(?:bearer|basic|digest|token|apikey)\s+"
            r"(?P<secret>(?-i:(?=\S{0,100}[A-Z0-9=]))[\w.~+/=-]{6,})",
        ),
        ("authorization", ("bearer",), r"(?i)\bbearer\s+(?P<secret>(?=[\w.~+/-]{0,100}\d)[\w.~+/-]{12,}=*)"),
        (
            "cookie",
            ("cookie:",),
            r"(?i)\bcookie:[ \t]*(?P<secret>[\w.-]+=[^\s\"';]+(?:;[ \t]*[\w.-]+(?:=[^\s\"';]*)?)*)",
        ),
        ("aws-signature", ("signature=",), r"(?i)\bsignature=(?P<secret>[0-9a-f]{32,})"),
    )
)

# How the names of secrets end: `db_password`, `AWS_SECRET_ACCESS_KEY`; `max_tokens` and `tokenType` do not.
_NAME_ENDINGS = (
    r"(?:password|passwd|passphrase|pwd(?==[^/])|secret|token|credentials?|apikey"
    r"|(?:api|access|secret|private|signing|encryption|account|auth)[_-]?key)"
)
_NAME_WORDS = ("pass", "pwd", "secret", "token", "credential", "key")
_NAMED = re.compile(
    rf"""(?ix)
    {_NAME_ENDINGS} \\*["'`]?\]?                        # the name, with the quote and bracket that may close it
    (?: (?P<compared> \s*={{2,3}}\s* ) | (?P<tight> = ) (?=\S) | \s*[:=]\s* )
    (?: \\*["'`] (?P<quoted> [^\s"'`\\]+ ) (?=\\*["'`])
      | (?P<bare> [\w/+!@\#^&~$%.-] [^\s"'`\\,;&<>(){{}}\[\]]* )
    )
    """
)
_PLACEHOLDER = re.compile(r"\$\{|\$\(|\$[A-Z_]+$|\$$|%[sd(]|\{|<|\*+$|arn:|[a-z]+://")
_NAME_OF_A_SECRET = re.compile(rf"(?i)[\w.-]*{_NAME_ENDINGS}[\w.-]*")
_NAME = re.compile(r"[A-Za-z_]+")
_DOTTED_NAME = re.compile(r"[A-Za-z_]\w*(?:[?!]?\.[A-Za-z_]\w*)+")
# People choose words for these; keys and tokens are made by machines, which use digits or length.
_CHOSEN_BY_PEOPLE = re.compile(r"(?i)(?:pass|pwd|secret)")
SHORTEST_MADE_WITHOUT_DIGITS = 20
_NO_VALUES = frozenset({"none", "null", "undefined", "true", "false", "string", "bytes", "unknown"})


class Redactor:
    """Replaces secrets by `[redacted:<kind>]`; redacting twice changes nothing more."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: frozenset[str] = frozenset()
        self._own: re.Pattern[str] | None = None
        for value in values:
            self.register(value)

    def register(self, value: str) -> bool:
        """Redact `value` from now on, also as JSON and URLs write it; False if it is under 6 characters."""
        if len(value) < SHORTEST_VALUE:
            return False
        self._values |= {value, quote(value, safe=""), json.dumps(value)[1:-1]}
        longest_first = sorted(self._values, key=lambda known: (-len(known), known))
        self._own = re.compile("|".join(re.escape(known) for known in longest_first))
        return True

    def redact(self, text: str) -> str:
        """Return `text` without secrets.

        Repeats until nothing changes: every replacement shortens what is outside markers, so this ends, and its
        result is by construction one that a second call leaves alone.
        """
        while True:
            before = text
            if self._own:
                text = _outside_markers(text, self._own, lambda _: "[redacted:secret]")
            folded = text.casefold()
            for kind, words, pattern in _FORMS:
                if any(word in folded for word in words):
                    text = _outside_markers(text, pattern, _replace_with(kind))
            if any(word in folded for word in _NAME_WORDS):
                text = _outside_markers(text, _NAMED, _replace_named)
            if text == before:
                return text


def _outside_markers(text: str, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]) -> str:
    if "[redacted:" not in text:
        return pattern.sub(replace, text)
    parts = _MARKER.split(text)
    parts[::2] = [pattern.sub(replace, part) for part in parts[::2]]
    return "".join(parts)


def _replace_with(kind: str) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        return _without(match, "secret" if "secret" in match.re.groupindex else 0, kind)

    return replace


def _replace_named(match: re.Match[str]) -> str:
    group = "quoted" if match["quoted"] else "bare"
    return _without(match, group, "credential") if _is_secret(match) else match[0]


def _without(match: re.Match[str], group: str | int, kind: str) -> str:
    start, end = match.start(group) - match.start(), match.end(group) - match.start()
    return f"{match[0][:start]}[redacted:{kind}]{match[0][end:]}"


def _is_secret(match: re.Match[str]) -> bool:
    """Return whether what stands after a secret's name is a value, and not code, prose or a placeholder."""
    value = match["quoted"] or match["bare"]
    if len(value) < 4 or value.lower() in _NO_VALUES or _PLACEHOLDER.match(value):
        return False
    has_digit = any(character.isdigit() for character in value)
    if not has_digit and len(value) < SHORTEST_MADE_WITHOUT_DIGITS and not _CHOSEN_BY_PEOPLE.match(match[0]):
        return False
    if match["quoted"]:
        if match["compared"] or _NAME_OF_A_SECRET.fullmatch(value):
            return has_digit
        return True
    following = match.string[match.end() : match.end() + 1]
    if following in ("(", "[") or _DOTTED_NAME.fullmatch(value) or _NAME_OF_A_SECRET.fullmatch(value):
        return False
    if match["tight"]:
        # `login(password=given)` and `const token=found;` are code, `password=letmein` in a log line is not.
        return not (_NAME.fullmatch(value) and following in (",", ";", ")", "}", "]"))
    has_letter = any(character.isalpha() for character in value)
    return len(value) >= SHORTEST_VALUE and has_letter and has_digit


_default = Redactor()


def redact(text: str) -> str:
    """Return `text` without secrets, those known by `register_secret` included."""
    return _default.redact(text)


def register_secret(value: str) -> bool:
    """Keep this value out of all redacted text of the process; False if it is too short to tell from words."""
    return _default.register(value)
