//! System calls of the family `task`.

use super::table::Row;

/// The rows of this family.
pub const ROWS: &[Row] = &[];
