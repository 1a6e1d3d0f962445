/** What stands between a service and one that it needs: calls that fail fast, and never all at once. */
@org.jspecify.annotations.NullMarked
package dev.parley.chassis.resilience;
