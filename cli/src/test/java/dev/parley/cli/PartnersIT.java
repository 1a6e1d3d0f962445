package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.parts.Parts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What partners do with the contract alone, through the edge of a real stack: in another language, and by grpcurl. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class PartnersIT {
  private static final String SERVICE = "parley.v1.ChatService";

  private Path data;
  private PythonClient python;
  private String edge;
  private String caFile;
  private Map<String, Object> tokens;

  @BeforeAll
  void startTheStack(@TempDir Path directory) throws Exception {
    data = directory;
    python = new PythonClient(data);
    Map<String, Object> up = Cli.run(data, "up", "--json", "--detach").readJson();
    edge = JSONObjectUtils.getString(up, "edge");
    caFile = JSONObjectUtils.getString(up, "ca_file");
    tokens = JSONObjectUtils.getJSONObject(up, "tokens");
  }

  @AfterAll
  void leaveNothingRunning() throws Exception {
    Cli.run(data, "down");
  }

  private String token(String user) {
    return String.valueOf(tokens.get(user));
  }

  @Test
  void theGeneratedPythonClientKeepsToTheProtocol() throws Exception {
    PythonClient.Result tests = python.runTests();

    assertThat(tests.status()).as(tests.errors()).isZero();
  }

  @Test
  void aPythonClientTalksWithParleyChatInBothDirectionsAndInOrder() throws Exception {
    Process bot = python.start("examples/echo_bot.py", Map.of("PARLEY_TOKEN", token("alice")), edge, caFile, "bob");
    try (Cli chat = Cli.start(data, "chat", "alice", "--as=bob")) {
      awaitMessage(chat, "alice: Hello bob, I say everything again.");

      List<String> said = IntStream.rangeClosed(1, 20).mapToObj(n -> "line " + n + " – grüße").toList();
      for (String text : said) {
        chat.type(text);
      }
      List<String> answers = new ArrayList<>();
      while (answers.size() < said.size()) {
        answers.add(awaitMessage(chat, "alice: You said: "));
      }

      assertThat(answers).isEqualTo(said);
      assertThat(bot.isAlive()).isTrue();
      chat.type("/quit");
      assertThat(chat.exit()).isZero();
    } finally {
      bot.destroy();
      bot.waitFor();
    }
  }

  /** Reads until a line says this, with a seq before it, and returns what stands behind it. */
  private static String awaitMessage(Cli chat, String start) throws Exception {
    while (true) {
      String event = chat.readLine().replaceFirst("^\\d+ ", "");
      if (event.startsWith(start)) {
        return event.substring(start.length());
      }
    }
  }

  @Test
  void whoKnowsOnlyTheReflectionCreatesAConversationSendsAndReads() throws Exception {
    converse(python.command("tests/grpcurl.py"));
  }

  @Test
  @Timeout(1200) // It may have to be built.
  void grpcurlCreatesAConversationSendsAndReads() throws Exception {
    converse(List.of(Parts.atHome(System.err::println).grpcurl().toString()));
  }

  private void converse(List<String> grpcurl) throws Exception {
    assertThat(ask(grpcurl, "alice", "{}", "list").output())
        .contains(SERVICE, "parley.v1.AdminService", "grpc.health.v1.Health");

    String conversation = uuid7();
    Map<String, Object> created = answer(grpcurl, "alice", "CreateConversation", """
        {"conversation_id": "%s", "client_event_id": "%s",
         "conversation": {"kind": "CONVERSATION_KIND_GROUP", "title": "Partners", "member_ids": ["bob"]}}
        """.formatted(conversation, uuid7()));
    assertThat(created.toString()).contains(conversation, "Partners", "ROLE_OWNER");

    Map<String, Object> sent = answer(grpcurl, "alice", "Send", """
        {"command": {"conversation_id": "%s", "client_event_id": "%s", "message": {"text": "by reflection"}}}
        """.formatted(conversation, uuid7()));
    assertThat(sent.toString()).contains("DURABILITY_SYNCED");

    Map<String, Object> read =
        answer(grpcurl, "bob", "ListEvents", "{\"conversation_id\": \"%s\"}".formatted(conversation));
    assertThat(read.toString()).contains("by reflection", "alice");

    PythonClient.Result foreign =
        ask(grpcurl, "alice", "{\"conversation_id\": \"%s\"}".formatted(uuid7()), SERVICE + "/ListEvents");
    assertThat(foreign.status()).isNotZero();
    assertThat(foreign.errors()).contains("google.rpc.ErrorInfo", "CONVERSATION_NOT_FOUND", "parley");

    PythonClient.Result wrong = ask(grpcurl, "alice", "{\"conversation_id\": \"a b\"}", SERVICE + "/ListEvents");
    assertThat(wrong.errors()).contains("INVALID_FIELD", "\"field\": \"conversation_id\"");

    PythonClient.Result stranger = ask(grpcurl, "nobody", "{}", "list");
    assertThat(stranger.status()).isNotZero();
    assertThat(stranger.errors()).containsIgnoringCase("unauthenticated");
  }

  private Map<String, Object> answer(List<String> grpcurl, String user, String method, String json) throws Exception {
    PythonClient.Result result = ask(grpcurl, user, json, SERVICE + "/" + method);
    assertThat(result.status()).as(result.errors()).isZero();
    return JSONObjectUtils.parse(result.output());
  }

  /** Runs grpcurl or its like. */
  private PythonClient.Result ask(List<String> grpcurl, String user, String json, String what) throws Exception {
    List<String> command = new ArrayList<>(grpcurl);
    command.addAll(List.of("-cacert", caFile, "-H", "authorization: Bearer " + token(user)));
    if (!what.equals("list")) {
      command.addAll(List.of("-d", json));
    }
    command.addAll(List.of(edge, what));
    return python.run(command);
  }

  private static String uuid7() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    long time = System.currentTimeMillis() << 16 | 0x7000 | random.nextLong(0x1000);
    return new UUID(time, 1L << 63 | random.nextLong(1L << 62)).toString();
  }
}
