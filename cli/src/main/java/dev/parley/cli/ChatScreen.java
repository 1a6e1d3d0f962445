package dev.parley.cli;

import dev.parley.sdk.ParleyException;
import dev.parley.sdk.ParleySession;
import dev.parley.sdk.SessionListener;
import dev.parley.sdk.SessionState;
import dev.parley.v1.Cursor;
import dev.parley.v1.Event;
import dev.parley.v1.Presence;
import dev.parley.v1.PresenceState;
import dev.parley.v1.Receipt;
import dev.parley.v1.Reset;
import dev.parley.v1.ResetReason;
import dev.parley.v1.Typing;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a chat shows: history first, then what happens, each event once. Marks as read what it has shown.
 *
 * <p>Thread-safe: the session's loop and the reader of the keyboard both use it.
 */
final class ChatScreen implements SessionListener {
  private final PrintWriter out;
  /** Events that came before the history was shown. */
  private final List<Early> early = new ArrayList<>();
  private @Nullable ParleySession session;
  private String conversation = "";
  private long shown;
  private @Nullable Presence shownPresence;
  private long ownMessage;
  private long othersMessage;

  private record Early(String conversationId, Event event) {}

  ChatScreen(PrintWriter out) {
    this.out = out;
  }

  /** Shows the history and from then on what happens. */
  synchronized void open(ParleySession inSession, String conversationId, List<Event> history) {
    session = inSession;
    conversation = conversationId;
    history.forEach(this::show);
    early.stream().filter(each -> each.conversationId().equals(conversationId)).forEach(each -> show(each.event()));
    early.clear();
  }

  /** The newest message of this user; 0: none was shown. */
  synchronized long ownMessage() {
    return ownMessage;
  }

  /** The newest message of the other user; 0: none was shown. */
  synchronized long othersMessage() {
    return othersMessage;
  }

  /** A line about the chat itself. */
  synchronized void note(String text) {
    out.println("* " + EventText.printable(text));
    out.flush();
  }

  @Override
  public synchronized void onEvent(String conversationId, Event event, Cursor cursor) {
    if (session == null) {
      early.add(new Early(conversationId, event));
    } else if (conversationId.equals(conversation)) {
      show(event);
    }
  }

  @Override
  public void onTyping(Typing typing) {
    if (isHere(typing.getConversationId())) {
      note(typing.getUserId() + " is typing ...");
    }
  }

  /** Only what differs is shown, and nothing while it cannot be told. */
  @Override
  public synchronized void onPresence(Presence presence) {
    if (presence.getState() != PresenceState.PRESENCE_STATE_UNKNOWN && !presence.equals(shownPresence)) {
      shownPresence = presence;
      note(EventText.presence(presence));
    }
  }

  @Override
  public void onReceipt(Receipt receipt) {
    if (isHere(receipt.getConversationId())) {
      note(receipt.getUserId() + " has read up to " + receipt.getReadSeq());
    }
  }

  @Override
  public synchronized void onReset(Reset reset) {
    if (isHere(reset.getConversationId())) {
      shown = reset.getNext().getSeq();
      note(
          reset.getReason() == ResetReason.RESET_REASON_TRIMMED
              ? "What lies between here and " + (shown + 1) + " is not kept any more."
              : "The conversation goes on after " + shown + ": " + reset.getReason());
    }
  }

  @Override
  public void onError(ParleyException error) {
    note(String.valueOf(error.getMessage()));
  }

  @Override
  public void onState(SessionState state, @Nullable ParleyException cause) {
    if (state == SessionState.DISCONNECTED) {
      note("connection lost, trying again");
    } else if (state == SessionState.CLOSED && cause != null) {
      note("the session has ended: " + cause.getMessage());
    }
  }

  private synchronized boolean isHere(String conversationId) {
    return conversationId.equals(conversation);
  }

  private void show(Event event) {
    if (session == null || event.getSeq() <= shown) {
      return;
    }
    shown = event.getSeq();
    out.println(EventText.line(event));
    out.flush();
    boolean own = event.getSenderId().equals(session.userId());
    if (event.hasMessage()) {
      ownMessage = own ? shown : ownMessage;
      othersMessage = own ? othersMessage : shown;
    }
    if (!own) {
      session.markRead(conversation, shown);
    }
  }
}
