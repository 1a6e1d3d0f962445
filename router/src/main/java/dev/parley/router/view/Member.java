package dev.parley.router.view;

import dev.parley.router.feed.RouterId;

/**
 * A router as it is registered. Immutable.
 *
 * @param linkAddress where other routers reach it, as host:port
 * @param draining it is leaving: it keeps its sessions for now and owns nothing new
 */
public record Member(RouterId id, String linkAddress, boolean draining) {}
