@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.http;
