package dev.parley.cli;

import dev.parley.sdk.ParleyClient;
import dev.parley.v1.Event;
import dev.parley.v1.ListEventsRequest;
import java.util.List;

/** What was said before a chat is opened. */
final class ChatHistory {
  private static final int EVENTS = 20;

  private ChatHistory() {}

  /** The newest {@value #EVENTS} events, oldest first. */
  static List<Event> newest(ParleyClient client, String conversationId) {
    ListEventsRequest request = ListEventsRequest.newBuilder()
        .setConversationId(conversationId).setBeforeSeq(0).setPageSize(EVENTS).build();
    return client.blocking().listEvents(request).getPagesList().stream()
        .flatMap(page -> page.getEventsList().stream())
        .toList()
        .reversed();
  }
}
