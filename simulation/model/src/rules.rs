//! Switches for each rule of SPEC §6, so that a test can show that it notices a missing rule.
//!
//! [`Rules::ALL`] is the design, with the decisions of `docs/authority-questions.md`.

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Which rules are in force. `true` everywhere is the design.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Rules { $($(#[$doc])* pub $name: bool,)* }

        impl Rules {
            /// Every rule in force.
            pub const ALL: Rules = Rules { $($name: true,)* };

            /// Every way of switching one rule off, with the rule's name.
            pub fn each_off() -> Vec<(&'static str, Rules)> {
                vec![$((stringify!($name), Rules { $name: false, ..Rules::ALL }),)*]
            }
        }
    };
}

rules! {
    /// Step 1: owner statements are signed by the key in the genesis entry. Off: by anybody's.
    owner_signature,
    /// Step 1: "anybody but the owner". Off: the owner can be removed and bound.
    owner_untouchable,
    /// Step 1 as a whole. Off: no owner statement is ever accepted.
    owner_statements,
    /// Step 2 as a whole. Off: removals and binds cut nothing.
    hard_cuts,
    /// Cuts use base and its past. Off: the past of the carriers.
    cut_by_base,
    /// A bind does not concern the generation it starts.
    bind_spares_own,
    /// A cut does not concern a generation started by a bind that has the cut within it.
    bind_spares_later,
    /// Between concurrent binds the larger stands. Off: they cut each other.
    bind_order,
    /// A removal concerns a concurrent bind's generation. Off: it is spared.
    removal_beats_bind,
    /// Card generations have no exception. Off: an add that has the cut in its past is spared.
    card_no_exception,
    /// Claim generations have no exception. Off: a claim that has the cut in its past is spared.
    claim_no_exception,
    /// A statement is within if a *carrier* is. Off: if its base is.
    within_by_carrier,
    /// A statement is within if any of its carriers is. Off: only if all are.
    any_carrier,
    /// Step 3: self statements are signed by the generation's root key. Off: by anybody's.
    self_signature,
    /// Step 3: the generation's start is in the base's past.
    start_in_base,
    /// Step 3: self statements are within every hard cut on their generation.
    self_within_cuts,
    /// Step 3: an enrolment needs its generation's start accepted.
    enrol_needs_start,
    /// F1: so does every other self statement (the design said it of enrolments only).
    self_needs_start,
    /// A leave concerns its own generation. Off: every generation of the member.
    leave_own_generation,
    /// A revocation concerns its own generation's device. Off: that key in any generation.
    revoke_own_generation,
    /// Revocations cut. Off: they do nothing.
    revocation_cuts,
    /// Leaves cut. Off: they do nothing.
    leave_cuts,
    /// A leave voids only what has it in its past. Off: it cuts like a revocation.
    leave_is_gentle,
    /// Step 4: an introduction needs its author's enrolment accepted.
    intro_needs_enrolment,
    /// Step 4: cuts void introductions.
    intro_cuts,
    /// Step 4: least fixpoint. Off: greatest.
    least_fixpoint,
    /// Step 4: adoption works. Off: it does nothing.
    adoption,
    /// Step 4: an adopt needs an accepted device that nothing cuts. Off: anybody's adopt counts.
    adopt_needs_standing,
    /// Step 4: an adopt names an introduction in its own past. Off: any member, even a future one.
    adopt_knows_member,
    /// Step 4: another accepted add of the same card adopts.
    repeated_add,
    /// Step 4: an accepted bind adopts.
    bind_adopts,
    /// F2: a claim cannot be adopted (the MemberId does not commit to the claim's card).
    claim_not_adoptable,
    /// Only the member that introduced a placeholder claims it.
    claim_by_introducer,
    /// A key is introduced once in any causal past.
    keys_once,
    /// Step 5: a plain entry needs its enrolment accepted.
    plain_needs_enrolment,
    /// Step 5: cuts void plain entries.
    plain_cuts,
    /// Step 6: an expense and its copies are one slot. Off: every applied one counts.
    one_slot,
    /// Step 6: all originals with one origin are one slot. Off: each is its own.
    origins_one_slot,
    /// Step 6: copies stand in for a void original.
    copies_stand_in,
    /// Step 6: only applied corrections and cancellations count.
    slot_applied_only,
    /// Step 6: a correction replaces the content.
    corrections,
    /// Step 6: the largest (lamport, id) wins. Off: the smallest.
    last_correction_wins,
    /// Step 6: a cancellation ends the slot.
    cancellations,
    /// Step 6: a restoration takes back the cancellations before it.
    restorations,
    /// Payers and shares sum to the total.
    money_sums,
}
