"""What lasts: encrypted, backed up, kept, and an alarm that cannot be delivered is not lost."""

from collections.abc import Callable

from aws_cdk.assertions import Match, Template

Templates = Callable[[str], Template]


def test_the_database_is_encrypted_kept_and_reached_by_the_platform_only(template: Templates) -> None:
    template("base").has_resource(
        "AWS::RDS::DBInstance",
        {
            "Properties": Match.object_like(
                {
                    "StorageEncrypted": True,
                    "MultiAZ": True,
                    "PubliclyAccessible": False,
                    "DeletionProtection": True,
                    "BackupRetentionPeriod": 14,
                }
            ),
            "DeletionPolicy": "Retain",
        },
    )


def test_redis_wants_a_password_and_tls(template: Templates) -> None:
    template("base").has_resource_properties(
        "AWS::ElastiCache::ReplicationGroup",
        {
            "TransitEncryptionEnabled": True,
            "AtRestEncryptionEnabled": True,
            "AuthToken": Match.any_value(),
            "AutomaticFailoverEnabled": True,
        },
    )


def test_an_alarm_that_cannot_be_delivered_is_tried_again_and_then_kept(template: Templates) -> None:
    template("base").has_resource_properties(
        "AWS::SNS::Subscription",
        {
            "Protocol": "https",
            "Endpoint": "https://alarms.example.org/webhooks/sns/",
            "RedrivePolicy": {"deadLetterTargetArn": Match.any_value()},
            "DeliveryPolicy": Match.object_like({"healthyRetryPolicy": Match.object_like({"numRetries": 50})}),
        },
    )
    template("base").has_resource_properties("AWS::SQS::Queue", {"MessageRetentionPeriod": 14 * 24 * 3600})


def test_raw_delivery_stays_off_because_raw_messages_carry_no_signature(template: Templates) -> None:
    [subscription] = template("base").find_resources("AWS::SNS::Subscription").values()

    assert not subscription["Properties"].get("RawMessageDelivery")


def test_hosts_of_the_sandbox_keep_their_role_from_what_runs_on_them(template: Templates) -> None:
    template("base").has_resource_properties(
        "AWS::EC2::LaunchTemplate",
        {
            "LaunchTemplateData": Match.object_like(
                {"MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}}
            )
        },
    )


def test_what_runs_on_hosts_of_the_sandbox_reaches_neither_postgres_nor_redis(template: Templates) -> None:
    resources = template("base").to_json()["Resources"].values()
    [hosts] = [each["Properties"] for each in resources if each["Type"] == "AWS::EC2::LaunchTemplate"]
    theirs = [group["Fn::GetAtt"][0] for group in hosts["LaunchTemplateData"]["SecurityGroupIds"]]
    rules = [each["Properties"] for each in resources if each["Type"] == "AWS::EC2::SecurityGroupIngress"]
    for group in resources:
        if group["Type"] == "AWS::EC2::SecurityGroup":
            rules += group["Properties"].get("SecurityGroupIngress", [])
    let_in = [rule["SourceSecurityGroupId"]["Fn::GetAtt"][0] for rule in rules]

    assert len(let_in) == 2
    assert len(theirs) == 1
    assert not set(theirs) & set(let_in)


def test_only_the_approved_environment_of_one_repository_may_release(template: Templates) -> None:
    template("pipeline").has_resource_properties(
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": Match.object_like(
                {
                    "Statement": [
                        Match.object_like(
                            {
                                "Action": "sts:AssumeRoleWithWebIdentity",
                                "Condition": {
                                    "StringEquals": {
                                        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                                        "token.actions.githubusercontent.com:sub": (
                                            "repo:example/agent-platform:environment:production"
                                        ),
                                    }
                                },
                            }
                        )
                    ]
                }
            )
        },
    )
    template("pipeline").resource_count_is("AWS::IAM::AccessKey", 0)
