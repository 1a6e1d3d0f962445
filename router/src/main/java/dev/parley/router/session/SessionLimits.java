package dev.parley.router.session;

import dev.parley.chassis.config.Setting;
import java.time.Duration;

/** What sessions may do at most. */
public record SessionLimits(
    @Setting(
        value = "25000",
        doc = "Sessions of this router; above it new streams are refused with OVERLOADED. Each takes some 10 KiB of the heap,"
            + " a third of which should stay free.")
    int sessions,
    @Setting(value = "20", doc = "Devices of one user with a session on this router.")
    int devicesPerUser,
    @Setting(value = "128KiB", doc = "A frame of the client, in bytes: a message of 64 KiB, or 1,000 cursors, with room.")
    int frameBytes,
    @Setting(value = "256", doc = "Frames that the server sends without having them acknowledged: a slow reader's bound.")
    int unacknowledgedFrames,
    @Setting(value = "256", doc = "Commands of one session without an answer.")
    int openCommands,
    @Setting(value = "500", doc = "Frames of one client a second, on average; above it reading from it is slowed down.")
    int framesPerSecond,
    @Setting(value = "500", doc = "Commands of one user a second, on average, over all sessions and calls.")
    int commandsPerSecond,
    @Setting(value = "200", doc = "Unary reads of one user a second, on average: lists, history, look-ups.")
    int readsPerSecond,
    @Setting(value = "200", doc = "Read marks of one user a second, on average, over all sessions and calls.")
    int readMarksPerSecond,
    @Setting(value = "20", doc = "Typing frames of one user a second, on average; what is above it is dropped unsaid.")
    int typingPerSecond,
    @Setting(value = "10000", doc = "Conversations that one session follows.")
    int conversations,
    @Setting(value = "500", doc = "Users whose presence one session watches.")
    int watchedUsers,
    @Setting(value = "20", doc = "Rooms that one session watches: conversations of which it is told who has them in view.")
    int watchedRooms,
    @Setting(value = "5m", doc = "A device counts as away when nothing was done on it for so long.")
    Duration presenceIdle,
    @Setting(value = "64", doc = "Follow requests of one session on their way at a time.")
    int concurrentFollows,
    @Setting(value = "20s", doc = "How often the server speaks and wants to hear the client; after three it hangs up.")
    Duration heartbeat,
    @Setting(value = "10s", doc = "How long a stream may stay open without Hello and complete Cursors.")
    Duration helloDeadline,
    @Setting(value = "5m", doc = "How often a session looks which conversations its user has: a notice may be lost.")
    Duration listAgain) {}
