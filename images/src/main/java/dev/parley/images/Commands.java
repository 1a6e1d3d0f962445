package dev.parley.images;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Short commands of this machine. */
final class Commands {
  private Commands() {}

  /** Runs one to its end and returns what it said, errors included; throws an ImageException when it failed. */
  static String run(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      if (status != 0) {
        throw new ImageException(String.join(" ", command) + " ended with " + status + ": " + said.strip());
      }
      return said;
    } catch (IOException e) {
      throw new ImageException(command.getFirst() + " cannot be run: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageException("interrupted while running " + command.getFirst(), e);
    }
  }
}
