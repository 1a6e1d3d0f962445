/** Load on presence alone, as routers would bring it: over its link, without clients. */
@org.jspecify.annotations.NullMarked
package dev.parley.bench.presence;
