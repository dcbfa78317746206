"""JSON in the console without style attributes, which its policy refuses: django-unfold colours it by them."""

import json
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString


def plain_json(data: Any, encoder: type[json.JSONEncoder] | None) -> SafeString:
    """Return a value of a JSONField, indented."""
    text = json.dumps(data, sort_keys=True, indent=4, ensure_ascii=False, cls=encoder)
    return format_html('<pre class="whitespace-pre-wrap break-words">{}</pre>', text)
