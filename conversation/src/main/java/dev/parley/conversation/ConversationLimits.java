package dev.parley.conversation;

/**
 * What a conversation and a command may hold. Not configurable per conversation.
 *
 * @param members current members of a group. 10,000: a membership event fans out to all, and a snapshot with their ids
 *     must fit a table's value
 * @param usersEver members and former members. 50,000: former members keep their ranges, so an open group that people
 *     pass through must end somewhere
 * @param membersPerCommand users added by one command. 1,000: their ids at 128 bytes each stay far below a record's
 *     512 KiB
 * @param rangesPerMember readable ranges of one user. 64: one per leaving and coming back; more is a machine
 * @param deletedMessages messages deleted for all. 100,000: the state keeps their seqs, some 300 KiB in a snapshot
 * @param messageBytes a message, encoded. 65,536: the contract's limit
 * @param titleBytes a title in UTF-8. 256: the contract's limit
 * @param userIdBytes a user's id in UTF-8. 128: the contract's limit
 */
public record ConversationLimits(
    int members,
    int usersEver,
    int membersPerCommand,
    int rangesPerMember,
    int deletedMessages,
    int messageBytes,
    int titleBytes,
    int userIdBytes) {
  /** The limits of the contract. */
  public static final ConversationLimits DEFAULT =
      new ConversationLimits(10_000, 50_000, 1_000, 64, 100_000, 65_536, 256, 128);

  public ConversationLimits {
    if (members < 2 || usersEver < members || membersPerCommand < 1 || rangesPerMember < 1 || deletedMessages < 1) {
      throw new IllegalArgumentException("limits must be positive, and usersEver no smaller than members");
    }
    if (messageBytes < 1 || messageBytes > 65_536 || titleBytes < 1 || userIdBytes < 1) {
      throw new IllegalArgumentException("sizes must be positive, and messageBytes at most 65,536");
    }
  }
}
