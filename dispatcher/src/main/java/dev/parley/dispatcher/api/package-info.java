/** What users and operators ask of a dispatcher. */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.api;
