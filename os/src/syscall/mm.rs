//! System calls of the family `mm`.

use super::table::Row;

/// The rows of this family.
pub const ROWS: &[Row] = &[];
