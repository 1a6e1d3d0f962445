package dev.parley.chassis.telemetry;

import dev.parley.chassis.config.Setting;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Where the metrics of a program go. */
public record TelemetrySettings(
    @Setting(doc = "Where metrics are sent by OTLP over HTTP, as http://collector:4318/v1/metrics; unset: nowhere.")
    @Nullable URI endpoint,
    @Setting(value = "10s", doc = "How often.")
    Duration interval,
    @Setting(
        value = "true",
        doc = "Whether the admin endpoint has /metrics for Prometheus. Without it and without an endpoint nothing is counted.")
    boolean scrape) {}
