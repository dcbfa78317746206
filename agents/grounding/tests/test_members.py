"""Members that are there in a way of their own, and a made-up name in the same place."""

import re
from pathlib import Path

import pytest

from agents.grounding.guard import check_fix
from agents.grounding.index import SymbolIndex
from agents.grounding.tests.repositories import written
from core.patch import Patch

SHOP = {
    "package.json": "{}",
    "requirements.txt": "cached_property\n",
    "shop/__init__.py": "",
    "shop/kinds.py": """\
        from abc import ABCMeta
        from enum import Enum

        class State:
            NEW, PAID, SENT = range(3)

        class Old(Enum):
            A, B = 1, 2

        class Body:
            x = y = 1
            note: int
            import os as system
            from sys import argv as given
            try:
                import zlib as fast
            except ImportError:
                fast = None
            for each in (1, 2):
                pass
            with open("a") as handle:
                print(walrus := 3)

        class Slots:
            __slots__ = ("left", "right")

        class Plug(metaclass=ABCMeta):
            pass

        class Late:
            pass

        setattr(Late, "ready", True)

        class Loaded:
            pass

        def load(values):
            for name, value in values.items():
                setattr(Loaded, name, value)

        class Made(type):
            def build(cls):
                return cls.named()
        """,
    "shop/rates.py": "RATE = 1\n",
    "shop/lazy.py": "import sys\n\nsys.modules[__name__].__dict__.update(late=1)\n",
    "tools/logging.py": "def level():\n    pass\n",
    "src/money.js": "exports.round = (n) => Math.round(n);\nexports.counts = {};\n",
    "src/kinds.js": """\
        class Late {}
        Object.assign(Late, { fast: 1 });
        Object.defineProperty(Late, 'lazy', { value: 1 });
        Object.defineProperties(Late, { one: { value: 1 }, two: { value: 2 } });
        class Loaded {}
        ['get', 'post'].forEach((name) => { Loaded[name] = () => 1; Loaded.prototype[name] = () => 1; });
        class Kept { static #secret = 1; static told() { return Kept.#secret; } static ['of'] = 1; }
        function Aged() {}
        Aged.prototype = { total() {} };
        module.exports = { Late, Loaded, Kept, Aged };
        """,
}
KINDS = "from shop.kinds import Body, Late, Old, Plug, Slots, State\n"
LATE = "const { Late } = require('./kinds');\n"
MONEY = "const money = require('./money');\n"


