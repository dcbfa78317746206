import type { components } from "./schema";

type Schemas = components["schemas"];

export type Incident = Schemas["Incident"];
export type IncidentRow = Schemas["IncidentRow"];
export type Status = Schemas["IncidentStatusEnum"];
export type Severity = Schemas["SeverityEnum"];
export type StageRun = Schemas["StageRun"];
export type Stage = Schemas["StageEnum"];
export type StageStatus = Schemas["StageStatusEnum"];
export type Fix = Schemas["Fix"];
export type Verdict = Fix["verdict"];
export type Approval = Schemas["Approval"];
export type AlarmProposal = Schemas["AlarmProposal"];
export type Transition = Schemas["Transition"];
export type AgentStep = Schemas["AgentStep"];
export type Event = Schemas["Event"];
/** What the live feed says, and what it is told: written once, in incidents/feed/messages.py. */
export type FeedServerMessage = Schemas["FeedServerMessage"];
export type FeedClientMessage = Schemas["FeedClientMessage"];
export type AgentActivity = Schemas["AgentActivity"];
export type ToolActivity = Schemas["ToolActivity"];
export type RejectionReason = Schemas["RejectRequest"]["reason"];
export type Me = Schemas["Me"];
export type Summary = Schemas["Summary"];
