/** Web Push: the push services of browsers (RFC 8030, 8188, 8291, 8292). */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.push.web;
