/** Which routers there are, and which of them owns which shard. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.view;
