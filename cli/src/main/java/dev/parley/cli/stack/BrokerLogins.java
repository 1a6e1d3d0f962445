package dev.parley.cli.stack;

import dev.parley.conversation.jetstream.BrokerUser;
import dev.parley.conversation.jetstream.JetStreamSettings.Login;
import dev.parley.parts.NatsServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The users of an installation's broker: routers and dispatchers with what each needs, and an operator who may do everything,
 * copies of the streams among it. Each has a random password in a file that only its user may read.
 */
public final class BrokerLogins {
  private static final String OPERATOR = "operator";

  private BrokerLogins() {}

  /** All users of this data directory, for the broker. Passwords stay; those that are missing are made. */
  static List<NatsServer.User> in(Path data) throws IOException {
    List<NatsServer.User> users = new ArrayList<>();
    for (BrokerUser user : BrokerUser.values()) {
      Login login = of(data, user);
      users.add(
          new NatsServer.User(
              login.user(), login.password(), new NatsServer.Limits(user.publish(), user.subscribe())));
    }
    Login operator = operator(data);
    users.add(new NatsServer.User(operator.user(), operator.password(), null));
    return users;
  }

  /** How these processes log in. */
  static Login of(Path data, BrokerUser user) throws IOException {
    return named(data, user.login());
  }

  /** How whoever may do everything logs in. */
  public static Login operator(Path data) throws IOException {
    return named(data, OPERATOR);
  }

  private static Login named(Path data, String name) throws IOException {
    return new Login(name, SecretFile.in(data.resolve("keys").resolve("broker-" + name)));
  }
}
