/** Small HTTP/2 servers that can be told to fail. */
@org.jspecify.annotations.NullMarked
package dev.parley.pushlab.http;
