// swift-tools-version:5.9
// Put together by ledger-ffi/packaging/apple.sh, which adds the generated source
// and the XCFramework.
import PackageDescription

let package = Package(
    name: "GroupLedger",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "GroupLedger", targets: ["GroupLedger"])],
    targets: [
        .binaryTarget(name: "GroupLedgerFFI", path: "GroupLedgerFFI.xcframework"),
        .target(name: "GroupLedger", dependencies: ["GroupLedgerFFI"]),
    ]
)
