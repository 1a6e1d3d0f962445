@org.jspecify.annotations.NullMarked
package dev.parley.v1;
