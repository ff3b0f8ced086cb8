//! Reading the exports of other programs.
//!
//! A reader here turns the bytes of a foreign file into amounts, shares and
//! transfers, and checks everything before it returns anything. It knows no
//! group and writes no entry: matching the file's people to members and
//! recording the rows is the caller's part.

mod splitwise;

pub use splitwise::{
    ClosingTotal, Column, ExportMember, ExportRow, ImportError, ImportErrorKind, Inference,
    MemberKey, RowKind, SplitwiseExport, read_splitwise,
};
