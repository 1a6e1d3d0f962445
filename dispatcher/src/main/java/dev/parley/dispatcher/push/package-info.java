/** What is told to phones and browsers, and the push services that tell it. */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.push;
