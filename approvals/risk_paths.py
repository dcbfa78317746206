"""Which paths a mistake would cost most in, whatever the service; each adds its own in `risk_patterns`."""

import re

from incidents.choices import Risk

SENSITIVE_PATHS = (
    (Risk.HIGH, re.compile(r"(?i)(^|[/_.-])(auth(?!or(?!iz))|login|session|permission|crypto)"), "authentication"),
    (Risk.HIGH, re.compile(r"(?i)(^|[/_.-])(pay|billing|invoice|refund|charge)"), "money"),
    (Risk.HIGH, re.compile(r"(?i)(^|/)(migrations?|schema)(/|\.)"), "the database schema"),
    (Risk.HIGH, re.compile(r"(?i)(^|/)(terraform|infra|deploy|helm|k8s)(/|$)|Dockerfile"), "infrastructure"),
    (
        Risk.HIGH,
        re.compile(r"(^|/)(package\.json|requirements[^/]*\.txt|pyproject\.toml|setup\.(py|cfg)|Pipfile)$"),
        "dependencies",
    ),
)
