#!/usr/bin/env bash
# Run the migration of a release on the cluster and wait for it. Usage: migrate.sh OUTPUTS.json (of cdk deploy)
set -euo pipefail

output() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["agent-platform-base"][sys.argv[2]])' "$1" "$2"; }
subnets=$(output "$1" Subnets)
group=$(output "$1" MembersGroup)
task=$(aws ecs run-task --cluster agent-platform --task-definition agent-platform-migrate --launch-type FARGATE \
    --network-configuration "awsvpcConfiguration={subnets=[$subnets],securityGroups=[$group]}" \
    --query 'tasks[0].taskArn' --output text)
aws ecs wait tasks-stopped --cluster agent-platform --tasks "$task"
code=$(aws ecs describe-tasks --cluster agent-platform --tasks "$task" \
    --query 'tasks[0].containers[0].exitCode' --output text)
[ "$code" = 0 ] || { echo "The migration ended with $code: see the log group /agent-platform, migrate." >&2; exit 1; }
