"""Tell the names of code from ordinary English in what a model writes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_SUFFIX = (
    "[cm]?jsx?|[cm]?tsx?|pyi?|json|ya?ml|toml|sql|s?css|html|md|sh|lock|txt|cfg|ini|prisma|proto|vue|svelte|env"
)

_FENCE = re.compile(r"```[^\n]*\n(.*?)```", re.DOTALL)
_BACKTICKED = re.compile(r"`([^`\n]+)`")
# Addresses and routes are no code: https://..., node:internal/..., /orders/:id (but not /app/src/cart.js).
_ADDRESS = re.compile(r"(?:\w+://|\bnode:)[^\s)`'\"]+|\b[\w.+-]+@[\w-]+\.[\w.]+")
_ROUTE = re.compile(rf"(?<![\w.])/(?![\w@./-]*\.(?:{_SUFFIX})\b)[\w:{{}}*.\-<>/?&=%]*")
_PATH = re.compile(
    rf"(?<![\w*@/.-])(?P<path>(?:\.{{0,2}}/)?(?:(?:[\w@.\[\]-]+|\([\w.-]+\))/)*[\w@.\[\]-]*\w\.(?:{_SUFFIX}))"
    r"(?::(?P<start>\d+)(?:-(?P<end>\d+)|:\d+)?)?(?![\w(]|\.\w)"
)
_FOLDER = re.compile(r"(?<![\w*@/.-])(?:[\w.-]+/){2,}(?![\w*])|(?<![\w*@/.-])[\w.-]+(?:/[\w.-]+)+")
_STRING = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_CODE = re.compile(
    r"(?<![\w$.])[#@]?(?P<name>[^\W\d][\w$]*|\$[\w$]+)"
    r"(?P<rest>(?:(?:(?:\[\d*\]|\(\))?\??\.|#|::)#?[^\W\d][\w$]*)*)(?P<call>\(?)"
)
_WORD = re.compile(r"[^\W\d][\w$]*|\$[\w$]+")
_SEPARATOR = re.compile(r"(?:\[\d*\]|\(\))?\??\.#?|#|::")

_CAMEL = re.compile(r"^[a-z$_][\w$]*[a-z0-9][A-Z]|^[A-Z][\w]*[a-z0-9][A-Z]|^[A-Z]{2,}[a-z]{3,}|^[a-z][A-Z]")
_SNAKE = re.compile(r"[^\W_]_+[^\W_]|^_+[^\W_]{2,}|^\$[\w$]")
_PLURAL_OR_VERB = re.compile(r"^[A-Z]{2,}(?:s|ed|es|ing|able)$")
_DOMAIN = re.compile(r"\.(?:com|org|net|io|dev|internal|local)$")


@dataclass(frozen=True)
class Mention:
    """A name or path in prose. A `file` without a folder may as well be a member: `response.json`."""

    text: str
    kind: Literal["name", "file"]
    line_start: int | None = None
    line_end: int | None = None

    @property
    def parts(self) -> list[str]:
        return [part for part in _SEPARATOR.split(self.text) if part]


def words(text: str) -> frozenset[str]:
    """Return every identifier in `text`: what alarms and log events make known."""
    return frozenset(_WORD.findall(text))


def mentions(prose: str) -> list[Mention]:
    """Return the code-like names and the file paths in `prose`, each once, in order."""
    return list(dict.fromkeys(_mentions(prose)))


# "`total` in src/cart.js", "total() (src/cart.js:9)": what a text says to be in a file.
_PLACED = re.compile(
    r"(?:`(?P<quoted>[^`\n]+)`|(?<![\w.`/])(?P<plain>[\w$.#]+)\(\)|(?<![\w.`/])(?P<bare>[\w$][\w$.#]*))"
    rf" (?:in |of |at |from |\()`?(?P<place>(?:[\w@.\[\]-]+/)+[\w@.\[\]-]*\w\.(?:{_SUFFIX})(?::\d+(?:-\d+)?)?)"
    r"(?![\w(]|\.\w)"
)


def placed(prose: str) -> list[tuple[Mention, Mention]]:
    """Return (name, file) for each name of which the prose says which file it is in."""
    found = []
    for match in _PLACED.finditer(_FENCE.sub(" ", prose)):
        named = mentions(f"`{match['quoted']}`" if match["quoted"] else match["plain"] or match["bare"])
        places = [mention for mention in mentions(match["place"]) if mention.kind == "file"]
        if len(named) == 1 and named[0].kind == "name" and places:
            found.append((named[0], places[0]))
    return found


def _mentions(prose: str) -> Iterator[Mention]:
    for block in _FENCE.findall(prose):
        yield from _in_text(block, is_code=True)
    plain = _FENCE.sub(" ", prose)
    for span in _BACKTICKED.findall(plain):
        yield from _in_backticks(span.strip())
    yield from _in_text(_BACKTICKED.sub(" ; ", plain), is_code=False)


def _in_backticks(span: str) -> Iterator[Mention]:
    """A span that is one name is meant as a name, however plain it looks."""
    match = _CODE.fullmatch(span.removesuffix(")").removesuffix("("))
    if match and not _PATH.fullmatch(span):
        yield Mention(match["name"] + match["rest"], "name")
    else:
        yield from _in_text(span, is_code=True)


def _in_text(prose: str, *, is_code: bool) -> Iterator[Mention]:
    rest = _ADDRESS.sub(" ", prose)
    if is_code:
        rest = _STRING.sub(lambda found: found[0] if _PATH.search(found[0]) else " '' ", rest)
    for match in _PATH.finditer(rest):
        start, end = match["start"], match["end"]
        yield Mention(
            match["path"],
            "file",
            int(start) if start else None,
            int(end) if end else int(start) if start else None,
        )
    rest = _FOLDER.sub(" ", _ROUTE.sub(" ", _PATH.sub(" ", rest)))
    for match in _CODE.finditer(rest):
        if _is_code_like(match, rest):
            yield Mention(match["name"] + match["rest"], "name")


def _is_code_like(match: re.Match[str], prose: str) -> bool:
    name, rest = match["name"], match["rest"]
    whole = name + rest
    if _DOMAIN.search(whole) or re.match(r"v\d", name):
        return False
    if match["call"] and not re.match(r"(?:e?s|en|ren|n)\)", prose[match.end() :]):
        return True
    parts = [part for part in _SEPARATOR.split(whole) if part]
    if any(_is_name(part) for part in parts):
        return True
    # "failed.The next" is a full stop without its space; "e.g" and "a.m" are abbreviations.
    is_dotted = len(parts) > 1 and all(len(part) > 1 for part in parts)
    return is_dotted and not parts[-1][0].isupper() and not prose[: match.start()].endswith("-")


def is_code_word(word: str) -> bool:
    """True if the form of the word alone says that it is a name of code: camelCase, snake_case."""
    return _is_name(word)


def _is_name(word: str) -> bool:
    if _PLURAL_OR_VERB.match(word):
        return False
    return bool(_CAMEL.search(word) or _SNAKE.search(word))
