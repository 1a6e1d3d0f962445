/** The streams between routers: one to each other router, over which both speak about all shards. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.link;
