import { ChangeCollector, type Changes } from "./change-collector";
import { type Hello, parseMessage } from "./messages";

export type LiveState = "connecting" | "live" | "reconnecting" | "signed-out" | "forbidden";

type Listener = { onState: (state: LiveState) => void; onChanges: (changes: Changes) => Promise<void> };

// incidents/consumers.py closes with these.
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
      const hello: Hello = { type: "hello", cursor: this.cursor };
      socket.send(JSON.stringify(hello));
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

  private receive(text: string): void {
    const message = parseMessage(text);
    // An error is followed by the end of the connection.
    if (message === undefined || message.type === "error") return;
    this.cursor = Math.max(this.cursor, message.cursor);
    if (message.type === "incident.changed") {
      this.changes.add(message.incident_id);
      return;
    }
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
