package dev.parley.presence.store;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.internal.v1.LastKnown;
import dev.parley.internal.v1.NodeEntry;
import dev.parley.internal.v1.VersionedSettings;
import dev.parley.v1.PresenceSettings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How things are written in Redis: its keys, and what stands in them. Decision 0012 has the table. */
final class RedisForm {
  /** The table of leases. */
  static final String LEASES = "{nodes}:lease";

  /** The field of the table of leases that has its version: no router can be named so. */
  static final String VERSION = "#version";

  private static final byte BAR = '|';

  private RedisForm() {}

  static String said(TermId term, int partition) {
    return "{p" + partition + "}:n:" + term.node() + ":" + term.generation();
  }

  static String remembered(SubjectKey user) {
    return "{p" + user.partition() + "}:l:" + user.id();
  }

  static String changes(int partition) {
    return "{p" + partition + "}:changes";
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] bytes(long number) {
    return bytes(Long.toString(number));
  }

  static byte[] subject(SubjectKey subject) {
    return bytes((subject.kind() == SubjectKey.Kind.USER ? "u" : "r") + subject.id());
  }

  private static SubjectKey subject(byte[] text) {
    String id = new String(text, 1, text.length - 1, StandardCharsets.UTF_8);
    return text[0] == 'u' ? SubjectKey.user(id) : SubjectKey.room(id);
  }

  static byte[] versioned(Versioned said) {
    return joined(said.version() + "|", said.value().toByteArray());
  }

  static Versioned versioned(byte[] text) {
    int bar = bar(text, 0);
    try {
      return new Versioned(number(text, 0, bar), NodeEntry.parseFrom(after(text, bar)));
    } catch (InvalidProtocolBufferException e) {
      throw new PresenceStoreException("a value in Redis cannot be read", e);
    }
  }

  static byte[] lastKnown(LastKnown memory) {
    VersionedSettings settings = memory.getSettings();
    return joined(
        memory.getSeenMs() + "|" + Long.toUnsignedString(settings.getRevision()) + "|",
        settings.getSettings().toByteArray());
  }

  static @Nullable LastKnown lastKnown(byte[] text) {
    if (text.length == 0) {
      return null;
    }
    int first = bar(text, 0);
    int second = bar(text, first + 1);
    try {
      return LastKnown.newBuilder()
          .setSeenMs(number(text, 0, first))
          .setSettings(
              VersionedSettings.newBuilder()
                  .setRevision(number(text, first + 1, second))
                  .setSettings(PresenceSettings.parseFrom(after(text, second))))
          .build();
    } catch (InvalidProtocolBufferException e) {
      throw new PresenceStoreException("a value in Redis cannot be read", e);
    }
  }

  /** A message of a channel of changes, as apply.lua writes it. */
  static void readChanges(byte[] message, PresenceStore.Listener listener) {
    ByteBuffer rest = ByteBuffer.wrap(message);
    String node = new String(next(rest), StandardCharsets.UTF_8);
    long generation = Long.parseLong(new String(next(rest), StandardCharsets.US_ASCII));
    List<Change> changes = new ArrayList<>();
    while (rest.hasRemaining()) {
      SubjectKey subject = subject(next(rest));
      if (listener.wants(subject)) {
        changes.add(new Change(subject, versioned(next(rest)), lastKnown(next(rest))));
      } else {
        skip(rest);
        skip(rest);
      }
    }
    listener.changed(new TermId(node, generation), changes);
  }

  private static void skip(ByteBuffer rest) {
    int length = rest.getInt();
    rest.position(rest.position() + length);
  }

  private static byte[] next(ByteBuffer rest) {
    byte[] field = new byte[rest.getInt()];
    rest.get(field);
    return field;
  }

  private static byte[] joined(String head, byte[] body) {
    byte[] start = bytes(head);
    byte[] text = new byte[start.length + body.length];
    System.arraycopy(start, 0, text, 0, start.length);
    System.arraycopy(body, 0, text, start.length, body.length);
    return text;
  }

  private static int bar(byte[] text, int from) {
    int bar = from;
    while (bar < text.length && text[bar] != BAR) {
      bar++;
    }
    if (bar == text.length) {
      throw new PresenceStoreException("a value in Redis cannot be read");
    }
    return bar;
  }

  private static long number(byte[] text, int from, int to) {
    return Long.parseUnsignedLong(new String(text, from, to - from, StandardCharsets.US_ASCII));
  }

  private static ByteString after(byte[] text, int bar) {
    return ByteString.copyFrom(text, bar + 1, text.length - bar - 1);
  }
}
