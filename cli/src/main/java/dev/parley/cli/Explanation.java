package dev.parley.cli;

import com.google.protobuf.Timestamp;
import dev.parley.v1.Event;
import dev.parley.v1.ExplainEventResponse;
import dev.parley.v1.PushAttempt;
import dev.parley.v1.Recipient;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What became of an event, in short lines for whoever answers "I never got that message".
 *
 * @param of the one user who was asked about; empty: all
 */
record Explanation(String conversation, String of, ExplainEventResponse answer) {
  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("HH:mm:ss.S", Locale.ROOT).withZone(ZoneOffset.UTC);

  /** The lines, without the end of the last one. */
  String text() {
    List<String> lines = new ArrayList<>();
    lines.add(stored());
    int name = width(answer.getRecipientsList().stream().map(one -> EventText.printable(one.getUserId())).toList());
    int devices = width(answer.getRecipientsList().stream().map(Explanation::devices).toList());
    for (Recipient recipient : answer.getRecipientsList()) {
      lines.add(
          String.join(
                  "  ",
                  padded(EventText.printable(recipient.getUserId()), name),
                  recipient.getMember() ? "member" : "former",
                  recipient.getRead() ? "read    " : "not read",
                  padded(devices(recipient), devices),
                  pushes(recipient))
              .stripTrailing());
    }
    if (!of.isEmpty() && answer.getRecipientsCount() == 0) {
      lines.add(EventText.printable(of) + " may not read it");
    }
    if (answer.getMoreRecipients()) {
      lines.add("There are more who may read it: ask for one with --of USER");
    }
    if (answer.getRoutersAnswered() < answer.getRoutersAsked()) {
      lines.add(
          answer.getRoutersAnswered() + " of " + answer.getRoutersAsked()
              + " routers answered: more devices may have it");
    }
    if (answer.getMorePushes()) {
      lines.add("The dispatchers' log was not read to its end: pushes may be missing");
    }
    return String.join(System.lineSeparator(), lines);
  }

  private String stored() {
    Event event = answer.getEvent();
    String kind = event.getDeleted() ? "deleted message" : answer.getKind().replace('_', ' ');
    return "conversation " + conversation + " event " + event.getSeq() + " (" + kind + ") of "
        + EventText.printable(event.getSenderId()) + ", stored " + instant(event.getTime()) + " at position "
        + answer.getPosition() + " of shard " + answer.getShard()
        + (answer.getRouter().isEmpty() ? "" : " by " + answer.getRouter())
        + " (term " + answer.getTerm().getNumber() + "); the newest event is " + answer.getHeadSeq();
  }

  private static String devices(Recipient recipient) {
    return recipient.getDevicesCount() == 0
        ? "no device is known to have it"
        : recipient.getDevicesList().stream()
            .map(
                device ->
                    EventText.printable(device.getDeviceId()) + " has it (up to " + device.getAcknowledgedSeq() + ")")
            .collect(Collectors.joining(", "));
  }

  private String pushes(Recipient recipient) {
    return recipient.getPushesList().stream().map(this::push).collect(Collectors.joining(", "));
  }

  private String push(PushAttempt push) {
    String to = "push to " + EventText.printable(push.getDeviceId()) + " (" + push.getProvider() + "): ";
    String why = push.getReason().isEmpty() ? "" : " (" + EventText.printable(push.getReason()) + ")";
    return switch (push.getResult()) {
          case PUSH_ATTEMPT_RESULT_ACCEPTED -> to + "accepted ";
          case PUSH_ATTEMPT_RESULT_GONE -> to + "the device is gone" + why + " ";
          case PUSH_ATTEMPT_RESULT_DEAD -> to + "a dead letter after " + push.getAttempts() + " tries" + why + " ";
          case PUSH_ATTEMPT_RESULT_REDRIVEN -> to + "tried again ";
          case PUSH_ATTEMPT_RESULT_NOT_NEEDED -> to + "not needed any more ";
          case PUSH_ATTEMPT_RESULT_WITHDRAWN -> "withdrawn ";
          case PUSH_ATTEMPT_RESULT_UNSPECIFIED, UNRECOGNIZED -> to + "something that this program does not know ";
        }
        + moment(push.getTime());
  }

  /** The time of the day alone, if it is the event's day. */
  private String moment(Timestamp time) {
    Instant instant = instant(time);
    return day(instant).equals(day(instant(answer.getEvent().getTime())))
        ? CLOCK.format(instant)
        : instant.toString();
  }

  private static LocalDate day(Instant instant) {
    return LocalDate.ofInstant(instant, ZoneOffset.UTC);
  }

  private static Instant instant(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }

  private static int width(List<String> texts) {
    return texts.stream().mapToInt(String::length).max().orElse(0);
  }

  private static String padded(String text, int width) {
    return text + " ".repeat(width - text.length());
  }
}
