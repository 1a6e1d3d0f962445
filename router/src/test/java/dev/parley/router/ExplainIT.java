package dev.parley.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.parley.conversation.log.Broker;
import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.Layout;
import dev.parley.conversation.log.memory.MemoryBroker;
import dev.parley.router.RouterFixture.Device;
import dev.parley.sdk.ParleyClient;
import dev.parley.sdk.ParleyException;
import dev.parley.sdk.TokenSource;
import dev.parley.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import dev.parley.v1.ErrorReason;
import dev.parley.v1.ExplainEventRequest;
import dev.parley.v1.ExplainEventResponse;
import io.grpc.StatusRuntimeException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What explanations may cost, on a router whose broker holds back what dispatchers wrote. */
class ExplainIT {
  private static final int SECONDS = 20;

  private final List<CompletableFuture<Boolean>> held = new CopyOnWriteArrayList<>();

  /** A broker in memory, of whose dispatchers' log every reading stays open. */
  private Broker broker() {
    MemoryBroker memory = new MemoryBroker(Layout.ONE_NODE);
    DispatchLog dispatch =
        replacing(DispatchLog.class, memory.dispatch(), "read", () -> {
          CompletableFuture<Boolean> read = new CompletableFuture<>();
          held.add(read);
          return read;
        });
    return replacing(Broker.class, memory, "dispatch", () -> dispatch);
  }

  private interface Answer {
    Object get();
  }

  private static <T> T replacing(Class<T> port, T real, String method, Answer answer) {
    InvocationHandler handler =
        (proxy, called, arguments) ->
            called.getName().equals(method) ? answer.get() : called.invoke(real, arguments);
    return port.cast(Proxy.newProxyInstance(port.getClassLoader(), new Class<?>[] {port}, handler));
  }

  @Test
  void aRouterExplainsTwoEventsAtATimeAndGivesUpOnWhatTakesTooLong() throws Exception {
    try (RouterFixture fixture = new RouterFixture(broker());
        Device ann = fixture.connect("ann", "phone");
        ParleyClient operator =
            ParleyClient.plaintext("127.0.0.1:" + fixture.port(), TokenSource.fixed(fixture.operatorToken()))) {
      String id = ann.session().createDirect("bob").get(SECONDS, TimeUnit.SECONDS);
      ann.session().sendText(id, "hello").get(SECONDS, TimeUnit.SECONDS);
      ExplainEventRequest request = ExplainEventRequest.newBuilder().setConversationId(id).setSeq(2).build();

      CompletableFuture<ExplainEventResponse> first = explain(operator, request);
      CompletableFuture<ExplainEventResponse> second = explain(operator, request);
      await().until(() -> held.size() == 2);
      assertThat(refusal(operator, request)).isEqualTo(ErrorReason.ERROR_REASON_OVERLOADED);
      held.forEach(read -> read.complete(false));
      assertThat(first.get(SECONDS, TimeUnit.SECONDS).getMorePushes()).isTrue();
      assertThat(second.get(SECONDS, TimeUnit.SECONDS).getRouter()).isEqualTo("router-1");

      assertThat(refusal(operator, request)).as("nothing comes").isEqualTo(ErrorReason.ERROR_REASON_OVERLOADED);
      assertThat(held).hasSize(3);
    }
  }

  private static AdminServiceBlockingStub admin(ParleyClient operator) {
    return operator.admin().withDeadlineAfter(SECONDS, TimeUnit.SECONDS);
  }

  private static CompletableFuture<ExplainEventResponse> explain(ParleyClient operator, ExplainEventRequest request) {
    CompletableFuture<ExplainEventResponse> answer = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> answer.complete(admin(operator).explainEvent(request)));
    return answer;
  }

  private static ErrorReason refusal(ParleyClient operator, ExplainEventRequest request) {
    return ParleyException.of(
            catchThrowableOfType(StatusRuntimeException.class, () -> admin(operator).explainEvent(request)))
        .reason();
  }
}
