"""What botocore loads slowly, its models of the services (about 60 ms a client), loaded once for each process."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import botocore.session
from botocore.exceptions import HTTPClientError
from botocore.loaders import Loader, create_loader
from botocore.model import ServiceModel


@cache
def _loader() -> Loader:
    return create_loader()


def aws_session() -> botocore.session.Session:
    """Return a new session: credentials and configuration are its own, the models are shared."""
    session = botocore.session.get_session()
    session.register_component("data_loader", _loader())
    session.register("before-parse", _check_is_whole)
    return session


def _check_is_whole(**event: Any) -> None:
    """Raise HTTPClientError for a body that is no answer of AWS: cut off on the way, or another's page.

    botocore reads such a body as an answer without content, so that what exists would not exist.
    """
    response: Mapping[str, Any] = event["response_dict"]
    body, headers = response["body"], response["headers"]
    if response["status_code"] >= HTTPStatus.MULTIPLE_CHOICES or not isinstance(body, bytes):
        return
    length = headers.get("content-length", "")
    is_cut = length.isdecimal() and len(body) < int(length) and "content-encoding" not in headers
    if is_cut or body.lstrip()[:9].lower().startswith((b"<html", b"<!doctype")):
        raise HTTPClientError(error=f"{len(body)} bytes came that are no answer of AWS: {body[:80]!r}")


@cache
def service_model(service: str) -> ServiceModel:
    """Return the SDK's description of a service: its operations with their parameters and errors."""
    return ServiceModel(_loader().load_service_model(service, "service-2"), service_name=service)
