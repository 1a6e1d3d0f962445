/** What routers say to presence and hear of it, each over its link. */
@org.jspecify.annotations.NullMarked
package dev.parley.presence.link;
