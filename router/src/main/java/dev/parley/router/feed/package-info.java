/** What routers say to each other about a shard: to its owner, and from it. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.feed;
