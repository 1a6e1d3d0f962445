// A pane: one user's conversations. The session is parley-client.js, what is known conversation.js, how it looks view.js.

import { ParleyClient } from "./parley-client.js";
import { Conversation } from "./conversation.js";
import { conversationItem, dayItem, dayOf, messageItem, newItem, noteItem, paintAvatar, timeOf } from "./view.js";

const HISTORY_PAGE = 40;
const TYPING_EVERY = 3_000;
const TYPING_SHOWN = 5_000;
const WATCHED_MEMBERS = 20;

const $ = (id) => document.getElementById(id);
const given = new URLSearchParams(location.hash.slice(1));
const me = given.get("user") ?? "";
const client = new ParleyClient({ user: me, token: () => given.get("token") });

const conversations = new Map();
const names = new Map();
const presences = new Map();
/** Own commands that failed for good, by conversation: shown until the pane is loaded again. */
const failed = new Map();
let open = null;
let editing = null;
let newFrom = 0;
let typedAt = 0;

// ---------------------------------------------------------------- who is who

const nameOf = (user) => (user === me ? "You" : names.get(user) || user);

async function learnNames(users) {
  const unknown = [...new Set(users)].filter((each) => each && !names.has(each)).slice(0, 100);
  if (unknown.length === 0) return;
  unknown.forEach((each) => names.set(each, ""));
  try {
    const { users: found = [] } = await client.call("ChatService", "GetUsers", { userIds: unknown });
    found.forEach((user) => names.set(user.userId, user.name || user.userId));
    showAll();
  } catch {
    // Their ids will do, and the next time may go better.
    unknown.forEach((each) => names.delete(each));
  }
}

function titleOf(conversation) {
  if (conversation.peer) return conversation.peer === me ? "Notes to self" : names.get(conversation.peer) || conversation.peer;
  return conversation.title || [...conversation.members].filter((each) => each !== me).map(nameOf).join(", ") || "Group";
}

const stateOf = (user) => (presences.get(user)?.state ?? "").replace("PRESENCE_STATE_", "").toLowerCase();

function presenceText(conversation) {
  if (conversation.isGroup) {
    const online = [...conversation.members].filter((each) => each !== me && stateOf(each) === "online").length;
    return `${conversation.members.size} members${online ? `, ${online} online` : ""}`;
  }
  const { lastSeenTime, statusText } = presences.get(conversation.peer) ?? {};
  const state = stateOf(conversation.peer);
  const text = { online: "Online", away: "Away", offline: lastSeenTime ? `Last seen ${timeOf(lastSeenTime)}` : "Offline" }[state];
  return [text, statusText].filter(Boolean).join(" · ");
}

// ---------------------------------------------------------------- loading

/** The conversation with this id, which may be news to us. */
function conversation(id) {
  let known = conversations.get(id);
  if (!known) {
    known = new Conversation(id);
    conversations.set(id, known);
    client.call("ChatService", "GetConversation", { conversationId: id })
      .then((answer) => met(answer.conversation))
      .catch((error) => toast(error));
  }
  return known;
}

/** Has got to know a conversation. */
function met(description) {
  const known = conversations.get(description.conversationId) ?? new Conversation(description.conversationId);
  conversations.set(known.id, known);
  known.describe(description);
  if (known.peer) {
    client.watchUsers([{ userId: known.peer }]);
    learnNames([known.peer]);
  }
  showAll();
  // After a reconnect the session itself tells what was missed.
  if (!known.loaded) loadHistory(known).catch((error) => toast(error));
  loadMembers(known).catch((error) => toast(error));
}

async function loadConversations() {
  let pageToken = "";
  do {
    const page = await client.call("ChatService", "ListConversations", { pageSize: 100, pageToken });
    page.conversations?.forEach(met);
    pageToken = page.nextPageToken;
  } while (pageToken);
  showAll();
}

