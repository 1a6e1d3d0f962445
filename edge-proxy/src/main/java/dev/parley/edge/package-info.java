/** The edge: Envoy's bootstrap, rendered from settings, and Envoy as a process. */
@org.jspecify.annotations.NullMarked
package dev.parley.edge;
