"""The code host of these tests is the one of the pipeline's."""

from pipeline.tests.conftest import host

__all__ = ["host"]
