// The scenario that is the same in Swift, Kotlin and Python.
//
// Run by ledger-ffi/test-bindings.sh, which compares the steps printed here with
// those in ledger-ffi/tests/scenario.txt.

import Foundation
import GroupLedger

let fixtures = CommandLine.arguments[1]

/// A path of the environment, unless it is empty.
func disk(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
}
let fullDisk = disk("LEDGER_FULL_DISK")
let readOnlyDisk = disk("LEDGER_READ_ONLY_DISK")

let steps: [(String, (Flat) async throws -> Void)] = [
    ("creates_a_group", createsAGroup),
    ("records_an_expense", recordsAnExpense),
    ("corrects_it", correctsIt),
    ("pays_and_confirms", paysAndConfirms),
    ("cancels", cancels),
    ("finds_and_pages", findsAndPages),
    ("shows_statements_before_signing", showsStatementsBeforeSigning),
    ("tells_what_changes", tellsWhatChanges),
    ("verifies_and_cancels_a_long_check", verifiesAndCancelsALongCheck),
    ("backs_up", backsUp),
    ("counts_money_to_the_cent", countsMoneyToTheCent),
    ("keeps_settings", keepsSettings),
    ("plans_an_import", plansAnImport),
    ("keeps_rules_and_hints", keepsRulesAndHints),
    ("recurs", recurs),
    ("shares_by_every_rule", sharesByEveryRule),
    ("gets_money_back", getsMoneyBack),
    ("changes_a_series", changesASeries),
    ("serves_several_threads", servesSeveralThreads),
    ("lives_in_memory", livesInMemory),
    ("changes_the_app_key", changesTheAppKey),
    ("suspends_and_resumes", suspendsAndResumes),
    ("changes_the_key", changesTheKey),
    ("invites_and_admits", invitesAndAdmits),
    ("restores_the_person", restoresThePerson),
    ("joins_by_a_file", joinsByAFile),
    ("lives_on_bundles", livesOnBundles),
    ("sends_a_bundle_in_parts", sendsABundleInParts),
    ("removes_and_rotates", removesAndRotates),
    ("pairs_a_device", pairsADevice),
    ("restores_by_phrase", restoresByPhrase),
    ("recovers_by_friends", recoversByFriends),
    ("salvages_a_database", salvagesADatabase),
    ("resets_the_keys_of_a_clone", resetsTheKeysOfAClone),
    ("does_not_leak", doesNotLeak),
    ("reports_every_error", reportsEveryError),
    ("refuses_calls_after_closing", refusesCallsAfterClosing),
    ("opens_again", opensAgain),
]

let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
var failed = 0
let flat = try Flat(folder.path)
for (name, step) in steps {
    do {
        try await step(flat)
        print("ok \(name)")
    } catch {
        failed += 1
        print("FAILED \(name): \(error)")
    }
}
try? FileManager.default.removeItem(at: folder)
print("\(steps.count - failed) passed, \(failed) failed")
exit(failed > 0 ? 1 : 0)
