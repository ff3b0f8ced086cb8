package groupledger

/** Id of a group, the same on every device. Its text is 64 hexadecimal digits. */
@JvmInline
value class GroupId(val text: String) {
    override fun toString() = text
}

/** Id of a member of a group. It stays the same when the member's name, keys or devices change. */
@JvmInline
value class MemberId(val text: String) {
    override fun toString() = text
}

/** Id of a device in one group. A device has another id in every group. */
@JvmInline
value class DeviceId(val text: String) {
    override fun toString() = text
}

/** Id of one entry, which never changes. */
@JvmInline
value class EntryId(val text: String) {
    override fun toString() = text
}

/**
 * Id of an expense or transfer. It stays the same when corrections and cancellations come:
 * corrections, reviews and the history name it.
 */
@JvmInline
value class ExpenseId(val text: String) {
    override fun toString() = text
}
