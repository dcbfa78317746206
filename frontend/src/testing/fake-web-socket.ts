/** A websocket whose server is the test; every one that the code opens is in `opened`. */
export class FakeWebSocket {
  static readonly OPEN = 1;
  static opened: FakeWebSocket[] = [];

  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: unknown[] = [];
  isClosedByPage = false;
  readyState = 0;

  constructor(readonly url: string) {
    FakeWebSocket.opened.push(this);
  }

  static get newest(): FakeWebSocket {
    const socket = FakeWebSocket.opened.at(-1);
    if (socket === undefined) throw new Error("no websocket was opened");
    return socket;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosedByPage = true;
  }

  /** As the server: accept the connection. */
  accept(): void {
    this.readyState = FakeWebSocket.OPEN;
    this.onopen?.();
  }

  /** As the server: say something, or text that is not JSON. */
  say(message: object | string): void {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  /** As the server: accept the connection and answer its hello. */
  join(cursor: number): void {
    this.accept();
    this.say({ type: "snapshot", cursor, changes: [] });
  }

  /** As the server: say that one incident moved. */
  tell(incident: number, status: string, cursor: number): void {
    const change = { type: "incident.changed", incident_id: incident, status, cursor };
    this.say({ type: "changes", cursor, changes: [change] });
  }

  /** As the server, or the network: end the connection. */
  end(code = 1006): void {
    this.onclose?.({ code });
  }
}
