from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import PlatformError
from sandbox.baseline import baseline_measure
from sandbox.contract import TrialReport
from sandbox.local_patch import commit_checkout, patch_read
from sandbox.runners import configured, describe
from sandbox.trial import try_fix


class Command(BaseCommand):
    help = "Try a fix of any local repository in the sandbox and print the verdict; ends with 1 unless 'fixed'."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repo", type=Path, required=True, metavar="PATH", help="a local git repository")
        parser.add_argument("--base", required=True, metavar="SHA", help="the commit that has the bug")
        parser.add_argument("--tests", type=Path, metavar="PATCH", help="new tests, as a git patch")
        parser.add_argument("--fix", type=Path, required=True, metavar="PATCH", help="the fix, as a git patch")
        parser.add_argument("--test-command", default="", help="empty: found from the files")
        parser.add_argument("--image", default="", help="empty: the image of the language")
        parser.add_argument("--json", action="store_true", help="print the whole report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self._report(**options)
        except PlatformError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(report.model_dump_json(indent=2))
        else:
            self._print(report)
        if report.verdict != "fixed":
            raise SystemExit(1)

    def _report(self, **options: Any) -> TrialReport:
        self.stderr.write(f"Where: {describe()}.")
        sandbox = configured()
        with commit_checkout(options["repo"], options["base"]) as checkout:
            files = [file for file in (options["tests"], options["fix"]) if file is not None]
            patch = patch_read(checkout, files)
            prepared = sandbox.prepare(
                checkout,
                repository=options["repo"].resolve().name,
                test_command=options["test_command"],
                image=options["image"],
            )
            self.stderr.write(
                f"Prepared {prepared.ecosystem} in {prepared.seconds:.1f} s "
                f"({prepared.lock_file or 'no lock file'}); measuring the base commit twice ..."
            )
            return try_fix(sandbox, prepared, patch, baseline=baseline_measure(sandbox, prepared))

    def _print(self, report: TrialReport) -> None:
        self.stdout.write(f"{report.verdict}: {report.reason}")
        for name, tests in (
            ("FAIL_TO_PASS", report.fail_to_pass),
            ("broken", report.broken),
            ("still failing", report.still_failing),
            ("red before", report.red_before),
            ("changed expectation", report.changed_tests),
            ("flaky", report.flaky),
        ):
            for test in tests:
                self.stdout.write(f"  {name}: {test}")
        self.stdout.write(
            f"PASS_TO_PASS {report.pass_to_pass}; baseline {report.baseline_seconds:.1f} s, tests alone "
            f"{report.tests_only_seconds:.1f} s, with the fix {report.fix_seconds:.1f} s; {report.runs} runs, "
            f"{report.retried} of them with more room; patch {report.patch_sha256}"
        )
        if report.failing_output:
            self.stdout.write(report.failing_output)