async function loadMembers(known) {
  const { members = [] } = await client.call("ChatService", "ListMembers", { conversationId: known.id, pageSize: 200 });
  known.members = new Set(members.map((each) => each.userId));
  members.forEach((each) => mark(known, each.userId, Number(each.readSeq ?? 0)));
  if (known.isGroup) {
    client.watchUsers([...known.members].filter((each) => each !== me).slice(0, WATCHED_MEMBERS)
      .map((userId) => ({ userId, conversationId: known.id })));
  }
  learnNames([...known.members]);
  showAll();
}

/** The page of events before those that are known. */
async function loadHistory(known) {
  const beforeSeq = known.loaded ? known.oldest : 0;
  if (known.loading || !known.more) return;
  known.loading = true;
  try {
    const { pages = [], more = false } = await client.call(
      "ChatService", "ListEvents", { conversationId: known.id, beforeSeq, pageSize: HISTORY_PAGE });
    pages.flatMap((page) => page.events ?? []).forEach((event) => known.take(event));
    known.more = more;
    known.loaded = true;
    learnNames([...known.messages.values()].map((each) => each.senderId));
  } finally {
    known.loading = false;
  }
  showAll();
}

// ---------------------------------------------------------------- what the session tells

const on = (type, listener) => client.addEventListener(type, ({ detail }) => listener(detail));

on("state", ({ state, reason }) => {
  showConnection(state, reason);
  // Who is there cannot be known now. When the stream is back, it tells everything that is watched.
  if (state !== "live") presences.clear();
  showAll();
  if (state === "live") loadConversations().catch((error) => toast(error));
});

on("following", ({ conversationId, head, readSeq, unreadCount }) => {
  const known = conversation(conversationId);
  known.head = head;
  known.unread = unreadCount;
  mark(known, me, readSeq);
  showList();
});

on("event", ({ conversationId, event }) => {
  const known = conversation(conversationId);
  known.take(event);
  known.typing.delete(event.senderId);
  if (event.message && event.senderId !== me && event.seq > known.head) known.unread++;
  learnNames([event.senderId]);
  readIfSeen();
  showAll();
});

on("answer", () => showAll());

on("refused", (command) => {
  const list = failed.get(command.conversationId) ?? [];
  failed.set(command.conversationId, [...list, command]);
  toast(command.error);
  showAll();
});

on("receipt", ({ conversationId, userId, readSeq }) => {
  const known = conversation(conversationId);
  mark(known, userId || "others", readSeq);
  if (userId === me && readSeq >= known.newest) known.unread = 0;
  showAll();
});

on("typing", ({ conversationId, userId }) => {
  const known = conversation(conversationId);
  clearTimeout(known.typing.get(userId));
  known.typing.set(userId, setTimeout(() => {
    known.typing.delete(userId);
    showTyping();
    showList();
  }, TYPING_SHOWN));
  learnNames([userId]);
  showTyping();
  showList();
});

on("presence", ({ users = [], unknown }) => {
  if (unknown) presences.clear();
  users.forEach((user) => presences.set(user.userId, user));
  showList();
  showHead();
});

on("reset", ({ conversationId, reason }) => {
  const known = conversation(conversationId);
  // What was trimmed stays as it is shown; what the log does not hold any more must go.
  if (reason === "RESET_REASON_LOG_WENT_BACK") known.forget();
  known.more = true;
  loadHistory(known).catch((error) => toast(error));
});

on("problem", ({ error }) => toast(error));

function mark(known, user, seq) {
  known.marks.set(user, Math.max(seq, known.marks.get(user) ?? 0));
}

// ---------------------------------------------------------------- what the user does

function select(id) {
  open = conversations.get(id) ?? null;
  stopEditing();
  newFrom = open && open.unread > 0 ? (open.marks.get(me) ?? 0) + 1 : 0;
  $("app").dataset.open = String(open !== null);
  $("composer").hidden = open === null;
  $("choose").hidden = open !== null;
  $("messages").replaceChildren();
  $("text").value = "";
  tellActivity();
  if (open) $("text").focus();
  readIfSeen();
  showAll();
  toEnd();
}

