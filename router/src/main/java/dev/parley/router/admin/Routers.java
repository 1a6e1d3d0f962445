package dev.parley.router.admin;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import dev.parley.conversation.log.Inquiries;
import dev.parley.internal.v1.RouterQuestion;
import dev.parley.router.view.View;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks all routers of the registry, this one included. Thread-safe. */
public final class Routers {
  private static final Logger LOG = LoggerFactory.getLogger(Routers.class);

  private final Inquiries inquiries;
  private final Supplier<View> view;

  /** {@code view}: which routers there are now. */
  public Routers(Inquiries inquiries, Supplier<View> view) {
    this.inquiries = inquiries;
    this.view = view;
  }

  /** The names of those that are there, in order. */
  List<String> names() {
    return view.get().members().stream().map(member -> member.id().name()).toList();
  }

  /** What so many of them answer within the limit; those that are late are left out. */
  <A> CompletableFuture<List<A>> ask(RouterQuestion question, int answers, Duration limit, Parser<A> parser) {
    return inquiries
        .ask(question.toByteArray(), answers, limit)
        .thenApply(
            all -> {
              List<A> parsed = new ArrayList<>(all.size());
              for (byte[] answer : all) {
                try {
                  parsed.add(parser.parseFrom(answer));
                } catch (InvalidProtocolBufferException e) {
                  LOG.error("a router's answer is not readable", e);
                }
              }
              return parsed;
            });
  }
}
