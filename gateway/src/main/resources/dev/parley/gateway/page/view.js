// How things look: elements made of what the model says. Nothing here knows of sockets, and no text becomes markup.

export const REACTIONS = ["👍", "❤️", "😂", "🎉"];

/** An element with properties (class, text, on..., and attributes) and children. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === false || value === null) continue;
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter(Boolean));
  return made;
}

/** Puts the initial of a name, in the colour of the name, into an avatar. */
export function paintAvatar(avatar, name, seed, state) {
  let hue = 0;
  for (const c of seed) hue = (hue * 31 + c.codePointAt(0)) % 6;
  avatar.className = `avatar hue-${hue}`;
  avatar.textContent = [...name.trim()][0]?.toUpperCase() ?? "?";
  avatar.dataset.state = state ?? "";
  return avatar;
}

export function timeOf(text) {
  return new Date(text).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function dayOf(text) {
  const day = new Date(text);
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (day.toDateString() === today.toDateString()) return "Today";
  if (day.toDateString() === yesterday.toDateString()) return "Yesterday";
  return day.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}

/** A line of the list of conversations. */
export function conversationItem({ id, name, seed, state, preview, time, unread, selected, onOpen }) {
  const count = unread > 99 ? "99+" : String(unread);
  return element("li", {},
    element("button", { class: "conversation", "data-id": id, "aria-current": selected ? "true" : undefined, onclick: onOpen },
      paintAvatar(element("span", { "aria-hidden": "true" }), name, seed, state),
      element("span", { class: "lines" },
        element("span", { class: "line" },
          element("span", { class: "name", text: name }),
          time && element("time", { class: "quiet", datetime: time, text: timeOf(time) })),
        element("span", { class: "line" },
          element("span", { class: "preview quiet", text: preview }),
          unread > 0 && element("span", { class: "badge", "aria-label": `${unread} unread`, text: count })))));
}

export function dayItem(day) {
  return element("li", { class: "day", text: day });
}

export function newItem() {
  return element("li", { class: "day new", text: "New" });
}

export function noteItem(seq, text) {
  return element("li", { class: "note quiet", "data-seq": seq, text });
}

/**
 * A message. Only the one that has the focus has its buttons in the order of the keyboard; the arrows go from one message
 * to the next.
 */
export function messageItem(message, handlers) {
  const { key, own, author, text, time, edited, deleted, status, reactions, grouped, failed } = message;
  const said = deleted ? "Message deleted" : text;
  const kind = [own ? "own" : "other", grouped && "grouped", deleted && "deleted", status === "waiting" && "waiting", failed && "failed"];
  return element("li", {
    class: `message ${kind.filter(Boolean).join(" ")}`, "data-key": key, tabindex: "-1",
  },
    author && element("p", { class: "author", text: author }),
    element("div", { class: "row" },
      element("div", { class: "bubble" },
        element("p", { class: "text", text: said }),
        element("p", { class: "meta" },
          edited && !deleted && element("span", { text: "edited" }),
          time && element("time", { datetime: time, text: timeOf(time) }),
          own && !deleted && element("span", { class: "status", text: STATUS[status] ?? status }))),
      handlers && !deleted && status !== "waiting" && tools(message, handlers)),
    reactions.length > 0 && element("ul", { class: "reactions", "aria-label": "Reactions" },
      ...reactions.map((each) => element("li", {},
        element("button", {
          "aria-pressed": String(each.mine), tabindex: "-1", title: each.users.join(", "),
          "aria-label": `${each.symbol} ${each.users.length}, from ${each.users.join(", ")}`,
          text: `${each.symbol} ${each.users.length}`,
          onclick: () => handlers?.react(message, each.symbol, each.mine),
        })))));
}

const STATUS = { waiting: "Waiting", sent: "Sent", seen: "Seen", failed: "Not sent" };

function tools(message, { react, edit, remove }) {
  const button = (label, content, onclick) =>
    element("button", { class: "tool", tabindex: "-1", "aria-label": label, title: label, onclick }, content);
  return element("div", { class: "tools", role: "group", "aria-label": "What to do with this message" },
    ...REACTIONS.slice(0, 3).map((symbol) => {
      const mine = message.reactions.some((each) => each.symbol === symbol && each.mine);
      return button(`React with ${symbol}`, symbol, () => react(message, symbol, mine));
    }),
    message.own && button("Edit", icon("M4 16h3l8-8-3-3-8 8zM11 6l3 3"), () => edit(message)),
    message.own && button("Delete", icon("M5 6h10M8 6V4h4v2M6.5 6l.6 10h5.8l.6-10"), () => remove(message)));
}

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
