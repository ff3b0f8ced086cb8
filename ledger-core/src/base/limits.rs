//! Limits of the format, each with its reason (SPEC §8).

/// Bytes of `len32` and signature around an entry when it travels.
pub const ENTRY_FRAMING_BYTES: usize = 4 + 64;

/// Largest entry, header and payload together, in bytes. With its framing it
/// fits into 64 KiB, so a carrier can use fixed buffers.
pub const MAX_ENTRY_BYTES: usize = 65_536 - ENTRY_FRAMING_BYTES;

/// Most parents of an entry. Groups rarely fork wider; with more heads a merge
/// entry comes first.
pub const MAX_PARENTS: usize = 16;

/// Most refs of an entry: an expense of up to 1,000 people, and a few
/// entries beside them.
pub const MAX_REFS: usize = 1_024;

/// Largest integer on the wire: what a signed 64-bit integer holds, so that
/// SQLite, Swift and Kotlin can keep every one.
pub const MAX_INTEGER: u64 = i64::MAX as u64;

/// Largest kind number.
pub const MAX_KIND: u64 = 65_535;

/// Most epochs whose keys one epoch carries; of more, several epochs in a row.
pub const MAX_EPOCH_PREDECESSORS: usize = 64;

/// Longest name of a member or a group, in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 256;

/// Longest description, note or reason, in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = 4_096;

/// Longest category, in bytes of UTF-8.
pub const MAX_CATEGORY_BYTES: usize = 128;

/// Most bytes of the hints of a transaction, all together: a receipt with many items fits, and an
/// entry has room for the people beside it.
pub const MAX_HINT_BYTES: usize = 32_768;

/// Most tags of a transaction: more do not fit on a screen.
pub const MAX_TAGS: usize = 32;

/// Most receipts of a transaction.
pub const MAX_RECEIPTS: usize = 8;

/// Most hints of a transaction.
pub const MAX_HINTS: usize = 62;

/// Most fields behind the shares of a transaction: origin, direction and hints.
pub const MAX_MORE: usize = 64;

/// Most categories that a group offers: a person reads the list on a phone.
pub const MAX_CATEGORIES: usize = 128;

/// Most addresses of relays that a member sets or proposes; devices follow a few.
pub const MAX_RELAYS: usize = 16;

/// Longest address of a relay, in bytes of UTF-8.
pub const MAX_RELAY_BYTES: usize = 512;

/// Most features that a device says it reads.
pub const MAX_FEATURES: usize = 64;

/// Most units from one day of a recurring expense to the next.
pub const MAX_RECURRENCE_STEP: u16 = 1_000;

/// Largest number of an occurrence in a template: enough for one each day in 2,700 years.
pub const MAX_OCCURRENCE: u64 = 1_000_000;

/// Most occurrences that are due, or recorded, in one call.
pub const MAX_DUE: usize = 24;

/// Most numbers of one template that are looked at for what is due, the latest. A year of days and
/// a month; of what nobody recorded so long, nobody wants to.
pub const MAX_DUE_NUMBERS: u64 = 400;

/// Largest amount in minor units: ten million million euros. 2^64 of these still fit a 128-bit sum.
pub const MAX_AMOUNT: u64 = 1_000_000_000_000_000;

/// Most participants of a split: as many as an expense has refs.
pub const MAX_SPLIT_PARTS: usize = MAX_REFS;

/// Most items of an itemised split. A supermarket's receipt has fewer, and a split of so many
/// takes a moment on a phone.
pub const MAX_SPLIT_ITEMS: usize = 256;

/// Largest weight of a split: incomes in cents fit, and the product with an amount fits 128 bits.
pub const MAX_WEIGHT: u64 = 1_000_000_000_000;

/// Most members whom a device will introduce into one group.
pub const MAX_MEMBERS: usize = 1_000;

/// Most devices that a member enrols in one generation.
pub const MAX_DEVICES: usize = 10;

