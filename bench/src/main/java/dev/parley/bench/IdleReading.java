package dev.parley.bench;

import java.util.Map;

/**
 * What the processes need while so many sessions are idle.
 *
 * @param cpuMicrosPerSecond by process: processor time
 * @param rssMegabytes by process: resident memory, in MB (2^20 bytes)
 * @param heapMegabytes by process, of JVMs only: what lives on the heap after a full collection
 */
public record IdleReading(
    int sessions,
    Map<String, Double> cpuMicrosPerSecond,
    Map<String, Double> rssMegabytes,
    Map<String, Double> heapMegabytes) {}
