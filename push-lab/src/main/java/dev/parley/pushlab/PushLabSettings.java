package dev.parley.pushlab;

import dev.parley.chassis.config.Setting;
import dev.parley.chassis.config.SettingsPrefix;
import java.nio.file.Path;

/** All settings of the push lab. It listens on loopback alone. */
@SettingsPrefix("parley.pushlab")
public record PushLabSettings(
    @Setting(
        value = ".parley/push-lab",
        doc = "Where phones are kept, and the keys that the dispatcher needs; readable by its owner only.")
    Path directory,
    @Setting(value = "8730", doc = "The port of the page, of the feed and of faults, over HTTP; 0: a free one.")
    int adminPort,
    @Setting(value = "8731", doc = "The port that stands in for Firebase Cloud Messaging; 0: a free one.")
    int fcmPort,
    @Setting(value = "8732", doc = "The port that stands in for Apple; 0: a free one.")
    int apnsPort,
    @Setting(
        value = "8733",
        doc = "The port that stands in for the push service of browsers. It is a part of their addresses; with another"
            + " one they have to subscribe anew. 0: a free one.")
    int webPort,
    @Setting(value = "1000", doc = "How many pushes each phone remembers.")
    int pushesPerPhone,
    @Setting(value = "1", doc = "Threads for the connections of all three.")
    int threads) {
  /** Checks that every limit is one. */
  public PushLabSettings {
    if (pushesPerPhone < 1 || threads < 1) {
      throw new IllegalArgumentException("pushes-per-phone and threads must be at least 1");
    }
  }
}
