"""What botocore loads slowly, its models of the services (about 60 ms a client), loaded once for each process."""

from functools import cache

import botocore.session
from botocore.loaders import Loader, create_loader
from botocore.model import ServiceModel


@cache
def _loader() -> Loader:
    return create_loader()


def aws_session() -> botocore.session.Session:
    """Return a new session: credentials and configuration are its own, the models are shared."""
    session = botocore.session.get_session()
    session.register_component("data_loader", _loader())
    return session


@cache
def service_model(service: str) -> ServiceModel:
    """Return the SDK's description of a service: its operations with their parameters and errors."""
    return ServiceModel(_loader().load_service_model(service, "service-2"), service_name=service)
