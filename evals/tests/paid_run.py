"""A process that runs `run_evals` against a stand-in, on the database of a test, so that it can be killed."""

import json
import sys
from pathlib import Path

import django


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    setup = json.loads(sys.argv[1])
    connections["default"].settings_dict["NAME"] = setup["database"]
    given = {"anthropic_base_url": setup["model_url"], "data_dir": Path(setup["data_dir"])}
    settings.ENV = settings.ENV.model_copy(update=given)
    call_command("run_evals", *setup["words"])


if __name__ == "__main__":
    main()
