package dev.parley.cli;

import dev.parley.sdk.ParleyException;
import dev.parley.sdk.ParleySession;
import dev.parley.v1.Stored;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/** What a chat's lines mean: messages, and commands that begin with a slash. Used by one thread. */
final class ChatLines {
  private final ParleySession session;
  private final String conversation;
  private final ChatScreen screen;
  private final Queue<CompletableFuture<Void>> open = new ArrayDeque<>();

  /** A command's first word with a number behind it, and the rest. */
  private record Target(long seq, String rest) {}

  ChatLines(ParleySession session, String conversation, ChatScreen screen) {
    this.session = session;
    this.conversation = conversation;
    this.screen = screen;
  }

  /** Does what the line says. Returns false when it says to quit. */
  boolean type(String line) {
    String text = line.strip();
    int space = text.indexOf(' ');
    String word = space < 0 ? text : text.substring(0, space);
    String rest = space < 0 ? "" : text.substring(space + 1).strip();
    switch (word) {
      case "" -> { }
      case "/quit" -> {
        return false;
      }
      case "/typing" -> session.typing(conversation);
      case "/away" -> session.activity(true, "");
      case "/back" -> session.activity(false, conversation);
      case "/edit" -> {
        Target target = target(rest, awaitOwnMessage());
        track(session.edit(conversation, target.seq(), target.rest()));
      }
      case "/delete" -> track(session.delete(conversation, target(rest, awaitOwnMessage()).seq()));
      case "/react" -> {
        Target target = target(rest, screen.othersMessage());
        track(session.react(conversation, target.seq(), target.rest(), false));
      }
      default -> {
        if (word.startsWith("/")) {
          screen.note("There is no " + word + ": /edit, /delete, /react, /typing, /away, /back and /quit are known");
        } else {
          track(session.sendText(conversation, line));
        }
      }
    }
    return true;
  }

  /** Waits until each line has been answered. */
  void awaitAnswers() {
    for (CompletableFuture<Void> answer = open.poll(); answer != null; answer = open.poll()) {
      answer.join();
    }
  }

  /** A message that was typed just before counts too, so its answer comes first. */
  private long awaitOwnMessage() {
    awaitAnswers();
    return screen.ownMessage();
  }

  private static Target target(String rest, long otherwise) {
    int space = rest.indexOf(' ');
    String first = space < 0 ? rest : rest.substring(0, space);
    if (first.isEmpty() || first.length() > 18 || !first.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return new Target(otherwise, rest);
    }
    return new Target(Long.parseLong(first), space < 0 ? "" : rest.substring(space + 1).strip());
  }

  private void track(CompletableFuture<Stored> answer) {
    while (!open.isEmpty() && open.element().isDone()) {
      open.remove();
    }
    open.add(answer.handle((stored, failure) -> {
      if (failure != null) {
        screen.note(String.valueOf(ParleyException.of(failure).getMessage()));
      }
      return null;
    }));
  }
}
