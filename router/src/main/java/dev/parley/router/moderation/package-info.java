/** What a deployment's own moderation says of what users send. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.moderation;
