package dev.parley.sdk;

import dev.parley.v1.Stored;

/** A command's success: where it was stored, also when its conversation was not known before. */
record Answer(String conversationId, Stored stored) {}
