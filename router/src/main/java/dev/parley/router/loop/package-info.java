/** Threads as queues of tasks, so that what belongs to one needs no locks. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.loop;
