package dev.parley.presence.link;

/** The model with many seeds. */
class PresenceModelIT extends PresenceModelTest {
  @Override
  int seeds() {
    return 200;
  }
}
