@org.jspecify.annotations.NullMarked
package dev.parley.router.shadow;
