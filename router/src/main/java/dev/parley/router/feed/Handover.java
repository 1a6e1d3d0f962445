package dev.parley.router.feed;

import com.google.protobuf.ByteString;
import dev.parley.conversation.ConversationState;
import java.util.List;

/**
 * What the next owner of a shard need not read. It rests on nothing: the next owner looks whether the log holds this
 * record there, and reads what lies behind it.
 *
 * @param position the last one of the log
 * @param recordId which record lies there
 * @param conversations as they are at this position: those used last, as far as they fit
 */
public record Handover(long position, ByteString recordId, List<ConversationState> conversations) {
  public Handover {
    conversations = List.copyOf(conversations);
  }

  /** Without the conversations, for when they are too much for the link. */
  public Handover bare() {
    return new Handover(position, recordId, List.of());
  }
}
