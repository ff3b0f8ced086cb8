//! Splits and settle-up plans: not part of the format, but the same on every
//! device.

use ledger_core::{Balance, MemberId, settle_up, split_equally};
use serde_json::{Value, json};

use crate::vectors::file;
use crate::vectors::world::cents;

fn balance(n: i64) -> Balance {
    let size = Balance::from(cents(n.unsigned_abs()));
    if n < 0 { size.negated() } else { size }
}

fn plan(about: &str, balances: &[i64]) -> Value {
    let member = |place: usize| MemberId::from_bytes([place as u8 + 1; 32]);
    let open: Vec<(MemberId, Balance)> =
        balances.iter().enumerate().map(|(place, n)| (member(place), balance(*n))).collect();
    let name = |id: MemberId| u64::from(id.as_bytes()[0]);
    let transfers: Vec<Value> = settle_up(open)
        .iter()
        .map(|step| {
            let amount = u64::try_from(step.amount.minor_units()).unwrap();
            json!({ "from": name(step.from), "to": name(step.to), "amount": amount })
        })
        .collect();
    json!({ "about": about, "balances": balances, "transfers": transfers })
}

pub(crate) fn settle_up_vectors() -> Value {
    let many: Vec<i64> = (1..=17).map(|n| if n == 17 { -136 } else { n }).collect();
    let cases = [
        plan("nothing is open", &[0, 0]),
        plan("one pays one", &[500, -500]),
        plan("one pays two", &[300, 200, -500]),
        plan("two groups that each sum to zero", &[10, -5, -5, 3, -3]),
        plan("fewer transfers than the largest paying the largest", &[6, 4, -5, -4, -1]),
        plan("ties go to the smaller member", &[100, 100, -100, -100]),
        plan("four equal debts", &[-25, 100, -25, -25, -25]),
        plan("seventeen open balances: the largest pays the largest", &many),
    ];
    let about = "SPEC 9. balances[i] is that of the member whose id is the byte i + 1, 32 times; \
        from and to are these bytes. transfers is the plan of the reference; any plan with as \
        few transfers settles as well.";
    file(about, "cases", json!(cases))
}

pub(crate) fn split_vectors() -> Value {
    let split = |total: u64, parts: usize, turn: u64| {
        let shares: Vec<u64> =
            split_equally(cents(total), parts, turn).iter().map(|a| a.minor_units()).collect();
        json!({ "total": total, "parts": parts, "turn": turn, "shares": shares })
    };
    let cases = [
        split(0, 3, 0),
        split(1000, 3, 0),
        split(1000, 3, 1),
        split(1001, 3, 2),
        split(5, 3, 4),
        split(2, 5, 3),
        split(7, 1, 9),
        split(7, 0, 0),
        split(1_000_000_000_000_000, 7, u64::MAX >> 1),
    ];
    let about = "SPEC 4.4. floor(total / parts) for each, one more for total mod parts \
        consecutive places that begin at turn mod parts and go round.";
    file(about, "cases", json!(cases))
}
