package dev.parley.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.nimbusds.jose.util.JSONObjectUtils;
import dev.parley.v1.PushTarget;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;

/** The push lab of the installation on this machine, over HTTP. */
final class PushLab {
  private static final Duration TIME_LIMIT = Duration.ofSeconds(5);
  private static final String DATA = "data: ";

  private final URI address;
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIME_LIMIT).build();

  PushLab(String address) {
    this.address = URI.create(address);
  }

  /** Makes a phone; {@code provider}: fcm, apns or web_push. */
  PushTarget newPhone(String provider, String name) throws IOException, InterruptedException {
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

  /** Tells each push from now on, as a JSON object on one line, until the lab ends. */
  void listen(Consumer<String> listener) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(address.resolve("/events")).build();
    var answer = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(DATA)) {
          listener.accept(line.substring(DATA.length()));
        }
      }
    }
  }
}