/// Entries between two checkpoints.
pub const CHECKPOINT_INTERVAL: u64 = 500;

/// Most open balances for which a plan to settle up has provably the fewest transfers. A
/// search over all 2^16 subsets takes milliseconds, and doubles with each further balance.
pub const MAX_EXACT_BALANCES: usize = 16;

/// Limits of what one device keeps and does for others. Unlike the format's limits, two
/// devices need not share them. The default values are the real ones; tests and the
/// simulation take smaller ones, so that short histories reach them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerLimits {
    /// Most bytes (header and payload) of idle entries for which one accepted member
    /// accounts (SPEC §5.3).
    pub idle_bytes_per_member: u64,
    /// Most bytes of idle entries, all members together.
    pub idle_bytes: u64,
    /// Most bytes of entries that wait (SPEC §5.1). An entry counts its own bytes, and
    /// the ids that it misses.
    pub waiting_bytes: u64,
    /// Most bytes of waiting entries for which one accepted member accounts.
    pub waiting_bytes_per_member: u64,
    /// Most entries that wait.
    pub waiting_entries: usize,
    /// Most ids that are remembered of entries that were left out or gave way.
    pub left_out_ids: usize,
    /// Rotations of one member that a device heeds on the day on which they come, when it asks
    /// which epochs are usable, and as many revocations and leaves; the rest count from the next
    /// day on (SPEC §11.2).
    pub heeded_a_day: usize,
    /// Revocations and leaves of one member that a device carries again in front of one own
    /// entry (SPEC §5.3).
    pub carried_at_once: usize,
}

impl LedgerLimits {
    /// Sets the most bytes of idle entries of one accepted member.
    #[must_use]
    pub const fn idle_bytes_per_member(self, idle_bytes_per_member: u64) -> Self {
        Self { idle_bytes_per_member, ..self }
    }

    /// Sets the most bytes of idle entries, all members together.
    #[must_use]
    pub const fn idle_bytes(self, idle_bytes: u64) -> Self {
        Self { idle_bytes, ..self }
    }

    /// Sets the most bytes of entries that wait.
    #[must_use]
    pub const fn waiting_bytes(self, waiting_bytes: u64) -> Self {
        Self { waiting_bytes, ..self }
    }

    /// Sets the most bytes of waiting entries of one accepted member.
    #[must_use]
    pub const fn waiting_bytes_per_member(self, waiting_bytes_per_member: u64) -> Self {
        Self { waiting_bytes_per_member, ..self }
    }

    /// Sets the most entries that wait.
    #[must_use]
    pub const fn waiting_entries(self, waiting_entries: usize) -> Self {
        Self { waiting_entries, ..self }
    }

    /// Sets the most ids that are remembered of entries that were left out.
    #[must_use]
    pub const fn left_out_ids(self, left_out_ids: usize) -> Self {
        Self { left_out_ids, ..self }
    }

    /// Sets the rotations, and the revocations and leaves, of one member that are heeded on their day.
    #[must_use]
    pub const fn heeded_a_day(self, heeded_a_day: usize) -> Self {
        Self { heeded_a_day, ..self }
    }

    /// Sets the revocations and leaves that are carried again in front of one own entry.
    #[must_use]
    pub const fn carried_at_once(self, carried_at_once: usize) -> Self {
        Self { carried_at_once, ..self }
    }
}

impl Default for LedgerLimits {
    fn default() -> Self {
        Self {
            // A person who was offline for a season has a tenth of this.
            idle_bytes_per_member: 1024 * 1024,
            idle_bytes: 64 * 1024 * 1024,
            waiting_bytes: 16 * 1024 * 1024,
            waiting_bytes_per_member: 4 * 1024 * 1024,
            waiting_entries: 10_000,
            left_out_ids: 65_536,
            // Nobody revokes or rotates so often; everybody answers each with an epoch.
            heeded_a_day: 4,
            // As many as are heeded on the day on which they come.
            carried_at_once: 4,
        }
    }
}
