//! Mistakes on purpose, to show that the simulation notices them.
//!
//! Without the feature `seeded-bugs`, [`Bug::is_on`] is `false` at compile time,
//! and nothing of this is left in the library.

macro_rules! bugs {
    ($($name:ident $slug:literal $text:literal)*) => {
        /// A mistake that the library makes on demand.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(not(feature = "seeded-bugs"), allow(dead_code, unreachable_pub))]
        pub enum Bug {
            $(#[doc = $text] $name,)*
        }

        #[cfg(feature = "seeded-bugs")]
        impl Bug {
            /// Every mistake.
            pub const ALL: &'static [Bug] = &[$(Self::$name,)*];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// What is wrong with it on.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

bugs! {
    // A step of the resolution is switched off, both from scratch and
    // incrementally.
    Step1 "step-1" "no owner act is accepted"
    Step2 "step-2" "hard cuts concern nobody"
    Step3 "step-3" "every self act without a fault is accepted"
    Step4 "step-4" "every introduction without a fault is accepted"
    Step5 "step-5" "every plain entry without a fault is applied"
    Step6 "step-6" "corrections and cancellations do not count"
    // Incremental evaluation goes wrong; from scratch all is well.
    ReachShort "reach-short" "a cut spares one entry less on each chain"
    WalkShort "walk-short" "the walk into the past ends before the first entry of a chain"
    ForksShareChains "forks-share-chains" "a branch is taken for the chain that it left"
    NothingRevives "nothing-revives" "a lifted cut has nobody judged again"
    NobodyDownstream "nobody-downstream" "whom somebody introduced is not judged again with them"
    StaysAccepted "stays-accepted" "who was accepted once is not settled again"
    SelfActsStay "self-acts-stay" "a hard cut does not reach the self acts before it"
    CarrierMovesCut "carrier-moves-cut" "a cut carried again spares what the new carrier knows"
    LeavesForgotten "leaves-forgotten" "only the first entry behind a leave has it in its past"
    AdoptionIsQuiet "adoption-is-quiet" "an adoption or repeated add changes no verdict but its own"
    SlotKeepsVoid "slot-keeps-void" "an entry that turns void stays in its slot"
    NamesLinger "names-linger" "who was named by an entry that turns void stays in the state"
    RotationStays "rotation-stays" "a rotation that turns void stays in force"
    FirstComeFirst "first-come-first" "the first introduction is the one that arrived first"
    CheckpointForgets "checkpoint-forgets" "a checkpoint does not hold who has a leave in the past"
    // Keys, both from scratch and incrementally: noticed where bundles travel.
    EpochOutlivesCut "epoch-outlives-cut" "the first epoch stays in use, whoever is cut off"
    PhraseOutlivesCut "phrase-outlives-cut" "the phrase of somebody who is cut off still gets keys"
}

#[cfg(feature = "seeded-bugs")]
impl Bug {
    /// Those that concern keys.
    pub const OF_KEYS: &'static [Bug] = &[Bug::EpochOutlivesCut, Bug::PhraseOutlivesCut];
}

#[cfg(feature = "seeded-bugs")]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    std::thread_local! {
        static ON: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    impl Bug {
        pub(crate) fn is_on(self) -> bool {
            ON.get() == Some(self)
        }
    }

    /// Makes one mistake in this thread from now on, or none.
    pub fn seed_bug(bug: Option<Bug>) {
        ON.set(bug);
    }
}

#[cfg(feature = "seeded-bugs")]
pub use switch::seed_bug;

#[cfg(not(feature = "seeded-bugs"))]
impl Bug {
    pub(crate) const fn is_on(self) -> bool {
        false
    }
}
