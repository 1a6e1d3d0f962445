// What is known of one conversation. Events may be taken in in any order, newer ones first when history is read
// backwards: an edit, a deletion or a reaction points at its message by seq and waits here until that one is there.

export class Conversation {
  constructor(id) {
    this.id = id;
    this.kind = "";
    this.title = "";
    this.peer = "";
    this.head = 0;
    this.unread = 0;
    this.lastTime = "";
    this.members = new Set();
    /** Up to where each user has read. */
    this.marks = new Map();
    this.typing = new Map();
    this.forget();
  }

  /** Drops what is shown of it: it is loaded anew. */
  forget() {
    this.messages = new Map();
    this.notes = new Map();
    this.edits = new Map();
    this.reactions = new Map();
    this.deleted = new Set();
    this.oldest = Infinity;
    this.newest = 0;
    this.more = true;
    this.loaded = false;
  }

  /** From ListConversations or GetConversation. */
  describe({ kind, title, peerUserId, head, unreadCount, lastEventTime, createTime }) {
    this.kind = kind ?? "";
    this.title = title ?? "";
    this.peer = peerUserId ?? "";
    this.head = Math.max(this.head, Number(head?.seq ?? 0));
    this.unread = Number(unreadCount ?? 0);
    this.lastTime = lastEventTime ?? createTime ?? this.lastTime;
  }

  get isGroup() {
    return this.kind === "CONVERSATION_KIND_GROUP";
  }

  /** Takes an event in. Again is no harm. */
  take(event) {
    const seq = Number(event.seq);
    this.oldest = Math.min(this.oldest, seq);
    if (seq > this.newest) {
      this.newest = seq;
      this.lastTime = event.time ?? this.lastTime;
    }
    if (event.message || event.deleted) {
      // An event without its body may have been an edit. A message of its own is shown where it was.
      this.messages.set(seq, { seq, senderId: event.senderId, time: event.time, text: event.message?.text ?? "" });
      if (event.deleted) this.deleted.add(seq);
    } else if (event.edit) {
      const target = Number(event.edit.targetSeq);
      if (seq > (this.edits.get(target)?.seq ?? 0)) this.edits.set(target, { seq, text: event.edit.message?.text ?? "" });
    } else if (event.deletion) {
      this.deleted.add(Number(event.deletion.targetSeq));
    } else if (event.reaction) {
      this.#react(seq, event.senderId, event.reaction);
    } else {
      this.#note(seq, event);
    }
  }

  #react(seq, user, { targetSeq, symbol, removed = false }) {
    const target = Number(targetSeq);
    const all = this.reactions.get(target) ?? new Map();
    this.reactions.set(target, all);
    const key = `${user} ${symbol}`;
    if (seq > (all.get(key)?.seq ?? 0)) all.set(key, { seq, user, symbol, removed });
  }

  #note(seq, event) {
    const who = event.senderId;
    let note = null;
    if (event.created) {
      this.title ||= event.created.title ?? "";
      note = { who, text: this.isGroup || event.created.title ? "created the group" : "began the conversation" };
      [who, ...(event.created.memberIds ?? [])].forEach((each) => this.members.add(each));
    } else if (event.membersAdded) {
      event.membersAdded.userIds?.forEach((each) => this.members.add(each));
      note = { who, text: "added", whom: event.membersAdded.userIds };
    } else if (event.memberRemoved) {
      this.members.delete(event.memberRemoved.userId);
      note = { who, text: "removed", whom: [event.memberRemoved.userId] };
    } else if (event.memberJoined) {
      this.members.add(who);
      note = { who, text: "joined" };
    } else if (event.memberLeft) {
      this.members.delete(who);
      note = { who, text: "left" };
    } else if (event.renamed) {
      this.title = event.renamed.title ?? "";
      note = { who, text: `named the group ${this.title}` };
    }
    if (note) this.notes.set(seq, { seq, time: event.time, ...note });
  }

  /** What to show, in order: messages with what became of them, and notes between them. */
  lines() {
    const shown = [...this.notes.values()].map((note) => ({ ...note, note: true }));
    for (const message of this.messages.values()) {
      shown.push({
        ...message,
        text: this.edits.get(message.seq)?.text ?? message.text,
        edited: this.edits.has(message.seq),
        deleted: this.deleted.has(message.seq),
        reactions: this.reactionsTo(message.seq),
      });
    }
    return shown.sort((a, b) => a.seq - b.seq);
  }

  /** Each symbol with those who have it there now. */
  reactionsTo(seq) {
    const symbols = new Map();
    for (const { user, symbol, removed } of this.reactions.get(seq)?.values() ?? []) {
      if (!removed) symbols.set(symbol, [...(symbols.get(symbol) ?? []), user]);
    }
    return [...symbols].map(([symbol, users]) => ({ symbol, users }));
  }

  /** Whether one of the others has read up to here. */
  seen(seq, me) {
    return [...this.marks].some(([user, read]) => user !== me && read >= seq);
  }
}
