"""The Content-Security-Policy of every page: what comes from this server, and what this answer's nonce names.

No `unsafe-inline` anywhere: text from outside that became markup could neither run nor style itself.
"""

from csp.constants import UNSAFE_EVAL
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

# The console's Alpine.js compiles the expressions in its own templates' attributes; nothing else may.
CONSOLE = "/admin/"


class ContentPolicyMiddleware(CSPMiddleware):
    """Sends the policy of the settings; the console alone may also compile expressions."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path.startswith(CONSOLE):
            parts.update = {**(parts.update or {}), "script-src": [UNSAFE_EVAL]}
        return parts
