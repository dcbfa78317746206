/** The names under which answers are kept, so that the live feed can say which of them have aged. */
export const queryKeys = {
  me: ["me"],
  summary: ["summary"],
  services: ["services"],
  incidents: ["incidents"],
  incidentLists: ["incidents", "list"],
  incidentList: (filters: object) => ["incidents", "list", filters],
  incident: (id: number) => ["incidents", "one", id],
  activity: (id: number) => ["activity", id],
  steps: (id: number, stageRun: number) => ["incidents", "one", id, "steps", stageRun],
} as const;
