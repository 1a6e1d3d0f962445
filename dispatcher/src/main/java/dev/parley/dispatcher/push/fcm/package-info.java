/** Firebase Cloud Messaging, HTTP v1. */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.push.fcm;
