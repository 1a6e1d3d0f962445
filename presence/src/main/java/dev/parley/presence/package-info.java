/** Who is online and who has a conversation in view: the service, wired. */
@org.jspecify.annotations.NullMarked
package dev.parley.presence;
