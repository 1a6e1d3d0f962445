/** The calls of operators: explain an event, revoke tokens, let a router leave, say what all routers are doing. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.admin;
