//! Error codes: the one table of which the code and `docs/errors.md` are made.

/// Party that is at fault for an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Blame {
    /// The app, which asked for something impossible, or the person, who stopped it.
    You,
    /// The person or app that wrote or carried the entry.
    Author,
    /// The file, the disk, the key store or the system.
    Storage,
    /// This library, or the way it was built.
    Library,
}

impl Blame {
    /// The blame as a word for programs.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::Author => "author",
            Self::Storage => "storage",
            Self::Library => "library",
        }
    }
}

macro_rules! codes {
    ($($name:ident $slug:tt $blame:ident $meaning:tt $advice:tt)*) => {
        /// Code of an error, for the app to decide by. A code keeps its meaning, and
        /// new codes come; `docs/errors.md` lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $meaning] $name,)*
        }

        impl ErrorCode {
            /// All codes.
            pub const ALL: &'static [ErrorCode] = &[$(Self::$name,)*];

            /// The code as a word for logs, which never changes.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// The party that is at fault.
            #[must_use]
            pub const fn blame(self) -> Blame {
                match self { $(Self::$name => Blame::$blame,)* }
            }

            /// What happened, in one sentence or two.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// What to do, in one sentence or two.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)* }
            }
        }
    };
}

codes! {
    NotFound "not-found" You
        "There is no database at this path."
        "Check the path, or let the call create a database."
    WrongKey "wrong-key" Storage
        "The secret store has no key for this database."
        "Use the secret store with which the database was made. Without its key nobody can read the file: make a new database, and get the entries from another device."
    SecretsFailed "secrets-failed" Storage
        "The secret store could not be read or written, or a secret in it is missing."
        "Try again when the device is unlocked. If that does not help, the keys are lost: make a new database, and get the entries from another device."
    WrongAppKey "wrong-app-key" You
        "The app key is not the one under which the secrets are sealed, is not 32 bytes long, or is missing. Nothing was changed."
        "Use the key with which the database was first opened. If a change of the key was interrupted, try the other one of the two keys."
    SecretsDamaged "secrets-damaged" Storage
        "A sealed secret was altered, belongs to other secrets, or was never sealed; or the key under which all secrets are sealed is gone. Nothing was changed."
        "Put back the secrets that belong together. If there are none, make a new database, and get the entries from another device."
    SecretsExposed "secrets-exposed" Storage
        "Others than its owner may read or write the file with the secrets. Nothing was changed."
        "Let only its owner read and write it, as with `chmod 600`. If others may have read it, take new keys."
    NoSalt "no-salt" Storage
        "The file has a readable header, and its salt is not known."
        "Open it with the container name and the secret store with which it was made."
    NoCipher "no-cipher" Library
        "The SQLite in this build cannot encrypt."
        "Build the library with the feature `sqlcipher`."
    Damaged "damaged" Storage
        "The file is not an intact database of this library."
        "Restore a backup, or salvage the database into a new one. Other devices may have the entries, too."
    EarlierDraft "earlier-draft" Library
        "The database holds an entry in a form that an earlier draft of the format had. Nothing was changed."
        "Export its groups with the version of the app that wrote it, and import the files into new groups."
    FromTheFuture "from-the-future" Library
        "A newer version of this library wrote the database."
        "Update the app."
    Busy "busy" Storage
        "Another call or process used the database for too long."
        "Try again."
    Suspended "suspended" You
        "The ledger is suspended, or was suspended while the call ran. Nothing was changed."
        "Resume the ledger, and try again."
    StillInUse "still-in-use" You
        "The ledger is suspended, but a call has not ended, and keeps the file open until it does."
        "Stop that call, for example by its progress listener, and suspend again."
    DiskFull "disk-full" Storage
        "The disk is full. The step that ran changed nothing; whole steps before it stay, such as the batches of a bundle."
        "Free some space, and try again."
    ReadOnly "read-only" Storage
        "The database is on a read-only medium, or its permissions or its folder's do not let it be written. It can be read, unless it has to be brought up to date first. Nothing was changed."
        "Copy it to where it can be written, or check the permissions. On iOS, also check the file's data protection, if the device is locked."
    File "file" Storage
        "A file could not be read or written, or exists already."
        "Check the path that the reason names."
    DatabaseFailed "database-failed" Storage
        "The database could not be used, for a reason that has no code of its own."
        "Try again. If that does not help, check the database, and report the problem."
    NoRandomness "no-randomness" Storage
        "The system gave no randomness, so nothing was signed."
        "Try again."
    UnknownGroup "unknown-group" You
        "The group is not in this database."
        "Use an id from the list of groups; the group may have been deleted."
    UnknownEntry "unknown-entry" You
        "The ledger has no entry with this id, or the entry is of another kind than the call needs."
        "Use an id from the group's lists."
    UnknownMember "unknown-member" You
        "The member is not in this group."
        "Use an id from the group's members."
    DuplicateMember "duplicate-member" You
        "A member occurs twice among the payers or the shares."
        "Add up the two parts."
    TooManyMembers "too-many-members" You
        "The group has as many members as a group can have."
        "Create another group."
    TooManyDevices "too-many-devices" You
        "The member has as many devices as a member can have."
        "Revoke a device that is not used."
    TooManyReferences "too-many-references" You
        "The entry names more members and entries than an entry can."
        "Record it as several entries."
    NotEnrolled "not-enrolled" You
        "This device is not enrolled in this group, as far as its entries show."
        "Import a bundle of another device first. If that does not help, ask a member to approve this device, or to invite you again."
    InvalidEntry "invalid-entry" You
        "The content breaks a rule of the format; an empty name does, for example. Nothing was recorded."
        "Correct what the reason names."
    WouldBeVoid "would-be-void" You
        "The entry or statement would not count, so nothing was recorded."
        "Show the reason to the person."
    AlreadyCancelled "already-cancelled" You
        "The expense or transfer is cancelled, so that nothing else changes it. Nothing was recorded."
        "Restore it first, or record it anew."
    NotCancelled "not-cancelled" You
        "The expense or transfer is not cancelled, so there is nothing to restore. Nothing was recorded."
        "Show the person that it counts."
    NotCounted "not-counted" You
        "The expense or transfer does not count, so there is nothing to change. Nothing was recorded."
        "Copy it, if it is true, and change the copy."
    SeriesEnded "series-ended" You
        "No occurrence of the recurring expense falls on that day or later. Nothing was recorded."
        "Choose an earlier day, or change what recurs, and it goes on."
    NothingToUndo "nothing-to-undo" You
        "The last act of this device has no effect any more, or there is none. Nothing was recorded."
        "Show the person that there is nothing to undo."
    ChangedSince "changed-since" You
        "Somebody else recorded or changed the same since, so that undoing it would take back more. Nothing was recorded."
        "Show its history. The person can correct or cancel it."
    CannotBeUndone "cannot-be-undone" You
        "The last act of this device has no opposite, such as a statement. Nothing was recorded."
        "Show the person what they did last."
    AlreadyCounts "already-counts" You
        "The expense or transfer counts already, so that a copy would change nothing. Nothing was recorded."
        "Show the person that it counts."
    ProposalOutdated "proposal-outdated" You
        "The ledger changed after the statement was proposed, and signing it would bring about something else now."
        "Propose it again, and show it again."
    NoRootKey "no-root-key" You
        "This device may record, but does not hold the person's root key."
        "Use a device that holds it, or the recovery phrase."
    Refused "refused" Author
        "An entry from elsewhere breaks a rule of the format. It was not taken in."
        "Get an intact copy from another device. If that copy is refused, too, the app of the entry's author is at fault."
    InvalidMessage "invalid-message" Author
        "The link, file or code is not a message of this library, or not a whole one."
        "Ask for it again."
    InvalidJoin "invalid-join" Author
        "The request to join or the welcome is for another device, or not genuine."
        "Ask the person who sent it for another one."
    PairingFailed "pairing-failed" Author
        "The devices were not paired."
        "Start the pairing again, and compare the digits with care."
    InvalidShare "invalid-share" Author
        "The share of a recovery phrase cannot be made or used."
        "The reason tells what is wrong with it, and whose it is."
    TooManyShares "too-many-shares" You
        "As many shares of one friend, or returned shares, are kept here as may be. This one was not kept."
        "Forget the friend's shares that are not needed, or cancel the collecting and ask again."
    UnknownPerson "unknown-person" You
        "No share that came back is of a person with this fingerprint."
        "Compare the fingerprint with those of the people whom the shares name."
    InvalidPhrase "invalid-phrase" You
        "The text is not a recovery phrase."
        "Compare the words with those that were written down."
    InvalidApproval "invalid-approval" Author
        "The request to approve a device is not whole, or its person did not sign it."
        "Ask the person for another one."
    NoKey "no-key" You
        "No key of this device opens the file or message."
        "Ask a member for a new bundle, or check that it is of your group and your phrase."
    NoBundle "no-bundle" You
        "The file is no bundle of this library, or nothing of it is intact."
        "Choose another file, or ask for it again."
    OtherGroup "other-group" You
        "The bundle is of another group, which is in this database, too. Nothing was imported."
        "Import it into the group that the reason names."
    NoSealingKey "no-sealing-key" You
        "This device has no key yet under which it may hand out entries."
        "Import a bundle of another member first."
    CutOff "cut-off" You
        "This device may hand out nothing any more: somebody else ended the use of the keys that it holds."
        "Ask the owner to give you new keys, if that was a mistake. What is here can be read and exported for other programs."
    NotConfirmed "not-confirmed" You
        "The statement has consequences that nobody can take back, and was not confirmed."
        "Show the person the text of the proposal; sign it as confirmed if they agree."
    RolledBack "rolled-back" Storage
        "The database is older than the entries that this device has handed out, as after a backup was restored. Nothing was signed."
        "Import a bundle that holds these entries. If there is none, go on without them, which gives this device new keys in the group."
    OwnEntriesWait "own-entries-wait" Storage
        "Entries that this device signed wait for others that are missing here, as after a salvage. Nothing was signed."
        "Import a bundle that holds the missing entries. If there is none, go on without them, which gives this device new keys in the group."
    Forked "forked" Storage
        "This device signed two entries for one position: its keys are on two devices, or it went on from a restored backup. It signs nothing more."
        "Reset this device's keys in the group, or pair the device again."
    UnknownInvite "unknown-invite" You
        "The invite was cancelled, or made on another device."
        "Use the device that made it, or make a new invite."
    InviteExpired "invite-expired" You
        "The invite has expired."
        "Make a new invite."
    InviteUsedUp "invite-used-up" You
        "As many people have joined by the invite, or ask to, as the invite is for."
        "Make a new invite."
    ApprovalRequired "approval-required" You
        "An invite for the place of a member who has keys must require approval."
        "Make an invite that requires approval."
    UnknownRequest "unknown-request" You
        "There is no such request or share, or the request was answered or declined."
        "Read the list again."
    NeedsProposal "needs-proposal" You
        "Admitting the person ends other keys. The owner must see and sign that."
        "Propose the admission, show the proposal, and pass it on."
    OtherPerson "other-person" You
        "This device belongs to another person, who has groups of their own."
        "Use an empty database."
    AlreadyIn "already-in" You
        "This device is in the group already."
        "Open the group."
    Cancelled "cancelled" You
        "The progress listener stopped the work. Whole steps that were done stay."
        "Call again to go on."
    CallbackFailed "callback-failed" You
        "A listener of the app threw an error, and the work was stopped."
        "Correct the listener. Its error is not passed on, as it may hold secrets."
    Closed "closed" You
        "The ledger was closed."
        "Open it again."
    InvalidId "invalid-id" You
        "The text is not an id: an id is 64 hexadecimal digits."
        "Use an id that the library returned."
    InvalidCursor "invalid-cursor" You
        "The text is not a cursor, or the cursor is of another list, group or database."
        "Use the cursor of the last row or part, or none to begin with the first."
    InvalidDate "invalid-date" You
        "The day is not in the calendar, or its year is not from 1 to 9999."
        "Use a day that exists, such as 2026-11-21."
    InvalidCurrency "invalid-currency" You
        "The text is not a known currency code."
        "Use a code such as EUR, JPY or KWD."
    InvalidAmount "invalid-amount" You
        "The number is negative, too large, or has more decimals than the currency."
        "Correct the amount. It is at most 10^15 minor units."
    InvalidSplit "invalid-split" You
        "The rule of a split does not fit the amount, or is beyond a limit."
        "Show the reason to the person: it says by how much the parts miss the amount."
    InvalidRate "invalid-rate" You
        "The text or fraction is no exchange rate, a pair of currencies has two, or one that is needed has none."
        "Give one rate for each pair that the reason names."
    BalanceTooLarge "balance-too-large" You
        "A balance does not fit into 64 bits."
        "The reason has it in decimal digits. Settle up, or record smaller amounts."
    InvalidImport "invalid-import" You
        "The file is not an export that the library can read."
        "Correct what the reason names, with its line, and import again."
    EmptyImport "empty-import" You
        "The file has people and no rows, so no group was made for it."
        "Choose another file, or create a group."
    ImportDiffers "import-differs" You
        "Rows of earlier exports are gone from the file or changed in it. Nothing was recorded."
        "Show the plan to the person, and apply it with their choice: to replace these rows, or to keep them."
    OtherGroupsFile "other-groups-file" You
        "The file seems to be of another group: no row of it is in this one. Nothing was recorded."
        "Ask the person. Make a new group of the file, or apply the plan with their word that it is of this group."
    PredecessorMissing "predecessor-missing" You
        "The group continues another one that is not in this database, so rows of the file may be in the balances with which it began. Nothing was recorded."
        "Get the old group first, or apply the plan with the person's word to add the rows all the same."
    ImportOutdated "import-outdated" You
        "The ledger changed after the import was planned, and it would do something else now. Nothing was recorded."
        "Plan it again, and show the plan again."
    Internal "internal" Library
        "Something happened for which these bindings have no code."
        "Update the app, and report it."
}
