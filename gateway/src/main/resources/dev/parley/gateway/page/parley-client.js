/**
 * A client of Parley for browsers, without any other code: a session that comes back by itself, and calls.
 *
 *     const client = new ParleyClient({ token: () => myToken, user: "alice" });
 *     client.addEventListener("event", ({ detail }) => console.log(detail.conversationId, detail.event));
 *     client.connect();
 *     const { conversation } = await client.call("ChatService", "CreateConversation", {
 *       clientEventId: client.newId(),
 *       conversation: { kind: "CONVERSATION_KIND_DIRECT", memberIds: ["bob"] },
 *     });
 *     client.send(conversation.conversationId, { message: { text: "hello" } });
 *
 * What it takes off your hands (docs/protocol.md has the reasons):
 *
 * - Order. "event" is told once for each event of a conversation, in order and without a hole, whatever connections
 *   break: each conversation has a place (its cursor), and a new socket begins there.
 * - Sending. A command keeps the id that it got when it was written. It stays in the outbox, over reloads too, until the
 *   server has answered it, and is sent again with the same id: so it happens once.
 * - The end of sockets. The number that a socket is closed with says whether to come back. A router that leaves says so
 *   before (Reconnect): then the new socket catches up before the old one is closed.
 *
 * Events, each with a `detail`:
 *   state     {state, reason}: "connecting", "live", "offline" (comes back by itself), "ended" (does not)
 *   following {conversationId, afterSeq, head, readSeq, unreadCount}: events of a conversation begin after afterSeq
 *   event     {conversationId, event}
 *   answer    {clientEventId, conversationId, stored}: a command is on the log
 *   refused   {clientEventId, conversationId, action, error}: a command will not happen
 *   receipt   {conversationId, userId, readSeq}, typing {conversationId, userId}, presence {users, rooms, unknown}
 *   reset     {conversationId, reason, next}: drop what you show of it, and load it with ListEvents
 *   problem   {error}: something else was refused
 */

const PROTOCOL = "parley.v1.json";
const TOKEN_PROTOCOL = "parley.token.";

/** After these a client does not come back by itself: the same would happen again. */
const STOP = new Set([1003, 1007, 1009, 4000, 4004, 4007]);
/** After these another token is needed. */
const TOKEN_REFUSED = new Set([4001, 4002, 4003, 4010]);
/** A command that was refused so is sent again, with the same id, after a wait. */
const TRY_AGAIN = new Set([
  "RATE_LIMITED", "OVERLOADED", "BROKER_UNAVAILABLE", "OUTCOME_UNKNOWN", "DRAINING", "MODERATION_UNAVAILABLE",
]);

const FIRST_WAIT = 250;
const LONGEST_WAIT = 15_000;
/** A socket that was live for so long was a success: the next wait is a short one again. */
const STABLE = 5_000;
const CONNECT_TIMEOUT = 10_000;
const COMMANDS_KEPT = 1_000;
const REFRESH_LEAD = 60_000;

/** What a call or a command was refused with. `reason` is a name of errors.proto, or "" when there is none. */
export class ParleyError extends Error {
  constructor(code, reason, message, retryMillis = 0, metadata = {}) {
    super(message || reason || code);
    this.code = code;
    this.reason = reason;
    this.retryMillis = retryMillis;
    this.metadata = metadata;
  }

  /** From an Error frame. */
  static ofFrame(error) {
    return new ParleyError(
      "", error.info?.reason ?? "", error.message, millisOf(error.retry?.retryDelay), error.info?.metadata);
  }

  /** From the JSON of a call that failed. */
  static ofCall(status, body) {
    const detail = (type) => body.details?.find((each) => each.type === type)?.debug ?? {};
    const info = detail("google.rpc.ErrorInfo");
    return new ParleyError(
      body.code ?? `http_${status}`, info.reason ?? "", body.message,
      millisOf(detail("google.rpc.RetryInfo").retryDelay), info.metadata);
  }
}

/** Durations are written as "1.5s". */
const millisOf = (duration) => (duration ? parseFloat(duration) * 1000 : 0);