def problems(folder: Path, path: str, source: str) -> list[str]:
    checkout = written(folder, SHOP)
    return check_fix(Patch({path: source}), index=SymbolIndex.build(checkout), checkout=checkout)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("shop/a.py", KINDS + "print(State.<NEW>)\n"),
        ("shop/a.py", KINDS + "print(Old.<A>)\n"),
        ("shop/a.py", KINDS + "print(1 in Old.<_value2member_map_>)\n"),
        ("shop/a.py", KINDS + "print(Old.<_member_map_>)\n"),
        *(
            ("shop/a.py", f"{KINDS}print(Body.<{name}>)\n")
            for name in ("x", "y", "note", "system", "given", "fast", "each", "handle", "walrus")
        ),
        ("shop/a.py", KINDS + "print(Slots.<left>)\n"),
        ("shop/a.py", KINDS + "Plug.<register>(int)\n"),
        ("shop/a.py", KINDS + "print(Late.<ready>)\n"),
        ("shop/a.py", KINDS + "if hasattr(Late, 'early'):\n    print(Late.<early>)\n"),
        ("shop/a.py", KINDS + "if getattr(Late, 'early', None):\n    Late.<early>()\n"),
        (
            "shop/a.py",
            "from shop import rates\ntry:\n    rate = rates.LATE\nexcept AttributeError:\n    rate = 1\n"
            "print(rates.<RATE>)\n",
        ),
        ("shop/a.py", "from shop import rates\nrates.hits = 0\nrates.<hits> += 1\n"),
        ("shop/a.py", "from shop import rates\ndel rates.GONE\nprint(rates.<RATE>)\n"),
        (
            "shop/a.py",
            "import subprocess, sys\nflags = subprocess.<CREATE_NO_WINDOW> if sys.platform == 'win32' else 0\n",
        ),
        ("shop/a.py", "import signal\nprint(signal.<CTRL_C_EVENT>)\n"),
        ("shop/a.py", "import os\nprint(os.<O_BINARY>)\n"),
        ("shop/a.py", "import sys\nprint(sys.<getwindowsversion>())\n"),
        ("shop/a.py", "import sys\nif getattr(sys, 'frozen', False):\n    print(sys.<_MEIPASS>)\n"),
        ("shop/a.py", "import time\nprint(time.<CLOCK_UPTIME>)\n"),
        ("shop/a.py", "import asyncio\nasyncio.<ProactorEventLoop>()\n"),
        ("shop/a.py", "try:\n    open('a')\nexcept <WindowsError>:\n    pass\n"),
        ("shop/a.py", "import logging\nlogging.<getLogger>('a')\n"),
        (
            "shop/a.py",
            "from concurrent import futures\nprint(futures.wait)\nimport concurrent.futures as f\n"
            "print(f.<InvalidStateError>)\n",
        ),
        ("tools/run.py", "import logging\nlogging.<level>()\n"),
        ("tools/logging.py", "import logging\nlogging.<getLogger>('a')\n"),
        ("shop/a.py", "import multiprocessing as mp\nprint(mp.<popen_forkserver>)\n"),
        (
            "shop/a.py",
            "from enum import Enum\nclass Kind(Enum):\n    X = 1\n    @classmethod\n"
            "    def _missing_(cls, v):\n        return super().<_missing_>(v)\n",
        ),
        (
            "shop/a.py",
            "from enum import Enum\nclass Kind(str, Enum):\n    def _generate_next_value_(n, s, c, l):\n"
            "        return super().<_generate_next_value_>(n, s, c, l)\n",
        ),
        (
            "shop/a.py",
            "class A:\n    def f(self):\n        return [self.<g>() for _ in ()]\n    def g(self): ...\n",
        ),
        ("src/a.js", LATE + "console.log(Late.<fast>);\n"),
        ("src/a.js", LATE + "console.log(Late.<lazy>);\n"),
        ("src/a.js", LATE + "console.log(Late.<one>, Late.two);\n"),
        ("src/a.js", LATE + "if (typeof Late.early === 'function') Late.<early>();\n"),
        ("src/a.js", LATE + "if ('early' in Late) console.log(Late.<early>);\n"),
        ("src/a.js", LATE + "if (Object.hasOwn(Late, 'early')) console.log(Late.<early>);\n"),
        (
            "src/a.js",
            LATE + "const has = Object.prototype.hasOwnProperty.call(Late, 'early') && Late.<early>;\nhas();\n",
        ),
        ("src/a.js", "const { Kept } = require('./kinds');\nconsole.log(Kept.<of>);\n"),
        ("src/a.js", MONEY + "money.hits ||= 1;\nconsole.log(money.<hits>);\n"),
        ("src/a.js", MONEY + "money.hits ??= 0;\nmoney.<hits>++;\n"),
        ("src/a.js", MONEY + "delete money.hits;\nconsole.log(money.<round>);\n"),
        ("src/a.js", "const cluster = require('cluster');\nconsole.log(cluster.<worker>.id);\n"),
        ("src/a.js", "const process = require('node:process');\nconsole.log(process.<throwDeprecation>);\n"),
        ("src/a.js", "const http = require('node:http');\nconsole.log(http.<WebSocket>);\n"),
        ("src/a.js", "console.log(new <Float16Array>(1));\n"),
        (
            "src/a.js",
            "class Deep extends Map {\n  get(key) { return [1].map(() => super.<get>(key)); }\n}\nnew Deep();\n",
        ),
        ("src/a.js", "class A {\n  f() { return [1].map(() => this.<g>()); }\n  g() {}\n}\nnew A();\n"),
    ],
)
def test_what_is_there_in_its_own_way_is_let_through_and_a_made_up_name_in_its_place_is_not(
    tmp_path: Path, path: str, source: str
) -> None:
    honest, made_up = re.sub(r"<(\w+)>", r"\1", source), re.sub(r"<(\w+)>", "madeUpName", source)

    assert problems(tmp_path / "honest", path, honest) == []
    assert any("madeUpName` is " in found for found in problems(tmp_path / "made_up", path, made_up))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("shop/a.py", "from shop.kinds import Loaded\nprint(Loaded.anything)\n"),
        (
            "shop/a.py",
            "import cached_property\nfrom cached_property import cached_property_ttl\n"
            "print(cached_property.threaded)\n",
        ),
        ("shop/a.py", "from shop import lazy\nprint(lazy.late)\n"),
        (
            "shop/a.py",
            "class Test:\n    def run(self):\n        class Inner:\n            def go(this):\n"
            "                self.check()\n        return Inner\n    def check(self): ...\n",
        ),
        ("src/a.js", "const { Loaded } = require('./kinds');\nLoaded.get();\nnew Loaded().post();\n"),
        ("src/a.js", MONEY + "function add(name, f) { money[name] = f; }\nadd('late', String);\nmoney.late();\n"),
        ("src/a.js", "const { Aged } = require('./kinds');\nnew Aged().total();\n"),
        (
            "src/a.js",
            "class El extends HTMLElement { f() { this.attachShadow({}); super.querySelector('a'); } }\n",
        ),
        (
            "src/a.js",
            "class A { f() {} }\nclass B extends A {\n  f() {\n    return class extends Map {\n"
            "      h() { return super.get(this.key()); }\n      key() { return 1; }\n    };\n  }\n}\nnew B();\n",
        ),
        ("src/a.js", "class A { f() { return { g() { return this.h(); }, h() { return 1; } }; } }\nnew A();\n"),
        ("src/a.js", "class A { f() {} } class B extends Map { g() { return this.get(1) ?? super.get(2); } }\n"),
        ("src/a.js", "class A { constructor(all) { for (const k in all) this[k] = all[k]; this.late(); } }\n"),
    ],
)
def test_what_the_text_does_not_tell_is_let_through(tmp_path: Path, path: str, source: str) -> None:
    assert problems(tmp_path, path, source) == []


@pytest.mark.parametrize("path", ["shop/kinds.py", "src/kinds.js"])
def test_the_files_that_make_members_in_these_ways_have_no_fault_when_they_are_new(
    tmp_path: Path, path: str
) -> None:
    checkout = written(tmp_path, {**SHOP, path: ""})
    patch = Patch({path: (written(tmp_path / "other", SHOP) / path).read_text()})

    assert check_fix(patch, index=SymbolIndex.build(checkout), checkout=checkout) == []
