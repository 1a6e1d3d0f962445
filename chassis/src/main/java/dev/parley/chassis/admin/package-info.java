/** What those who run a program ask it: is it alive, is it ready, what does it count, how is it set. */
@org.jspecify.annotations.NullMarked
package dev.parley.chassis.admin;
