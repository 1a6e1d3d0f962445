package dev.parley.chassis.telemetry;

import com.sun.management.GarbageCollectionNotificationInfo;
import com.sun.management.OperatingSystemMXBean;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.Meter;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.management.ListenerNotFoundException;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import javax.management.openmbean.CompositeData;

/** The few numbers of a JVM that say whether it is well, and which version runs. Thread-safe. */
final class JvmMetrics implements AutoCloseable {
  private static final AttributeKey<String> COLLECTOR = AttributeKey.stringKey("jvm.gc.name");
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final double NANOS = 1e9;
  private static final double MILLIS = 1e3;

  private final List<AutoCloseable> gauges = new ArrayList<>();
  private final DoubleHistogram pauses;
  private final Map<String, Attributes> collectors = new HashMap<>();
  private final NotificationListener onCollection = this::collected;

  JvmMetrics(Meter meter) {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    bytes(meter, "jvm.heap.used", "What the heap holds", () -> memory.getHeapMemoryUsage().getUsed());
    bytes(meter, "jvm.heap.committed", "What the heap has of the machine", () -> memory.getHeapMemoryUsage().getCommitted());
    bytes(meter, "process.memory.resident", "What the process has of the machine's memory", JvmMetrics::resident);
    gauges.add(
        Instruments.now(
            meter, "jvm.threads", "Threads of the platform", ManagementFactory.getThreadMXBean()::getThreadCount));
    gauges.add(
        meter
            .counterBuilder("process.cpu.time")
            .ofDoubles()
            .setUnit("s")
            .setDescription("Processor time of the process")
            .buildWithCallback(gauge -> gauge.record(system.getProcessCpuTime() / NANOS)));
    Attributes build =
        Attributes.of(
            AttributeKey.stringKey("version"), version(), AttributeKey.stringKey("java"), Runtime.version().toString());
    gauges.add(
        meter
            .gaugeBuilder("parley.build.info")
            .ofLongs()
            .setDescription("1, with the versions of the program and of Java")
            .buildWithCallback(gauge -> gauge.record(1, build)));
    pauses = Instruments.seconds(meter, "jvm.gc.duration", "How long the garbage collector stopped the program");
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      collectors.put(collector.getName(), Attributes.of(COLLECTOR, collector.getName()));
      if (collector instanceof NotificationEmitter emitter) {
        emitter.addNotificationListener(onCollection, null, null);
      }
    }
  }

  private void bytes(Meter meter, String name, String description, java.util.function.LongSupplier now) {
    gauges.add(
        meter
            .gaugeBuilder(name)
            .ofLongs()
            .setUnit("By")
            .setDescription(description)
            .buildWithCallback(gauge -> gauge.record(now.getAsLong())));
  }

  private static String version() {
    String version = JvmMetrics.class.getPackage().getImplementationVersion();
    return version == null ? "unknown" : version;
  }

  /** 0 where the system does not say it. */
  private static long resident() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
      return 0;
    } catch (IOException notLinux) {
      return 0;
    }
  }

  private void collected(Notification notification, Object unused) {
    if (notification.getType().equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)) {
      GarbageCollectionNotificationInfo info =
          GarbageCollectionNotificationInfo.from((CompositeData) notification.getUserData());
      pauses.record(
          info.getGcInfo().getDuration() / MILLIS,
          collectors.getOrDefault(info.getGcName(), Attributes.empty()));
    }
  }

  @Override
  public void close() throws Exception {
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (collector instanceof NotificationEmitter emitter) {
        try {
          emitter.removeNotificationListener(onCollection);
        } catch (ListenerNotFoundException gone) {
          continue; // somebody else has taken all listeners away
        }
      }
    }
    for (AutoCloseable gauge : gauges) {
      gauge.close();
    }
  }
}