export class ParleyClient extends EventTarget {
  /**
   * @param token a function that gives the token, or a promise of it. It is asked before each socket and each call,
   *     and a minute before the token ends: give a newer one then, and the session goes on without a break
   * @param user whose token it is: the outbox is kept under this name
   * @param device the name of this device, chosen once and kept; two sessions of one device push each other out
   * @param url where the gateway is; by default where this page comes from
   * @param storage keeps the outbox; null: nothing survives a reload
   */
  constructor({ token, user, device = deviceOf(user), url = location.origin, storage = localStorage }) {
    super();
    this.token = token;
    this.user = user;
    this.device = device;
    this.url = url;
    this.state = "offline";
    this.outbox = new Outbox(storage, user);
    /** Where we stand in each conversation: {seq, cursor, read}. The seq is a number, the rest of a cursor is opaque. */
    this.places = new Map();
    this.watched = new Map();
    this.activityNow = null;
    /** The server's clock minus ours, in ms. Ids are made from the server's time. */
    this.clockOffset = Number(storage?.getItem("parley.clock") ?? 0);
    this.storage = storage;
    this.current = null;
    this.next = null;
    this.wait = FIRST_WAIT;
    this.refusedToken = null;
    this.closed = true;
    addEventListener("online", () => this.#now());
    // A laptop that wakes up need not wait for the rest of a long wait.
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#now());
  }

  connect() {
    this.closed = false;
    this.#open();
  }

  close() {
    this.#end("closed");
  }

  // ---------------------------------------------------------------- what an app does

  /** Makes a unary call; fails with a ParleyError. */
  async call(service, method, request = {}) {
    const response = await fetch(`${this.url}/parley.v1.${service}/${method}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "connect-protocol-version": "1",
        authorization: `Bearer ${await this.token()}`,
      },
      body: JSON.stringify(request),
    });
    if (response.ok) {
      return response.json();
    }
    throw ParleyError.ofCall(response.status, await response.json().catch(() => ({})));
  }

  /** A UUIDv7 from the server's time: the id of a command, or of a new group. */
  newId() {
    return uuid7(Date.now() + this.clockOffset);
  }

  /**
   * Sends a command: {message}, {edit}, {deletion}, {reaction} ... Returns its id at once; "answer" or "refused" follow,
   * however long the way there is broken.
   */
  send(conversationId, action) {
    const command = { clientEventId: this.newId(), conversationId, action, writtenAt: Date.now() };
    if (!this.outbox.add(command)) {
      throw new ParleyError("resource_exhausted", "LIMIT_EXCEEDED", `${COMMANDS_KEPT} commands wait already`);
    }
    this.current?.flush();
    return command.clientEventId;
  }

  /** The user has read up to here. Marks are told again when the server has forgotten them. */
  markRead(conversationId, seq) {
    const place = this.places.get(conversationId);
    if (place && seq > place.read) {
      place.read = seq;
      this.current?.say({ readMark: { conversationId, seq } });
    }
  }

  typing(conversationId) {
    this.current?.say({ typing: { conversationId } });
  }

  /** Watches users, because of a group (conversationId) or of their direct conversation. */
  watchUsers(users) {
    const fresh = users.filter((each) => !this.watched.has(each.userId));
    fresh.forEach((each) => this.watched.set(each.userId, each));
    if (this.state === "live") {
      watch(this.current, fresh);
    }
  }

  /** What the user does here: whether anybody is at the device, and which conversation is on the screen. */
  activity(away, conversationId) {
    this.activityNow = { away, conversationId };
    if (this.state === "live") {
      this.current.say({ activity: this.activityNow });
    }
  }

  // ---------------------------------------------------------------- sockets

  async #open(hasNext = false) {
    if (!hasNext) {
      this.#become("connecting");
    }
    let token;
    try {
      token = await this.token();
    } catch (error) {
      this.#later(`no token: ${error.message}`);
      return;
    }
    if (this.closed) {
      return;
    }
    const stream = new Stream(this, token);
    if (hasNext) {
      this.next = stream;
    } else {
      this.current = stream;
    }
  }

  #become(state, reason = "") {
    if (this.state !== state || reason) {
      this.state = state;
      this.tell("state", { state, reason });
    }
  }

  #later(reason, atLeast = 0) {
    // Jitter, so that all clients of a router that died do not come back at the same moment.
    const wait = Math.max(atLeast, this.wait * (0.5 + Math.random()));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.#become("offline", reason);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#open(), wait);
  }

  #now() {
    if (this.state === "offline" && !this.closed) {
      clearTimeout(this.timer);
      this.#open();
    }
  }

  #end(reason) {
    this.closed = true;
    clearTimeout(this.timer);
    this.current?.drop();
    this.next?.drop();
    this.current = this.next = null;
    this.#become("ended", reason);
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** A stream has caught up: it is the one from now on. */
  caughtUp(stream) {
    if (stream === this.next) {
      this.current?.drop();
      this.current = stream;
      this.next = null;
      // What had no answer on the old one is sent again here, with the same ids.
      this.outbox.streamLost();
    }
    this.refusedToken = null;
    this.#become("live");
    // A new stream knows of no watches.
    watch(stream, [...this.watched.values()]);
    if (this.activityNow) {
      stream.say({ activity: this.activityNow });
    }
    stream.flush();
  }

  /** The router asks us to go: a new stream first, then the old one is closed. */
  moveOn(stream, after) {
    if (stream === this.current && !this.next) {
      setTimeout(() => !this.closed && stream === this.current && this.#open(true), after);
    }
  }

  /** A stream has ended; its socket was closed with this code. */
  lost(stream, code, reason, retryMillis) {
    if (stream === this.next) {
      this.next = null;
      return;
    }
    if (stream !== this.current) {
      return;
    }
    this.outbox.streamLost();
    if (this.next) {
      this.current = this.next;
      this.next = null;
      return;
    }
    this.current = null;
    if (stream.liveSince && Date.now() - stream.liveSince > STABLE) {
      this.wait = FIRST_WAIT;
    }
    if (TOKEN_REFUSED.has(code)) {
      // The same token again is pointless. The first refusal may be about one that has just been renewed.
      if (this.refusedToken === stream.token) {
        this.#end(reason);
        return;
      }
      this.refusedToken = stream.token;
    } else if (STOP.has(code)) {
      this.#end(reason);
      return;
    }
    this.#later(reason, retryMillis);
  }

  /** The server's clock, as it says in Welcome. */
  serverTime(text) {
    this.clockOffset = Date.parse(text) - Date.now();
    this.storage?.setItem("parley.clock", String(this.clockOffset));
  }
}

/** One socket: from Hello to its end. */
class Stream {
  constructor(client, token) {
    this.client = client;
    this.token = token;
    this.ended = false;
    /** What this stream has told of each conversation: {last, ranges}. */
    this.follows = new Map();
    this.frames = 0;
    this.acknowledged = 0;
    this.delivered = new Map();
    this.window = 256;
    this.heartbeat = 20_000;
    this.welcomed = false;
    this.lastError = null;
    this.retryMillis = 0;
    const url = client.url.replace(/^http/, "ws") + "/ws";
    // A browser cannot set headers here, so the token is offered as a subprotocol that nobody chooses.
    this.socket = new WebSocket(url, [PROTOCOL, TOKEN_PROTOCOL + token]);
    this.socket.onopen = () => this.#hello();
    this.socket.onmessage = ({ data }) => this.#received(JSON.parse(data));
    this.socket.onclose = ({ code, reason }) => this.#lost(code, reason);
    this.#expect(CONNECT_TIMEOUT);
  }

  say(frame) {
    if (this.welcomed && !this.ended) {
      this.socket.send(JSON.stringify(frame));
    }
  }

  /** Sends what the outbox has, and what is not under way on this stream. */
  flush() {
    if (this === this.client.current && this.liveSince) {
      this.client.outbox.take().forEach((command) => this.say(commandFrame(command)));
    }
  }

  /** Nothing of this stream counts any more. */
  drop() {
    this.#stop();
    this.socket.close(1000);
  }

  #stop() {
    this.ended = true;
    clearTimeout(this.deadline);
    clearInterval(this.creditTimer);
    clearTimeout(this.promptTimer);
    clearTimeout(this.refreshTimer);
    clearTimeout(this.headTimer);
  }

  #lost(code, reason) {
    if (!this.ended) {
      this.#stop();
      this.client.lost(this, code, this.lastError?.reason || reason || "the connection broke", this.retryMillis);
    }
  }

  /** Gives the stream up, to begin anew at our places. */
  #abandon(why) {
    if (!this.ended) {
      this.#stop();
      this.socket.close(1000);
      this.client.lost(this, 0, why, 0);
    }
  }

  #expect(within) {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.#abandon("nothing was heard from the server"), within);
  }

  #hello() {
    const send = (frame) => this.socket.send(JSON.stringify(frame));
    send({ hello: { deviceId: this.client.device, client: "parley-web/1" } });
    const cursors = [...this.client.places].map(([conversationId, place]) => ({ conversationId, cursor: place.cursor }));
    // At most 1,000 in a frame; the last one says that it is the last.
    do {
      send({ cursors: { cursors: cursors.splice(0, 1000), complete: cursors.length === 0 } });
    } while (cursors.length);
  }

  #received(frame) {
    if (this.ended) {
      return;
    }
    this.#expect(3 * this.heartbeat);
    // A frame holds one thing. What this client does not know it passes over, and counts.
    if (frame.welcome) this.#welcome(frame.welcome);
    else if (frame.catchUp) this.#catchUp(frame.catchUp);
    else if (frame.events) frame.events.events?.forEach((event) => this.#event(frame.events, event));
    else if (frame.sendResult) this.#sendResult(frame.sendResult);
    else if (frame.receipt) this.client.tell("receipt", withSeq(frame.receipt, "readSeq"));
    else if (frame.typing) this.client.tell("typing", frame.typing);
    else if (frame.presence) this.client.tell("presence", frame.presence);
    else if (frame.heads) this.#heads(frame.heads);
    else if (frame.reset) this.#reset(frame.reset);
    else if (frame.reconnect) this.#reconnect(frame.reconnect);
    else if (frame.error) this.#error(frame.error);
    this.frames++;
    if (this.frames - this.acknowledged >= this.window / 4) {
      this.#credit();
    }
  }

  #welcome(welcome) {
    this.client.serverTime(welcome.serverTime);
    this.window = welcome.limits?.unacknowledgedFrames || this.window;
    this.heartbeat = millisOf(welcome.heartbeat) || this.heartbeat;
    this.welcomed = true;
    // Also when nothing has changed: it is our sign of life.
    this.creditTimer = setInterval(() => this.#credit(), this.heartbeat / 2);
    if (welcome.tokenExpireTime) {
      this.#refreshBefore(Date.parse(welcome.tokenExpireTime) - Date.parse(welcome.serverTime));
    }
  }

  #refreshBefore(lifeMillis) {
    const wait = Math.min(Math.max(lifeMillis - REFRESH_LEAD, lifeMillis * 0.8), 2 ** 31 - 1);
    this.refreshTimer = setTimeout(async () => {
      const token = await this.client.token().catch(() => this.token);
      if (token !== this.token) {
        this.token = token;
        this.say({ refreshToken: { token } });
        this.#refreshBefore(lifeOf(token) - this.client.clockOffset);
      }
    }, wait);
  }

  #credit() {
    this.acknowledged = this.frames;
    clearTimeout(this.promptTimer);
    // A frame takes a thousand; the others go with the next one.
    const page = [...this.delivered].slice(0, 1000);
    page.forEach(([conversationId]) => this.delivered.delete(conversationId));
    const delivered = page.map(([conversationId, seq]) => ({ conversationId, seq }));
    this.say({ credit: { frames: this.frames, delivered } });
  }

  #catchUp({ following = [], complete = false }) {
    for (const each of following) {
      const afterSeq = Number(each.afterSeq ?? 0);
      this.follows.set(each.conversationId, { last: afterSeq, ranges: each.readable ?? [] });
      const known = this.client.places.get(each.conversationId);
      const place = known ?? { seq: afterSeq, cursor: { ...each.head, seq: afterSeq }, read: 0 };
      this.client.places.set(each.conversationId, place);
      const readSeq = Number(each.readSeq ?? 0);
      if (place.read > readSeq) {
        this.say({ readMark: { conversationId: each.conversationId, seq: place.read } });
      }
      place.read = Math.max(place.read, readSeq);
      this.client.tell("following", {
        conversationId: each.conversationId,
        afterSeq,
        head: Number(each.head?.seq ?? 0),
        readSeq: place.read,
        unreadCount: Number(each.unreadCount ?? 0),
      });
    }
    if (complete) {
      this.liveSince = Date.now();
      this.client.caughtUp(this);
    }
  }

  /** An event in its place: the next one is told, one that came before is passed over, a hole ends the stream. */
  #event({ conversationId, position, term }, event) {
    const follow = this.follows.get(conversationId);
    const seq = Number(event.seq);
    if (!follow || seq > successor(follow)) {
      this.#abandon(`event ${seq} came out of order`);
      return;
    }
    if (seq !== successor(follow)) {
      return;
    }
    follow.last = seq;
    if (this.delivered.size === 0) {
      // Soon: phones are told three seconds after a message that nobody has acknowledged.
      this.promptTimer = setTimeout(() => this.#credit(), 1000);
    }
    this.delivered.set(conversationId, seq);
    const place = this.client.places.get(conversationId);
    if (seq > place.seq) {
      this.client.tell("event", { conversationId, event: { ...event, seq } });
      // Only now: what was not taken in would be missing for ever.
      place.seq = seq;
      place.cursor = { seq, position, term };
    }
  }

  #sendResult({ clientEventId, conversationId, stored, refused }) {
    const command = this.client.outbox.get(clientEventId);
    if (refused) {
      this.#refused(command, ParleyError.ofFrame(refused));
      return;
    }
    this.client.outbox.remove(clientEventId);
    this.client.tell("answer", { clientEventId, conversationId, stored });
    const isFirst = !this.follows.has(conversationId) && !this.client.places.has(conversationId);
    if (stored.repeated || !(isFirst || this.follows.has(conversationId))) {
      // An answer and no more: the event came, or comes, at its seq.
      this.flush();
      return;
    }
    const { seq, position, term } = stored.cursor;
    if (isFirst) {
      this.client.places.set(conversationId, { seq: Number(seq) - 1, cursor: { seq: Number(seq) - 1 }, read: 0 });
      this.follows.set(conversationId, { last: Number(seq) - 1, ranges: [{ firstSeq: seq }] });
    }
    // The result stands in for the event, which does not come besides. It says what we have said, and when.
    const event = stored.event ?? {
      seq, clientEventId, senderId: this.client.user, time: stored.time, messageCount: stored.messageCount,
      ...command?.action,
    };
    this.#event({ conversationId, position, term }, event);
    this.flush();
  }

  #refused(command, error) {
    if (!command) {
      return;
    }
    if (TRY_AGAIN.has(error.reason)) {
      setTimeout(() => {
        this.client.outbox.release(command.clientEventId);
        this.client.current?.flush();
      }, Math.max(error.retryMillis, 250) * (1 + Math.random()));
    } else if (error.reason === "CLIENT_EVENT_ID_IN_FUTURE" && error.metadata?.server_time_ms) {
      // Nothing was stored under that id. With a right clock there is another one.
      this.client.clockOffset = Number(error.metadata.server_time_ms) - Date.now();
      this.client.outbox.rename(command.clientEventId, this.client.newId());
      this.flush();
    } else {
      this.client.outbox.remove(command.clientEventId);
      this.client.tell("refused", { ...command, error });
      this.flush();
    }
  }

  /**
   * The newest events as the server sees them. One that does not arrive within some seconds is lost: begin anew. The
   * digest is over all conversations: if it differs while nothing is on its way, all heads are asked for.
   */
  async #heads({ heads = [], digest = "0", all = false }) {
    const ahead = heads.filter((head) => Number(head.seq) > (this.client.places.get(head.conversationId)?.seq ?? Infinity));
    if (ahead.length) {
      clearTimeout(this.headTimer);
      this.headTimer = setTimeout(() => {
        if (ahead.some((head) => Number(head.seq) > this.client.places.get(head.conversationId).seq)) {
          this.#abandon("an event did not arrive");
        }
      }, 5_000);
    } else if (!all && this.liveSince && this.client.outbox.commands.length === 0) {
      const told = this.frames;
      const ours = await digestOf(this.follows);
      if (ours !== null && ours !== BigInt(digest) && told === this.frames - 1) {
        this.say({ headsRequest: {} });
      }
    }
  }

  #reset({ conversationId, reason, next }) {
    const seq = Number(next?.seq ?? 0);
    const read = this.client.places.get(conversationId)?.read ?? 0;
    this.client.places.set(conversationId, { seq, cursor: { ...next, seq }, read });
    const follow = this.follows.get(conversationId);
    if (follow) {
      follow.last = seq;
    }
    this.client.tell("reset", { conversationId, reason, next: seq });
  }

  #reconnect({ reason, after }) {
    if (reason === "DISPLACED") {
      this.lastError = new ParleyError("aborted", "DISPLACED", "another session of this device has taken this one's place");
    } else {
      this.client.moveOn(this, millisOf(after));
    }
  }

  #error(error) {
    const refusal = ParleyError.ofFrame(error);
    if (error.closesStream) {
      // The socket is closed with the number for it.
      this.lastError = refusal;
      this.retryMillis = refusal.retryMillis;
    } else {
      this.client.tell("problem", { error: refusal, conversationId: error.conversationId });
    }
  }
}

/** Commands without an answer, in order. In one conversation one at a time is under way, so that their order holds. */
class Outbox {
  constructor(storage, user) {
    this.storage = storage;
    this.key = `parley.outbox.${user}`;
    this.commands = JSON.parse(storage?.getItem(this.key) ?? "[]");
    this.underWay = new Set();
  }

  add(command) {
    if (this.commands.length >= COMMANDS_KEPT) {
      return false;
    }
    this.commands.push(command);
    this.#save();
    return true;
  }

  get(id) {
    return this.commands.find((each) => each.clientEventId === id);
  }

  /** The first command of each conversation that has none under way: they are under way from now on. */
  take() {
    const busy = new Set(
      this.commands.filter((each) => this.underWay.has(each.clientEventId)).map((each) => each.conversationId));
    const taken = [];
    for (const each of this.commands) {
      if (!busy.has(each.conversationId)) {
        busy.add(each.conversationId);
        this.underWay.add(each.clientEventId);
        taken.push(each);
      }
    }
    return taken;
  }

  release(id) {
    this.underWay.delete(id);
  }

  streamLost() {
    this.underWay.clear();
  }

  rename(id, newId) {
    const command = this.get(id);
    command.clientEventId = newId;
    this.underWay.delete(id);
    this.#save();
  }

  remove(id) {
    this.commands = this.commands.filter((each) => each.clientEventId !== id);
    this.underWay.delete(id);
    this.#save();
  }

  #save() {
    this.storage?.setItem(this.key, JSON.stringify(this.commands));
  }
}

/** At most 100 in a frame. */
function watch(stream, users) {
  for (let i = 0; i < users.length; i += 100) {
    stream.say({ watchPresence: { users: users.slice(i, i + 100) } });
  }
}

const commandFrame = ({ clientEventId, conversationId, action }) => ({
  command: { clientEventId, conversationId, ...action },
});

/** 64-bit numbers are strings in JSON. Seqs stay far below what a number holds exactly. */
const withSeq = (object, field) => ({ ...object, [field]: Number(object[field] ?? 0) });

/** The event after the last one told: the next, or the first of the next range that the user may read. */
function successor({ last, ranges }) {
  for (const range of ranges) {
    const first = Number(range.firstSeq ?? 0);
    const end = Number(range.lastSeq ?? 0) || Infinity;
    if (last + 1 <= end) {
      return Math.max(first, last + 1);
    }
  }
  return last + 1;
}

/** XOR over all conversations of the first 8 bytes of SHA-256(id, seq); null where there is no SHA-256. */
async function digestOf(follows) {
  if (!crypto.subtle) return null;
  const hashes = await Promise.all([...follows].map(([id, { last }]) => {
    const bytes = new DataView(new ArrayBuffer(24));
    bytes.setBigUint64(0, BigInt(`0x${id.replaceAll("-", "").slice(0, 16)}`));
    bytes.setBigUint64(8, BigInt(`0x${id.replaceAll("-", "").slice(16)}`));
    bytes.setBigUint64(16, BigInt(last));
    return crypto.subtle.digest("SHA-256", bytes.buffer);
  }));
  return hashes.reduce((sum, hash) => sum ^ new DataView(hash).getBigUint64(0), 0n);
}

/** When a token ends, in ms from now by our clock. */
function lifeOf(token) {
  const claims = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
  return claims.exp * 1000 - Date.now();
}

/** The name of this tab as a device: a reload keeps it, another tab has another one. */
function deviceOf(user) {
  const key = `parley.device.${user}`;
  const device = sessionStorage.getItem(key) ?? `web-${crypto.randomUUID()}`;
  sessionStorage.setItem(key, device);
  return device;
}

/** 48 bits of time, then random ones. */
function uuid7(millis) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setUint32(0, Math.floor(millis / 0x10000));
  new DataView(bytes.buffer).setUint16(4, millis % 0x10000);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
