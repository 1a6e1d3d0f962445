/** The gateway: WebSockets and JSON calls of browsers, passed on to routers, and a page that uses them. */
@org.jspecify.annotations.NullMarked
package dev.parley.gateway;
