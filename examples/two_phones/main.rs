//! `two_phones`: Anna and Ben share a flat's expenses on two phones, without a server.
//! Files go back and forth, and after each step the program prints what both phones show.

use std::error::Error;
use std::ops::ControlFlow;

use ledger_core::messages::invite::InviteLink;
use ledger_core::{Amount, Currency, Date, Expense, MemberId, Transaction, split_equally};
use ledger_store::{
    Group, Imported, NewEntry, NewInvite, Progress, Received, Since, StatementIntent, Store,
    StoreOptions,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    println!("1. Anna creates a group, and makes a link that admits everybody who has it.");
    let anna = phone()?;
    let flat = anna.create_group("Flat", "Anna")?;
    let link = flat.invites().create(&NewInvite::default().note("Ben"))?;
    let link = link.reveal("https://example.org/join");

    println!("2. Ben asks to join by the link. His request and her answer are files.");
    let ben = phone()?;
    let request = ben.joining().join(&InviteLink::parse(&link)?, "Ben")?;
    let Received::Admitted(admitted) = anna.joining().receive_request(&request)? else {
        return Err("an open invite asks nobody".into());
    };
    let mut answer = Vec::new();
    flat.invites().write_welcome(&admitted, &mut answer, &mut go_on)?;
    let (bens, _) =
        ben.joining().enter_with_bundle(&mut std::io::Cursor::new(answer), &mut go_on)?;
    show(&flat, &bens)?;

    println!("3. Both record while offline, and swap bundles.");
    record(&flat, "Dinner", 3_000)?;
    record(&bens, "Milk", 249)?;
    show(&flat, &bens)?;
    swap(&flat, &bens)?;
    show(&flat, &bens)?;

    println!("4. The same bundles again, and the older one after the newer: nothing changes.");
    let older = bundle(&flat)?;
    record(&flat, "Rent", 120_000)?;
    let newer = bundle(&flat)?;
    take(&bens, &newer)?;
    let again = take(&bens, &older)?;
    println!("   the older bundle brought {} new entries", again.added);
    show(&flat, &bens)?;

    println!("5. Anna removes Ben. Her phone begins a new key; he hears of nothing after it.");
    let member = bens.me()?.ok_or("Ben is a member")?;
    remove(&flat, member)?;
    record(&flat, "A present for Cleo", 4_500)?;
    let sealed = take(&bens, &bundle(&flat)?)?;
    println!(
        "   Ben's phone got {} new entries of the bundle; {} envelopes do not open for it",
        sealed.added, sealed.waiting
    );
    println!("   Ben's phone shows {} expenses, Anna's {}", count(&bens)?, count(&flat)?);

    println!("6. Anna loses her phone. Her 24 words and a bundle bring the group back.");
    let words = anna.recovery().reveal_phrase()?;
    let last = bundle(&flat)?;
    let new = phone()?;
    new.recovery().restore_phrase(&words)?;
    let (restored, _) =
        new.recovery().restore_group(&mut std::io::Cursor::new(last), &mut go_on)?;
    let same = restored.state()?.digest() == flat.state()?.digest();
    println!("   the new phone shows {} expenses; same state: {same}", count(&restored)?);
    if !same {
        return Err("the restored phone shows something else".into());
    }
    Ok(())
}

/// A phone with its own keys and its own database in memory.
fn phone() -> Outcome<Store> {
    Ok(StoreOptions::new().in_memory()?)
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Records an expense that this phone's person paid for everybody.
fn record(group: &Group, what: &str, cents: u64) -> Outcome<()> {
    let state = group.state()?;
    let me = group.me()?.ok_or("this phone is a member's")?;
    let present = state.members().into_iter().filter(|(_, member)| !member.is_removed());
    let members: Vec<MemberId> = present.map(|(id, _)| id).collect();
    let amount = Amount::from_minor_units(cents)?;
    let details =
        Expense::new(Date::from_ymd(2026, 11, 21)?, what, Currency::from_code("EUR")?, amount)
            .paid_by(me, amount)
            .shares(members.iter().copied().zip(split_equally(amount, members.len(), 0)));
    group.entries().append(vec![NewEntry::Record(Transaction::Expense(details))])?;
    Ok(())
}

fn remove(group: &Group, member: MemberId) -> Outcome<()> {
    let proposal = group.statements().propose(StatementIntent::Remove { member, since: None })?;
    println!("   Anna reads, and signs: {}", proposal.text());
    group.statements().sign(&proposal)?;
    Ok(())
}

fn bundle(group: &Group) -> Outcome<Vec<u8>> {
    let mut file = Vec::new();
    group.bundles().export(Since::Beginning, &mut file, &mut go_on)?;
    Ok(file)
}

fn take(group: &Group, bundle: &[u8]) -> Outcome<Imported> {
    Ok(group.bundles().import(&mut &bundle[..], &mut go_on)?)
}

fn swap(one: &Group, other: &Group) -> Outcome<()> {
    let (from_one, from_other) = (bundle(one)?, bundle(other)?);
    take(one, &from_other)?;
    take(other, &from_one)?;
    Ok(())
}

fn count(group: &Group) -> Outcome<usize> {
    Ok(group.lists().expenses(None, 100)?.len())
}

/// Prints what both phones show.
fn show(anna: &Group, ben: &Group) -> Outcome<()> {
    let eur = Currency::from_code("EUR")?;
    for (name, group) in [("Anna", anna), ("Ben", ben)] {
        let state = group.state()?;
        let me = group.me()?;
        let balance = me.map(|me| state.balance(me, eur).format(eur)).unwrap_or_default();
        let expenses = count(group)?;
        println!("   {name}'s phone: {expenses} expenses, own balance {balance} EUR");
    }
    let same = anna.state()?.digest() == ben.state()?.digest();
    println!("   same state: {same}");
    Ok(())
}
