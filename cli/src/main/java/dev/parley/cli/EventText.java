package dev.parley.cli;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.v1.Event;
import dev.parley.v1.Presence;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Events as lines for a terminal and as JSON. */
final class EventText {
  private EventText() {}

  /** What happened, without who and where. Control characters, which could steer the terminal, are replaced. */
  static String what(Event event) {
    return printable(switch (event.getBodyCase()) {
      case MESSAGE -> event.getMessage().getText();
      case EDIT -> "(edits " + event.getEdit().getTargetSeq() + ") " + event.getEdit().getMessage().getText();
      case DELETION -> "(deletes " + event.getDeletion().getTargetSeq() + ")";
      case REACTION -> "(" + (event.getReaction().getRemoved() ? "takes back " : "reacts with ")
          + event.getReaction().getSymbol() + " to " + event.getReaction().getTargetSeq() + ")";
      case CREATED -> "(creates the conversation)";
      case MEMBERS_ADDED -> "(adds " + String.join(", ", event.getMembersAdded().getUserIdsList()) + ")";
      case MEMBER_REMOVED -> "(removes " + event.getMemberRemoved().getUserId() + ")";
      case MEMBER_JOINED -> "(joins)";
      case MEMBER_LEFT -> "(leaves)";
      case ROLE_CHANGED -> "(makes " + event.getRoleChanged().getUserId() + " "
          + event.getRoleChanged().getRole().name().substring("ROLE_".length()).toLowerCase(Locale.ROOT) + ")";
      case RENAMED -> "(renames it to " + event.getRenamed().getTitle() + ")";
      case BODY_NOT_SET -> event.getDeleted() ? "(deleted)" : "(something newer than this program)";
    });
  }

  /** One line: number, sender, what happened. */
  static String line(Event event) {
    return event.getSeq() + " " + printable(event.getSenderId()) + ": " + what(event);
  }

  /** How somebody is, in a few words. */
  static String presence(Presence presence) {
    String state = switch (presence.getState()) {
      case PRESENCE_STATE_ONLINE -> "online";
      case PRESENCE_STATE_AWAY -> "away";
      case PRESENCE_STATE_OFFLINE -> "offline";
      default -> "not known to be there or not";
    };
    String seen = presence.hasLastSeenTime()
        ? ", last seen " + Instant.ofEpochSecond(presence.getLastSeenTime().getSeconds())
        : "";
    String text = presence.getStatusText().isEmpty() ? "" : " (" + presence.getStatusText() + ")";
    return presence.getUserId() + " is " + state + seen + text;
  }

  /** One JSON object in one line. */
  static String json(String conversationId, Event event) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("conversation_id", conversationId);
    json.put("seq", event.getSeq());
    json.put("sender_id", event.getSenderId());
    json.put("client_event_id", event.getClientEventId());
    json.put("time", Instant.ofEpochSecond(event.getTime().getSeconds(), event.getTime().getNanos()).toString());
    json.put("kind", event.getBodyCase().name().toLowerCase(Locale.ROOT));
    switch (event.getBodyCase()) {
      case MESSAGE -> json.put("text", event.getMessage().getText());
      case EDIT -> {
        json.put("target_seq", event.getEdit().getTargetSeq());
        json.put("text", event.getEdit().getMessage().getText());
      }
      case DELETION -> json.put("target_seq", event.getDeletion().getTargetSeq());
      case REACTION -> {
        json.put("target_seq", event.getReaction().getTargetSeq());
        json.put("symbol", event.getReaction().getSymbol());
        json.put("removed", event.getReaction().getRemoved());
      }
      case MEMBERS_ADDED -> json.put("user_ids", event.getMembersAdded().getUserIdsList());
      case MEMBER_REMOVED -> json.put("user_id", event.getMemberRemoved().getUserId());
      case ROLE_CHANGED -> {
        json.put("user_id", event.getRoleChanged().getUserId());
        json.put("role", event.getRoleChanged().getRole().name());
      }
      case RENAMED -> json.put("title", event.getRenamed().getTitle());
      case CREATED -> json.put("title", event.getCreated().getTitle());
      case MEMBER_JOINED, MEMBER_LEFT, BODY_NOT_SET -> json.put("deleted", event.getDeleted());
    }
    return JSONObjectUtils.toJSONString(json);
  }

  /** Others' text without what a terminal would obey. */
  static String printable(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    text.codePoints().forEach(point -> {
      if (point == '\n') {
        safe.append(" / ");
      } else {
        safe.appendCodePoint(steers(point) ? 0xfffd : point);
      }
    });
    return safe.toString();
  }

  /** Controls, and format characters that turn the writing direction; not the joiner that emoji are made with. */
  private static boolean steers(int point) {
    return Character.isISOControl(point) || (Character.getType(point) == Character.FORMAT && point != 0x200d);
  }
}
