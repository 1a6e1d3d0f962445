/** Phones and browsers that show what is pushed to them. */
@org.jspecify.annotations.NullMarked
package dev.parley.pushlab.phone;
