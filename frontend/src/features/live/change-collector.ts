/** Ids of incidents that changed, or `everything` when that cannot be said. */
export type Changes = ReadonlySet<number> | "everything";

const PAUSE_MS = 1000;

/** Tells what changed at most once a second in a storm, and never before the last was dealt with. */
export class ChangeCollector {
  private incidents = new Set<number>();
  private isEverything = false;
  private isTelling = false;
  private isStopped = false;

  constructor(private readonly tell: (changes: Changes) => Promise<void>) {}

  add(incident: number): void {
    this.incidents.add(incident);
    void this.tellAll();
  }

  addEverything(): void {
    this.isEverything = true;
    void this.tellAll();
  }

  stop(): void {
    this.isStopped = true;
  }

  private async tellAll(): Promise<void> {
    if (this.isTelling) return;
    this.isTelling = true;
    while (!this.isStopped && (this.isEverything || this.incidents.size > 0)) {
      const changes = this.isEverything ? "everything" : this.incidents;
      this.incidents = new Set();
      this.isEverything = false;
      await Promise.all([this.tell(changes), new Promise((resume) => setTimeout(resume, PAUSE_MS))]);
    }
    this.isTelling = false;
  }
}
