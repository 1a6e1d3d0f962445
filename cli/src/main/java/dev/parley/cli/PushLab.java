package dev.parley.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.bench.push.Lab;
import dev.parley.v1.PushTarget;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/** The push lab of the installation on this machine, over HTTP. Thread-safe. */
final class PushLab implements Lab {
  private static final Duration TIME_LIMIT = Duration.ofSeconds(5);
  private static final String DATA = "data: ";

  private final URI address;
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIME_LIMIT).build();

  PushLab(String address) {
    this.address = URI.create(address);
  }

  /** Makes a phone; {@code provider}: fcm, apns or web_push. */
  @Override
  public PushTarget newPhone(String provider, String name) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve("/phones"))
            .timeout(TIME_LIMIT)
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    JSONObjectUtils.toJSONString(Map.of("provider", provider, "name", name))))
            .build();
    HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 201) {
      throw new CommandFailure("the push lab at " + address + " makes no such phone: " + answer.body());
    }
    PushTarget.Builder target = PushTarget.newBuilder();
    try {
      JsonFormat.parser().merge(answer.body(), target);
    } catch (InvalidProtocolBufferException e) {
      throw new CommandFailure("the push lab at " + address + " answered with something else", e);
    }
    return target.build();
  }

  @Override
  public List<Phone> phones(String prefix) throws IOException, InterruptedException {
    try {
      List<Phone> phones = new ArrayList<>();
      for (Map<String, Object> phone : JSONObjectUtils.getJSONObjectArray(get("/phones" + only(prefix)), "phones")) {
        phones.add(
            new Phone(
                Objects.requireNonNull(JSONObjectUtils.getString(phone, "name")),
                JSONObjectUtils.getLong(phone, "received"),
                JSONObjectUtils.getLong(phone, "badge")));
      }
      return phones;
    } catch (ParseException e) {
      throw something(e);
    }
  }

  @Override
  public long received() throws IOException, InterruptedException {
    Map<String, Object> stats = get("/stats");
    try {
      long all = 0;
      for (String provider : stats.keySet()) {
        all += JSONObjectUtils.getLong(stats, provider);
      }
      return all;
    } catch (ParseException e) {
      throw something(e);
    }
  }

  private Map<String, Object> get(String path) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(address.resolve(path)).timeout(TIME_LIMIT).build();
    HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new CommandFailure("the push lab at " + address + " answered with " + answer.statusCode());
    }
    try {
      return JSONObjectUtils.parse(answer.body());
    } catch (ParseException e) {
      throw something(e);
    }
  }

  private static String only(String prefix) {
    return "?phone=" + URLEncoder.encode(prefix, StandardCharsets.UTF_8);
  }

  private CommandFailure something(ParseException e) {
    return new CommandFailure("the push lab at " + address + " answered with something else", e);
  }

  @Override
  public void arrivals(String prefix, Runnable ready, Consumer<Arrival> listener)
      throws IOException, InterruptedException {
    listen(
        "/events" + only(prefix),
        ready,
        json -> {
          try {
            Map<String, Object> push = JSONObjectUtils.parse(json);
            listener.accept(
                new Arrival(Instant.parse(String.valueOf(push.get("time"))), String.valueOf(push.get("body"))));
          } catch (ParseException e) {
            throw something(e);
          }
        });
  }

  /**
   * Tells each push, as a JSON object on one line, until the lab ends.
   *
   * @param ready told once, when no push is missed any more
   */
  void listen(Runnable ready, Consumer<String> listener) throws IOException, InterruptedException {
    listen("/events", ready, listener);
  }

  private void listen(String path, Runnable ready, Consumer<String> listener)
      throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(address.resolve(path)).build();
    var answer = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    // The lab listens for this client before it answers.
    ready.run();
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(DATA)) {
          listener.accept(line.substring(DATA.length()));
        }
      }
    }
  }
}
