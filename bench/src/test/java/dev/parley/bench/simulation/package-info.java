/**
 * The simulation: the real classes of several routers over a broker in memory, on a clock that it moves, with faults from
 * one seed. A seed that fails is played again exactly.
 */
@org.jspecify.annotations.NullMarked
package dev.parley.bench.simulation;
