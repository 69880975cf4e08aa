//! System calls of the family `ids`.

use super::table::Row;

/// The rows of this family.
pub const ROWS: &[Row] = &[];
