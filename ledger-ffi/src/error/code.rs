//! The codes of errors: the one table that code and `docs/errors.md` are made of.

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Blame {
    /// The app asked for what cannot be, or the person stopped it.
    You,
    /// Whoever wrote or carried the entry that the error names.
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
        /// What went wrong. Codes keep their meaning for ever, and new ones
        /// come; `docs/errors.md` lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $meaning] $name,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [ErrorCode] = &[$(Self::$name,)*];

            /// The code as a word for logs, which never changes.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// Whose fault it is.
            #[must_use]
            pub const fn blame(self) -> Blame {
                match self { $(Self::$name => Blame::$blame,)* }
            }

            /// What it means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// What to do about it.
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
        "Check the path, or let the call create one."
    WrongKey "wrong-key" Storage
        "The secret store has no key for this database."
        "Use the secret store that the database was made with. Without it nobody can read the file: start anew and get the entries from another device."
    SecretsFailed "secrets-failed" Storage
        "The secret store could not be read or written, or a secret in it is missing."
        "Try again when the device is unlocked. If it stays so, the keys are lost: start anew and get the entries from another device."
    WrongAppKey "wrong-app-key" You
        "The app's key is not the one under which the secrets are sealed, is not 32 bytes long, or is needed and was not given. Nothing was changed."
        "Open with the key that was given at first or, if the key was being changed, with the other one of the two."
    SecretsDamaged "secrets-damaged" Storage
        "A sealed secret was altered, belongs to other secrets or was never sealed, or the key under which all are sealed is gone. Nothing was changed."
        "Put back the secrets that belong together. If there are none, start anew and get the entries from another device."
    NoSalt "no-salt" Storage
        "The file has a plaintext header, and its salt is not known."
        "Open it with the container name and the secret store that it was made with."
    NoCipher "no-cipher" Library
        "The SQLite in this build cannot encrypt."
        "Build the library with the feature `sqlcipher`."
    Damaged "damaged" Storage
        "The file is not an intact database of this library."
        "Restore a backup, or start anew and get the entries from another device."
    FromTheFuture "from-the-future" Library
        "A newer version of this library wrote the database."
        "Update the app."
    Busy "busy" Storage
        "Another process was writing to the database for too long."
        "Try again."
    Suspended "suspended" You
        "The ledger is suspended, or was while the call ran. Nothing was changed."
        "Resume it and try again."
    StillInUse "still-in-use" You
        "The ledger is suspended, but a call has not ended and holds the file until it does."
        "Stop that call, as from its progress listener, and suspend again."
    DiskFull "disk-full" Storage
        "The disk is full. Nothing was changed."
        "Free some space and try again."
    ReadOnly "read-only" Storage
        "The database or its folder cannot be written."
        "Check their permissions. On iOS: the file's data protection, if the device is locked."
    File "file" Storage
        "A file could not be read or written, or is there already."
        "Check the path that the reason names."
    DatabaseFailed "database-failed" Storage
        "The database could not be used for a reason that has no code of its own."
        "Try again. If it stays so, check the database with verify, and report it."
    NoRandomness "no-randomness" Storage
        "The system gave no randomness, so nothing was signed."
        "Try again."
    UnknownGroup "unknown-group" You
        "The group is not in this database."
        "Use an id that the list of groups shows; the group may have been deleted."
    UnknownEntry "unknown-entry" You
        "An entry with this id is not in the ledger, or is not of the needed kind."
        "Use an id that the group's lists show."
    UnknownMember "unknown-member" You
        "The member is not in this group."
        "Use an id that the group's members show."
    DuplicateMember "duplicate-member" You
        "A member stands twice among the payers or the shares."
        "Add the two parts up."
    TooManyMembers "too-many-members" You
        "The group has as many members as a group can have."
        "Found another group."
    TooManyDevices "too-many-devices" You
        "The member has as many devices as a member can have."
        "Revoke one that is not used."
    TooManyReferences "too-many-references" You
        "The entry names more members and entries than an entry can."
        "Record it as several entries."
    NotEnrolled "not-enrolled" You
        "This device is not enrolled in this group, as far as the ledger here tells."
        "After joining, take in another device's entries first. Otherwise ask to be admitted again."
    InvalidEntry "invalid-entry" You
        "What was to be recorded breaks a rule of the format, as an empty name does."
        "Correct what the reason names. Nothing was recorded."
    WouldBeVoid "would-be-void" You
        "What was to be recorded or signed would not count, so nothing was recorded."
        "Tell the person what the reason says."
    ProposalOutdated "proposal-outdated" You
        "The ledger changed since the act was proposed, and it would do something else now."
        "Propose it again, and show it again."
    NoRootKey "no-root-key" You
        "This device may record, but does not hold the person's root key."
        "Use a device that does, or the recovery phrase."
    Refused "refused" Author
        "An entry from elsewhere breaks a rule of the format; it was not taken in."
        "Get an intact copy from another device. If that one is refused too, its author's app is at fault."
    InvalidMessage "invalid-message" Author
        "A link, file or code is not one of this library's, or not whole."
        "Have it sent again."
    InvalidJoin "invalid-join" Author
        "A request to join or its answer is for somebody else, or not honest."
        "Ask the person who sent it for another one."
    PairingFailed "pairing-failed" Author
        "The pairing of a device did not come about."
        "Begin the pairing anew, and compare the code with care."
    InvalidShare "invalid-share" Author
        "A share of a recovery phrase cannot be made or used."
        "The reason says what is wrong with it, and whose it is."
    InvalidPhrase "invalid-phrase" You
        "What was typed is no recovery phrase."
        "Compare the words with what was written down."
    InvalidEnrolment "invalid-enrolment" Author
        "What was to be carried is no enrolment that its owner signed."
        "Ask the person for another one."
    NoKey "no-key" You
        "No key of this device opens what came."
        "Ask a member for a new bundle, or check that it is of your group and your phrase."
    NoSealingKey "no-sealing-key" You
        "This device has no key under which it may hand out entries."
        "Import a bundle of another member first."
    OldCopy "old-copy" Storage
        "The database is older than what this device has handed out, as a restored backup is. Nothing was signed."
        "Import a bundle that has the entry; if there is none, start anew with this device."
    Forked "forked" Storage
        "This device signed two entries for one place: it was cloned, or went on from a restored backup. It signs nothing more."
        "Start anew with this device, or pair it again."
    UnknownInvite "unknown-invite" You
        "The invite was cancelled, or made on another device."
        "Use that device, or invite again."
    InviteExpired "invite-expired" You
        "The invite's time is over."
        "Make a new one."
    InviteUsedUp "invite-used-up" You
        "As many people as the invite was for have joined by it, or ask to."
        "Make a new one."
    InviteMustAsk "invite-must-ask" You
        "An invite for the place of a member who has keys already must ask before it admits."
        "Make it one that asks."
    UnknownRequest "unknown-request" You
        "There is no such request, or it was answered or declined."
        "Look at the list again."
    NeedsProposal "needs-proposal" You
        "Admitting the person ends other keys: the owner must see and sign that."
        "Propose the admission, show it, and pass it on."
    OtherPerson "other-person" You
        "This device belongs to somebody else, with groups of their own."
        "Use an empty database."
    AlreadyIn "already-in" You
        "This device is in the group already."
        "Nothing: open the group."
    Cancelled "cancelled" You
        "The progress listener said to stop. What was done in whole steps is kept."
        "Nothing. Call again to go on."
    CallbackFailed "callback-failed" You
        "A listener of the app threw an error, and the work was stopped."
        "Correct the listener. What it threw is not passed on, as it may hold secrets."
    Closed "closed" You
        "The ledger was closed."
        "Open it again."
    InvalidId "invalid-id" You
        "The text is not an id: 64 hexadecimal digits."
        "Use an id that the library gave."
    InvalidCursor "invalid-cursor" You
        "This is not a place in a list, or not one at which a bundle of this database goes on."
        "Use the cursor of the last row or part, or none to begin with the first."
    InvalidDate "invalid-date" You
        "The text is not a day such as 2026-11-21."
        "Write year, month and day with hyphens."
    InvalidCurrency "invalid-currency" You
        "The text is not a currency of ISO 4217."
        "Write a code such as EUR, JPY or KWD."
    InvalidAmount "invalid-amount" You
        "The number is negative, too large, or more precise than the currency."
        "Correct the amount: at most 10^15 minor units."
    BalanceTooLarge "balance-too-large" You
        "A balance does not fit into 64 bits."
        "The reason has it in decimal digits. Settle up, or record smaller amounts."
    InvalidImport "invalid-import" You
        "The file is not an export that the library can read."
        "Correct what the reason names, with its line, and import again."
    Internal "internal" Library
        "Something happened that this binding has no code for."
        "Update the app, and report it."
}
