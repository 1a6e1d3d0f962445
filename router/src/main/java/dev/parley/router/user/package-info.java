/** What is kept of users beside their conversations: names and pictures, and whom they have blocked. */
@org.jspecify.annotations.NullMarked
package dev.parley.router.user;
