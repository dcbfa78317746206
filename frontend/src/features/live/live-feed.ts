import { type Hello, parseMessage } from "./messages";

export type LiveState = "connecting" | "live" | "reconnecting" | "signed-out";

/** Ids of incidents that changed, or `everything` when that cannot be said. */
export type Changes = ReadonlySet<number> | "everything";

type Listener = { onState: (state: LiveState) => void; onChanges: (changes: Changes) => void };

const UNAUTHENTICATED = 4401;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
// A storm is told once a second at most.
const COLLECT_MS = 1000;

/** One websocket that comes back by itself, and tells what changed while it was away. */
export class LiveFeed {
  private socket: WebSocket | undefined;
  private cursor = 0;
  private hasBeenLive = false;
  private failures = 0;
  private isClosed = false;
  private reconnectTimer: ReturnType<typeof setTimeout> | undefined;
  private collectTimer: ReturnType<typeof setTimeout> | undefined;
  private changed = new Set<number>();
  private toldAt = 0;

  constructor(
    private readonly url: string,
    private readonly listener: Listener,
  ) {}

  open(): void {
    window.addEventListener("online", this.openNow);
    this.connect();
  }

  close(): void {
    this.isClosed = true;
    window.removeEventListener("online", this.openNow);
    clearTimeout(this.reconnectTimer);
    clearTimeout(this.collectTimer);
    this.socket?.close();
  }

  private readonly openNow = (): void => {
    if (this.reconnectTimer === undefined) return;
    clearTimeout(this.reconnectTimer);
    this.connect();
  };

  private connect(): void {
    this.reconnectTimer = undefined;
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
      this.lost(event.code);
    };
  }

  private receive(text: string): void {
    const message = parseMessage(text);
    if (message === undefined || message.type === "error") return;
    this.cursor = Math.max(this.cursor, message.cursor);
    if (message.type === "incident.changed") {
      this.collect(message.incident_id);
      return;
    }
    this.failures = 0;
    this.listener.onState("live");
    // Stages start and end without a transition, so after an absence every incident may have moved.
    if (this.hasBeenLive || message.type === "reload") this.listener.onChanges("everything");
    this.hasBeenLive = true;
  }

  private collect(incident: number): void {
    this.changed.add(incident);
    if (this.collectTimer !== undefined) return;
    const wait = Math.max(0, this.toldAt + COLLECT_MS - Date.now());
    this.collectTimer = setTimeout(() => {
      const changes = this.changed;
      this.changed = new Set();
      this.collectTimer = undefined;
      this.toldAt = Date.now();
      this.listener.onChanges(changes);
    }, wait);
  }

  private lost(code: number): void {
    if (this.isClosed) return;
    if (code === UNAUTHENTICATED) {
      this.listener.onState("signed-out");
      return;
    }
    this.listener.onState("reconnecting");
    const longest = Math.min(FIRST_WAIT_MS * 2 ** this.failures, LONGEST_WAIT_MS);
    this.failures += 1;
    // Spread over the second half, so that a restarted server is not met by everybody at once.
    this.reconnectTimer = setTimeout(
      () => {
        this.connect();
      },
      longest * (0.5 + Math.random() / 2),
    );
  }
}
