package dev.parley.chassis.telemetry;

import dev.parley.chassis.config.Setting;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/** Where the traces go that a program goes on with. */
public record SpanSettings(
    @Setting(doc = "Where spans are sent by OTLP over HTTP, as http://collector:4318/v1/traces; unset: nowhere.")
    @Nullable URI endpoint) {}
