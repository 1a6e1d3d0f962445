/** Sessions: one live stream of one device each. One thread per session. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.session;
