package dev.parley.cli.stack;

import dev.parley.cli.CommandFailure;
import dev.parley.parts.FreePorts;

/** Chooses ports. */
final class Ports {
  private Ports() {}

  /**
   * The port to listen on.
   *
   * @param asked by the user with this option; 0: none
   * @param usual what is taken if nothing was asked for and it is free
   */
  static int choose(String option, int asked, int usual) {
    if (asked == 0) {
      return FreePorts.isFree(usual) ? usual : FreePorts.next();
    }
    if (!FreePorts.isFree(asked)) {
      throw new CommandFailure(
          "port " + asked + " is taken by another program: choose another one with " + option + ", or leave it out");
    }
    return asked;
  }
}
