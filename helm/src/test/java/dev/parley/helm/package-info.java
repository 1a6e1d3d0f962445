/** Tests of the chart that need no cluster. */
@org.jspecify.annotations.NullMarked
package dev.parley.helm;
