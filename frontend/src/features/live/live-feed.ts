import type { AgentActivity, FeedClientMessage } from "@/api/types";

import { ChangeCollector, type Changes } from "./change-collector";
import { parseMessage } from "./messages";

export type LiveState = "connecting" | "live" | "reconnecting" | "signed-out" | "forbidden";

type Listener = {
  onState: (state: LiveState) => void;
  onChanges: (changes: Changes) => Promise<void>;
  onSummary: () => void;
  onActivity: (activity: AgentActivity) => void;
  onStep: (incident: number, stageRun: number) => void;
};

// incidents/feed/sessions.py: the server closes with these.
const UNAUTHENTICATED = 4401;
const FORBIDDEN = 4403;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const LONGEST_ANSWER_MS = 10_000;

/** One websocket that comes back by itself, and tells what changed while it was away. */
export class LiveFeed {
  private readonly changes: ChangeCollector;
  private socket: WebSocket | undefined;
  // What comes next by itself: giving this connection up, or opening another one.
  private timer: ReturnType<typeof setTimeout> | undefined;
  private cursor = 0;
  private failures = 0;
  private watched: number | null = null;

  constructor(
    private readonly url: string,
    private readonly listener: Listener,
  ) {
    this.changes = new ChangeCollector(listener.onChanges);
  }

  open(): void {
    window.addEventListener("online", this.connect);
    window.addEventListener("offline", this.lost);
    this.connect();
  }

  /** Hear what the agents of this incident do, instead of another one's; null: of none. */
  watch(incident: number | null): void {
    if (incident === this.watched) return;
    this.watched = incident;
    if (this.socket?.readyState === WebSocket.OPEN) this.say({ type: "watch", incident_id: incident });
  }

  close(): void {
    window.removeEventListener("online", this.connect);
    window.removeEventListener("offline", this.lost);
    this.abandon();
    this.changes.stop();
  }

  private readonly connect = (): void => {
    this.abandon();
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => {
      this.say({ type: "hello", cursor: this.cursor });
      if (this.watched !== null) this.say({ type: "watch", incident_id: this.watched });
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      this.receive(event.data);
    };
    socket.onclose = (event) => {
      this.closed(event.code);
    };
    // A proxy can accept a connection that nobody behind it answers.
    this.timer = setTimeout(this.lost, LONGEST_ANSWER_MS);
  };

  private say(message: FeedClientMessage): void {
    this.socket?.send(JSON.stringify(message));
  }

  private receive(text: string): void {
    const message = parseMessage(text);
    if (message === undefined) return;
    switch (message.type) {
      case "error":
        // The end of the connection follows.
        return;
      case "agent.activity":
        this.listener.onActivity(message);
        return;
      case "step.stored":
        this.listener.onStep(message.incident_id, message.stage_run);
        return;
      case "summary.changed":
        this.listener.onSummary();
        return;
      case "changes":
        this.cursor = Math.max(this.cursor, message.cursor);
        for (const { incident_id: incident } of message.changes) this.changes.add(incident);
        return;
      case "snapshot":
      case "reload":
        this.joined(message.cursor);
    }
  }

  private joined(cursor: number): void {
    this.cursor = Math.max(this.cursor, cursor);
    clearTimeout(this.timer);
    this.failures = 0;
    this.listener.onState("live");
    // Also the first time: what the page has read may be older than this connection.
    this.changes.addEverything();
  }

  private closed(code: number): void {
    if (code === FORBIDDEN) {
      this.close();
      this.listener.onState("forbidden");
    } else if (code === UNAUTHENTICATED) {
      // The page finds out and goes away; if it stays, its person has signed in again elsewhere.
      this.comeBack("signed-out", LONGEST_WAIT_MS);
    } else {
      this.lost();
    }
  }

  private readonly lost = (): void => {
    this.comeBack("reconnecting", Math.min(FIRST_WAIT_MS * 2 ** this.failures, LONGEST_WAIT_MS));
    this.failures += 1;
  };

  private comeBack(state: LiveState, longestMs: number): void {
    this.abandon();
    this.listener.onState(state);
    // Spread over the second half, so that a restarted server is not met by everybody at once.
    this.timer = setTimeout(this.connect, longestMs * (0.5 + Math.random() / 2));
  }

  /** Let go of the connection without hearing from it again, and of what was to come next. */
  private abandon(): void {
    clearTimeout(this.timer);
    if (this.socket === undefined) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    this.socket = undefined;
  }
}