/** Only what is on the screen of a pane that somebody uses has been read. */
function readIfSeen() {
  if (open && document.hasFocus() && document.visibilityState === "visible" && open.newest > 0) {
    client.markRead(open.id, open.newest);
    open.unread = 0;
  }
}

function tellActivity() {
  const away = document.visibilityState !== "visible";
  client.activity(away, open && !away ? open.id : "");
}

function submit() {
  const text = $("text").value.trim();
  if (!open || !text) return;
  try {
    if (editing) {
      if (text !== editing.text) client.send(open.id, { edit: { targetSeq: editing.seq, message: { text } } });
    } else {
      client.send(open.id, { message: { text } });
      newFrom = 0;
    }
  } catch (error) {
    toast(error);
    return;
  }
  stopEditing();
  $("text").value = "";
  grow();
  typedAt = 0;
  showAll();
  toEnd();
}

const handlers = {
  react: (message, symbol, mine) =>
    client.send(open.id, { reaction: { targetSeq: message.seq, symbol, removed: mine } }),
  edit: (message) => {
    editing = message;
    $("editing").hidden = false;
    $("text").value = message.text;
    grow();
    $("text").focus();
  },
  remove: (message) => client.send(open.id, { deletion: { targetSeq: message.seq } }),
};

function stopEditing() {
  if (editing) $("text").value = "";
  editing = null;
  $("editing").hidden = true;
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});

$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape" && editing) {
    stopEditing();
  } else if (event.key === "ArrowUp" && $("text").value === "") {
    $("messages").lastElementChild?.focus();
  }
});

$("text").addEventListener("input", () => {
  grow();
  if (open && !editing && Date.now() - typedAt > TYPING_EVERY) {
    typedAt = Date.now();
    client.typing(open.id);
  }
});

