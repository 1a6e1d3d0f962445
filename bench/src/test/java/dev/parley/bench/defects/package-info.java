/**
 * Planted defects: the router's sources with one mistake each, compiled in memory and run in the simulation, which must
 * find every one of them and name it.
 */
@org.jspecify.annotations.NullMarked
package dev.parley.bench.defects;
