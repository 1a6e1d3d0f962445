/** One way to refuse: typed statuses, the mapping of everything else, and the validation of requests. */
@org.jspecify.annotations.NullMarked
package dev.parley.chassis.errors;
