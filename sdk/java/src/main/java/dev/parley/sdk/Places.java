package dev.parley.sdk;

import dev.parley.v1.ClientFrame;
import dev.parley.v1.ConversationCursor;
import dev.parley.v1.Cursor;
import dev.parley.v1.Cursors;
import dev.parley.v1.Following;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where the device stands in all its conversations. Not thread-safe. */
final class Places {
  /** The contract's limit for one Cursors frame. */
  static final int CURSORS_PER_FRAME = 1_000;

  private final Map<String, Place> places = new HashMap<>();
  private final CursorStore store;

  Places(CursorStore store) {
    this.store = store;
    store.load().forEach((id, cursor) -> places.put(id, new Place(id, cursor.getSeq(), cursor)));
  }

  @Nullable Place get(String conversationId) {
    return places.get(conversationId);
  }

  /** The place in a conversation that is followed; one that is new begins where the server says. */
  Place enter(Following following) {
    Place known = places.get(following.getConversationId());
    if (known != null) {
      return known;
    }
    boolean atHead = following.getAfterSeq() == following.getHead().getSeq();
    // Between head and start lies an event whose place nobody has told: from 0 the server sends it again, and what was
    // before it is passed over.
    Place fresh = enter(following.getConversationId(), following.getAfterSeq(),
        atHead ? following.getHead() : Cursor.getDefaultInstance());
    store.save(fresh.conversationId, fresh.cursor());
    return fresh;
  }

  /** The place in a conversation of which only an event's seq is known. */
  Place enter(String conversationId, long last, Cursor cursor) {
    return places.computeIfAbsent(conversationId, id -> new Place(id, last, cursor));
  }

  /** The device goes on from this cursor. */
  void move(Place place, Cursor there) {
    place.moveTo(there);
    store.save(place.conversationId, there);
  }

  /** All cursors, in as many frames as the limit asks for; the last one is marked complete. */
  List<ClientFrame> cursorFrames() {
    List<ClientFrame> frames = new ArrayList<>();
    Cursors.Builder page = Cursors.newBuilder();
    for (Place place : places.values()) {
      if (page.getCursorsCount() == CURSORS_PER_FRAME) {
        frames.add(ClientFrame.newBuilder().setCursors(page).build());
        page = Cursors.newBuilder();
      }
      page.addCursors(
          ConversationCursor.newBuilder().setConversationId(place.conversationId).setCursor(place.cursor()));
    }
    frames.add(ClientFrame.newBuilder().setCursors(page.setComplete(true)).build());
    return frames;
  }

  void flush() {
    store.flush();
  }
}
