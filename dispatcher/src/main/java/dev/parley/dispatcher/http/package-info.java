/** Requests to addresses that others have named: only to public ones, bounded in time and size. */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.http;