function grow() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight + 2}px`;
}

// The log is one stop of the Tab key. Inside it the arrows go from message to message, and Tab into its buttons.
$("messages").addEventListener("keydown", (event) => {
  const item = event.target.closest(".message");
  if (!item || event.target !== item) {
    if (event.key === "Escape") item?.focus();
    return;
  }
  const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
  if (!step) return;
  event.preventDefault();
  let to = item[step];
  while (to && !to.classList.contains("message")) to = to[step];
  (to ?? (event.key === "ArrowDown" ? $("text") : item)).focus();
});

$("messages").addEventListener("focusin", (event) => rove(event.target.closest(".message")));

function rove(item) {
  for (const each of $("messages").querySelectorAll("[tabindex='0']")) each.tabIndex = -1;
  if (item) {
    item.tabIndex = 0;
    for (const button of item.querySelectorAll("button")) button.tabIndex = 0;
  }
}

$("back").addEventListener("click", () => {
  const was = open?.id;
  select(null);
  document.querySelector(`.conversation[data-id="${was}"]`)?.focus();
});
$("earlier").addEventListener("click", () => earlier());
$("stop-editing").addEventListener("click", () => stopEditing());
$("new").addEventListener("click", () => {
  $("creation").reset();
  $("creation-problem").textContent = "";
  $("dialog").showModal();
});
$("cancel").addEventListener("click", () => $("dialog").close());

async function earlier() {
  const fromEnd = $("scroller").scrollHeight - $("scroller").scrollTop;
  try {
    await loadHistory(open);
  } catch (error) {
    toast(error);
  }
  $("scroller").scrollTop = $("scroller").scrollHeight - fromEnd;
}

$("creation").addEventListener("submit", async (event) => {
  event.preventDefault();
  const memberIds = [...new Set($("members").value.split(/[\s,]+/).filter(Boolean))];
  const title = $("group-title").value.trim();
  const group = memberIds.length > 1 || title !== "";
  try {
    const { conversation: created } = await client.call("ChatService", "CreateConversation", {
      conversationId: group ? client.newId() : "",
      clientEventId: client.newId(),
      conversation: group
        ? { kind: "CONVERSATION_KIND_GROUP", title, memberIds, historyPolicy: "HISTORY_POLICY_ALL" }
        : { kind: "CONVERSATION_KIND_DIRECT", memberIds },
    });
    $("dialog").close();
    met(created);
    select(created.conversationId);
  } catch (error) {
    $("creation-problem").textContent = error.message;
  }
});

addEventListener("focus", () => {
  readIfSeen();
  showList();
});
document.addEventListener("visibilitychange", () => {
  tellActivity();
  readIfSeen();
  showList();
});

// ---------------------------------------------------------------- showing

let showing = false;

/** Once for all that changes in the same moment. */
function showAll() {
  if (showing) return;
  showing = true;
  queueMicrotask(() => {
    showing = false;
    showList();
    showHead();
    showMessages();
    showTyping();
  });
}

function showConnection(state, reason) {
  const ended = {
    DISPLACED: ["This conversation was opened in another place with the same device.", "Use it here"],
    TOKEN_REVOKED: ["Your token was revoked. Get a new one with ./parley token and open the page with it.", ""],
    TOKEN_EXPIRED: ["Your token has ended. Get a new one with ./parley token and open the page with it.", ""],
  }[reason] ?? [`The session has ended: ${reason}`, "Try again"];
  const [text, action] = state === "ended" ? ended
    : state === "offline" ? ["You are offline. What you write is sent when the connection is back.", ""] : ["", ""];
  // A connection that is back within a second is no news.
  clearTimeout(showConnection.timer);
  showConnection.timer = setTimeout(() => {
    if (state !== "connecting") {
      $("banner").classList.toggle("on", text !== "");
      $("banner-text").textContent = text;
      $("banner-action").textContent = action;
      $("banner-action").hidden = action === "";
    }
  }, state === "offline" ? 1000 : 0);
  $("connection-text").textContent = { live: "Online", connecting: "Connecting", offline: "Offline", ended: "Not connected" }[state];
  $("connection").firstElementChild.classList.toggle("live", state === "live");
}

$("banner-action").addEventListener("click", () => client.connect());

function previewOf(known) {
  if (known.typing.size) return "typing …";
  const last = known.lines().filter((line) => !line.note).at(-1);
  if (!last) return known.isGroup ? "New group" : "No messages yet";
  const author = last.senderId === me ? "You: " : known.isGroup ? `${nameOf(last.senderId)}: ` : "";
  return author + (last.deleted ? "Message deleted" : last.text);
}

function showList() {
  const list = $("conversations");
  const focused = document.activeElement?.closest?.(".conversation")?.dataset.id;
  const sorted = [...conversations.values()].sort((a, b) => b.lastTime.localeCompare(a.lastTime));
  list.replaceChildren(...sorted.map((known) => conversationItem({
    id: known.id,
    name: titleOf(known),
    seed: known.peer || known.id,
    state: known.peer ? stateOf(known.peer) : "",
    preview: previewOf(known),
    time: known.lastTime,
    unread: known.unread,
    selected: known === open,
    onOpen: () => select(known.id),
  })));
  if (focused) list.querySelector(`[data-id="${focused}"]`)?.focus();
  $("nothing").hidden = conversations.size > 0;
  const unread = sorted.reduce((sum, known) => sum + known.unread, 0);
  document.title = `${unread ? `(${unread}) ` : ""}${names.get(me) || me} – Parley`;
}

function showHead() {
  $("title").textContent = open ? titleOf(open) : "Parley";
  $("avatar").hidden = !open;
  setText($("presence"), open ? presenceText(open) : "");
  if (open) paintAvatar($("avatar"), titleOf(open), open.peer || open.id, open.peer ? stateOf(open.peer) : "");
  $("me").textContent = names.get(me) || me;
  paintAvatar($("my-avatar"), names.get(me) || me, me);
}

function showTyping() {
  const typing = open ? [...open.typing.keys()].map(nameOf) : [];
  setText($("typing"), typing.length === 0 ? "" : `${typing.join(" and ")} ${typing.length > 1 ? "are" : "is"} typing …`);
}

/** A screen reader says what changes: so nothing is set that is there already. */
function setText(to, text) {
  if (to.textContent !== text) to.textContent = text;
}

/** The lines of the open conversation. Those that are as before stay the same elements: focus and screen readers too. */
function showMessages() {
  if (!open) return;
  const atEnd = isAtEnd();
  $("earlier").hidden = !open.loaded || !open.more;
  const list = $("messages");
  const focusedKey = document.activeElement?.closest?.(".message")?.dataset.key;
  const old = new Map([...list.children].map((item) => [item.dataset.line, item]));
  const keys = new Set([...list.children].map((item) => item.dataset.key));
  const items = lineItems().map(({ line, make }) => {
    const item = old.get(line) ?? make();
    item.dataset.line = line;
    // What comes while one looks arrives gently; what is only shown anew stays calm.
    if (!old.has(line) && old.size > 0 && !keys.has(item.dataset.key)) item.classList.add("fresh");
    return item;
  });
  const keep = new Set(items);
  [...list.children].forEach((item) => keep.has(item) || item.remove());
  items.forEach((item, i) => list.children[i] !== item && list.insertBefore(item, list.children[i] ?? null));
  if (focusedKey && !list.contains(document.activeElement)) list.querySelector(`[data-key="${focusedKey}"]`)?.focus();
  if (!list.querySelector("[tabindex='0']")) rove([...list.querySelectorAll(".message")].at(-1));
  if (atEnd) toEnd();
}

function lineItems() {
  const items = [];
  let day = "";
  let before = null;
  const push = (line, make) => items.push({ line, make });
  for (const each of open.lines()) {
    if (dayOf(each.time) !== day) {
      day = dayOf(each.time);
      before = null;
      const text = day;
      push(`day ${text}`, () => dayItem(text));
    }
    if (newFrom > 0 && each.seq >= newFrom && !each.note && each.senderId !== me && !items.some((item) => item.line === "new")) {
      push("new", newItem);
      before = null;
    }
    if (each.note) {
      const text = `${nameOf(each.who)} ${each.text}${each.whom ? ` ${each.whom.map(nameOf).join(", ")}` : ""}`;
      push(`note ${each.seq} ${text}`, () => noteItem(each.seq, text));
      before = null;
    } else {
      const own = each.senderId === me;
      const grouped = before === each.senderId;
      const shown = {
        ...each, key: String(each.seq), own, grouped,
        author: open.isGroup && !own && !grouped ? nameOf(each.senderId) : "",
        status: own ? (open.seen(each.seq, me) ? "seen" : "sent") : "",
        reactions: each.reactions.map((reaction) => ({
          symbol: reaction.symbol, users: reaction.users.map(nameOf), mine: reaction.users.includes(me),
        })),
      };
      push(JSON.stringify(shown), () => messageItem(shown, handlers));
      before = each.senderId;
    }
  }
  for (const command of [...(failed.get(open.id) ?? []), ...client.outbox.commands]) {
    if (command.conversationId !== open.id || !command.action.message) continue;
    const shown = {
      key: command.clientEventId, own: true, grouped: before === me, text: command.action.message.text,
      time: new Date(command.writtenAt).toISOString(), reactions: [],
      status: command.error ? "failed" : "waiting", failed: Boolean(command.error),
    };
    push(JSON.stringify(shown), () => messageItem(shown));
    before = me;
  }
  return items;
}

const isAtEnd = () => $("scroller").scrollHeight - $("scroller").scrollTop - $("scroller").clientHeight < 60;

function toEnd() {
  queueMicrotask(() => ($("scroller").scrollTop = $("scroller").scrollHeight));
}

// When the window or the keyboard of a phone takes room away, the end stays in sight.
let wasAtEnd = true;
$("scroller").addEventListener("scroll", () => (wasAtEnd = isAtEnd()));
new ResizeObserver(() => wasAtEnd && toEnd()).observe($("scroller"));

function toast(error) {
  $("toast").textContent = error.message;
  $("toast").hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => ($("toast").hidden = true), 5_000);
}

// ---------------------------------------------------------------- begin

learnNames([me]);
showAll();
client.connect();
