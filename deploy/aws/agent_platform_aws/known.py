"""Findings of cdk-nag that are known and accepted, each with its reason at the construct that has it."""

from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def accept(construct: IConstruct, reason: str, *rules: str) -> None:
    """Acknowledge findings of the AWS Solutions pack at `construct` and below it."""
    for rule in rules:
        Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason))


def accept_wildcard(construct: IConstruct, reason: str, *resources: str) -> None:
    """Acknowledge that a policy at `construct` names resources with a star in them."""
    for resource in resources:
        accept(construct, reason, f"IAM5[Resource::{_shown(Stack.of(construct).resolve(resource))}]")


def _shown(resolved: Any) -> str:
    """Write a resource as cdk-nag does: what is known only on deployment in angle brackets."""
    match resolved:
        case str():
            return resolved
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": ["", parts]}:
            return "".join(_shown(part) for part in parts)
        case {"Fn::ImportValue": name}:
            return f"<{name}>"
    raise ValueError(f"{resolved} is of a form that cdk-nag does not write")
