package dev.parley.cli.stack;

import java.nio.file.Path;

/**
 * What {@code parley up} was asked for. A port of 0 means: the usual one if it is free, else any free one.
 *
 * @param data keys, certificates, broker's data and logs
 * @param detached whether the processes go on when this one ends
 * @param routers how many
 * @param routerPort of the first router; the next one's is one more
 * @param sync the broker's sync_interval: {@code always}, or a time such as {@code 1s}
 * @param metrics whether the programs count what happens
 * @param observe whether Prometheus and a collector of OpenTelemetry run beside them
 */
public record StackSettings(
    Path data,
    boolean detached,
    int routers,
    int edgePort,
    int routerPort,
    int natsPort,
    String sync,
    boolean metrics,
    boolean observe) {
  /** How many routers there are unless somebody says otherwise. */
  public static final int ROUTERS = 2;
}
