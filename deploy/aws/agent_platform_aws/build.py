"""All stacks of one installation, in the order in which a release goes through them."""

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from agent_platform_aws.base import Base
from agent_platform_aws.given import Given
from agent_platform_aws.pipeline import Pipeline
from agent_platform_aws.release import Migrate, Services


def build(app: App) -> App:
    """Add the stacks: what lasts, the migration of a release, its services, and who may release."""
    given = Given.of(app)
    base = Base(app, "agent-platform-base", given=given)
    Migrate(app, "agent-platform-migrate", base=base, given=given)
    Services(app, "agent-platform-services", base=base, given=given)
    Pipeline(app, "agent-platform-pipeline", base=base, given=given)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app
