"""The deployment on AWS: `cdk deploy --all -c domain=... -c image=TAG`, from this folder. See docs/deploy.md."""

from agent_platform_aws.build import build
from aws_cdk import App

build(App()).synth()
