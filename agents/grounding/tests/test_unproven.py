from pathlib import Path
from textwrap import dedent

import pytest

from agents.grounding.index import SymbolIndex
from agents.grounding.tests.repositories import JAVASCRIPT, PYTHON, TYPESCRIPT, written
from agents.grounding.unproven import unproven_uses
from core.patch import Patch

REPOSITORIES = {"javascript": JAVASCRIPT, "typescript": TYPESCRIPT, "python": PYTHON}
CLIENT = {"billing/client.py": "import requests\n\ndef rates():\n    return requests.get('https://rates.test')\n"}


def uses(folder: Path, language: str, path: str, source: str) -> list[str]:
    checkout = written(folder, {**REPOSITORIES[language], **(CLIENT if language == "python" else {})})
    found = unproven_uses(Patch({path: dedent(source)}), index=SymbolIndex.build(checkout))
    return [sentence.partition(": uses ")[2].partition(", which")[0] for sentence in found]


@pytest.mark.parametrize(
    ("language", "path", "source", "expected"),
    [
        (
            "python",
            "billing/more.py",
            "import requests\nrequests.gett('https://a.test')\n",
            ["`gett` of `requests`"],
        ),
        ("python", "billing/more.py", "from requests import gett\ngett(1)\n", ["`gett` of `requests`"]),
        (
            "python",
            "billing/more.py",
            "from requests import Session\nsession = Session()\nsession.fetch(1)\n",
            ["`Session` of `requests`", "`fetch` of `requests.Session`"],
        ),
        (
            "javascript",
            "src/more.js",
            "const lodash = require('lodash');\nlodash.fooBar(1);\n",
            ["`fooBar` of `lodash`"],
        ),
        ("javascript", "src/more.js", "import { fooBar as f } from 'lodash';\nf();\n", ["`fooBar` of `lodash`"]),
        ("javascript", "src/more.js", "import * as _ from 'lodash';\n_?.fooBar();\n", ["`fooBar` of `lodash`"]),
        (
            "typescript",
            "src/more.ts",
            "import { Injectable, Made } from '@nestjs/common';\n@Injectable()\nexport class A {}\nnew Made();\n",
            ["`Made` of `@nestjs/common`"],
        ),
    ],
)
def test_a_name_of_a_dependency_that_the_repository_uses_nowhere_is_said_to_be_unchecked(
    tmp_path: Path, language: str, path: str, source: str, expected: list[str]
) -> None:
    assert uses(tmp_path, language, path, source) == expected


@pytest.mark.parametrize(
    ("language", "path", "source"),
    [
        ("python", "billing/more.py", "import requests as http\nhttp.get('https://a.test')\n"),
        ("python", "billing/more.py", "from requests import get\nget('https://a.test')\n"),
        ("python", "billing/more.py", "import os\nfrom . import rates\nos.getcwd()\nrates.rate_for('DE')\n"),
        ("python", "tests/test_more.py", "import requests\nrequests.gett('https://a.test')\n"),
        ("javascript", "src/more.js", "const lodash = require('lodash');\nlodash.map([], 'a');\n"),
        ("javascript", "src/more.js", "const fs = require('node:fs');\nfs.readFileSync('a');\n"),
        ("javascript", "src/more.js", "const { round } = require('./money');\nround(1);\n"),
        ("javascript", "tests/more.test.js", "const lodash = require('lodash');\nlodash.fooBar(1);\n"),
        ("javascript", "src/routes/orders.js", JAVASCRIPT["src/routes/orders.js"] + "\n// more\n"),
    ],
)
def test_what_is_used_already_and_what_is_no_dependencys_needs_no_remark(
    tmp_path: Path, language: str, path: str, source: str
) -> None:
    assert uses(tmp_path, language, path, source) == []
