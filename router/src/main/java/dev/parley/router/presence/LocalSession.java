package dev.parley.router.presence;

/**
 * A session as presence sees it.
 *
 * @param active somebody uses the device
 * @param conversationInView on its screen; empty: none
 */
public record LocalSession(String userId, String deviceId, boolean active, String conversationInView) {}
