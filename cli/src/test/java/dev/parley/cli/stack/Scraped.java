package dev.parley.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HashMap;
import java.util.Map;

/** What the admin endpoint of a program says. */
record Scraped(Map<String, Double> samples) {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  /** The present metrics of the program whose admin endpoint is at this address. */
  static Scraped of(String address) {
    Map<String, Double> samples = new HashMap<>();
    for (String line : ask("GET", address, "/metrics").split("\n", -1)) {
      int space = line.lastIndexOf(' ');
      if (!line.startsWith("#") && space > 0) {
        samples.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
      }
    }
    return new Scraped(samples);
  }

  /** The answer to a request, which must be well. */
  static String ask(String method, String address, String path) {
    try {
      var answer =
          CLIENT.send(
              HttpRequest.newBuilder(URI.create("http://" + address + path)).method(method, BodyPublishers.noBody()).build(),
              BodyHandlers.ofString());
      assertThat(answer.statusCode()).as("%s %s: %s", address, path, answer.body()).isEqualTo(200);
      return answer.body();
    } catch (IOException e) {
      throw new AssertionError("the admin endpoint at " + address + " does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** The value of a sample as it is written, with its labels; 0: there is none. */
  double value(String sample) {
    return samples.getOrDefault(sample, 0.0);
  }

  /** Whether there is a sample, as it is written, with its labels. */
  boolean has(String sample) {
    return samples.containsKey(sample);
  }

  /** The sum over all labels. */
  double sum(String name) {
    return samples.entrySet().stream()
        .filter(each -> each.getKey().equals(name) || each.getKey().startsWith(name + "{"))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }
}
