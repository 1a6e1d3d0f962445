/** Apple Push Notification service. */
@org.jspecify.annotations.NullMarked
package dev.parley.dispatcher.push.apns;
