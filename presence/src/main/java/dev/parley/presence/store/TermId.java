package dev.parley.presence.store;

/**
 * One generation of a router's words.
 *
 * @param node the router's name
 * @param generation grows with each that is drawn for this router
 */
public record TermId(String node, long generation) {}
